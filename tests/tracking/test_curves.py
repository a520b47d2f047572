"""curves.csv, also after a crash."""

import math
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.tracking.curves import CurveFile, Row, columns_of, read_curves

COLUMNS = ["epoch", "train_loss", "val_loss", "train_rmse", "val_rmse", "lr", "seconds"]
EPOCHS: list[Row] = [
    {"epoch": epoch, "train_loss": 1 / 3, "train_rmse": math.inf, "lr": 1e-3, "seconds": 0.1}
    for epoch in (1.0, 2.0)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two epochs without validation rows."""
    file = CurveFile(tmp_path / "curves.csv", "regression", 0)
    for row in EPOCHS:
        file.add(row)
    file.close()
    return file.path


def test_numbers_are_read_as_they_were_written(path: Path) -> None:
    """To the last bit; what is missing is empty, and not a number."""
    assert path.read_text().splitlines()[0].split(",") == COLUMNS
    rows = read_curves(path)
    assert [{name: row[name] for name in EPOCHS[0]} for row in rows] == EPOCHS
    assert all(math.isnan(row["val_loss"]) and math.isnan(row["val_rmse"]) for row in rows)


def test_the_score_that_chooses_has_columns(tmp_path: Path) -> None:
    """Where it is neither the loss nor the main metric."""
    path = tmp_path / "curves.csv"
    file = CurveFile(path, "binary", 0, "roc_auc")
    file.add({**EPOCHS[0], "val_roc_auc": 0.75})
    file.close()
    (row,) = read_curves(path)
    assert list(row)[5:7] == ["train_roc_auc", "val_roc_auc"]
    assert (math.isnan(row["train_roc_auc"]), row["val_roc_auc"]) == (True, 0.75)
    for monitor in ("loss", "metric", "rmse"):
        assert columns_of("regression", monitor) == COLUMNS


def test_a_line_that_was_cut_short_is_no_epoch(path: Path) -> None:
    """It is written again when the run goes on."""
    with path.open("a") as file:
        file.write("3,0.25")
    assert [row["epoch"] for row in read_curves(path)] == [1, 2]
    again = CurveFile(path, "regression", 2)
    again.add({**EPOCHS[0], "epoch": 3.0})
    again.close()
    assert [row["epoch"] for row in read_curves(path)] == [1, 2, 3]


def test_epochs_after_the_checkpoint_are_dropped(path: Path) -> None:
    """They are trained again."""
    CurveFile(path, "regression", 1).close()
    assert [row["epoch"] for row in read_curves(path)] == [1]


def test_fewer_epochs_than_the_checkpoint_has(path: Path) -> None:
    """Somebody has edited the file."""
    line = "curves.csv has 2 epochs, but the checkpoint is of epoch 3"
    with pytest.raises(UserError, match=line):
        CurveFile(path, "regression", 3)


HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must begin with the columns of a run, got ''"),
        ("a,b\n1,2\n", r"must begin with the columns of a run, got 'a,b'"),
        (f"{HEADER}\n1,2\n", "line 2 is no epoch: '1,2'"),
        (f"{HEADER}\n1,x,1,1,1,1,1\n", "line 2 is no epoch: '1,x,1"),
        (f"{HEADER}\n2,1,1,1,1,1,1\n", "line 2 must be of epoch 1, got '2'"),
        (f"{HEADER}\n1,1,1,1,1,1,1\n1,1,1,1,1,1,1\n", "line 3 must be of epoch 2, got '1'"),
    ],
)
def test_what_are_no_curves(text: str, words: str, tmp_path: Path) -> None:
    """The file is named, and the line."""
    path = tmp_path / "curves.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=f"^{path}:? {words}"):
        read_curves(path)
