"""Which scalars an epoch has, and which settings a run."""

from pathlib import Path

import pytest

from mlp_lab.engine.records import MemberRecord
from mlp_lab.tracking.config import TrackingConfig
from mlp_lab.tracking.tracker import curve_row, open_tracker, scalars, settings_of

RECORD = MemberRecord(
    member=0,
    epoch=3,
    train={"loss": 0.5, "accuracy": 0.75},
    val={},
    lr=0.1,
    change=0.01,
    diverged=None,
)


def test_scalars_of_an_epoch() -> None:
    """Training and validation share a name, so that they share a chart."""
    row = curve_row(RECORD, 1.23456789)
    assert row == {
        "epoch": 3,
        "train_loss": 0.5,
        "train_accuracy": 0.75,
        "lr": 0.1,
        "seconds": 1.234568,
    }
    assert dict(scalars(row)) == {"loss/train": 0.5, "accuracy/train": 0.75, "lr": 0.1}


@pytest.mark.parametrize("tensorboard", [False, True])
def test_which_files_are_opened(tensorboard: bool, tmp_path: Path) -> None:
    """No event file where none is wanted; a checkpoint waits for all that there are."""
    config = TrackingConfig(
        tensorboard=tensorboard,
        histograms=0,
        gradient_norms=False,
        checkpoint_share=0.1,
        report=False,
        boosting="never",
    )
    tracker = open_tracker(config, tmp_path, "binary", 0, ["optimizer.lr=0.1"], labels={})
    tracker.add_text("verdict", "so", 1)
    tracker.add_best({"loss": 0.5, "accuracy": 0.75}, 1)
    tracker.close()
    assert tracker.paths[0] == tmp_path / "curves.csv"
    assert set(tracker.paths) == set(tmp_path.iterdir())
    assert len(tracker.paths) == 1 + tensorboard


def test_settings_of_a_command_line() -> None:
    """Numbers are numbers, lists stay words."""
    words = ["model.width=[8,4]", "seed=3", "~data.x"]
    assert settings_of(words) == {"model.width": "[8,4]", "seed": 3.0, "~data.x": ""}
