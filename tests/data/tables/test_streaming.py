"""`data.stream`: the same numbers by another way, bit for bit."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, refused, train
from surveys import config_of, problem_of, survey, written

from mlp_lab.data.mapped import tables_folder
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables import column_files, reading, streaming
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.streaming import is_streamed
from mlp_lab.runs.prepared_data import PreparedData

TARGETS = {
    "classes": ("data.target=voted",),
    "number": ("data.target=income", "data.drop_missing_target=true"),
    "weights": ("data.target=trust", "data.weight=weight", "data.class_weights=balanced"),
    "codes": ("data.target=voted", "data.missing=[-9,77]", "data.drop=[remark]"),
    "group": ("data.target=voted", "data.group=household", "data.features=[age,income,region]"),
    "design": ("data.target=voted", "data.group=household", "data.strata=trust"),
    "strata": ("data.target=age", "data.strata=smoker", "data.folds=3"),
    "time": ("data.target=voted", "data.time=interview", "data.scaling=quantile"),
    "several": ("data.target=[voted,smoker]", "data.label_noise=0.1", "data.types.zip=category"),
    "folds": ("data.target=age", "data.folds=3", "dtype=float64", "data.scaling=robust"),
    "numbers": ("data.target=[age,weight]", "data.train_rows=100", "data.types.remark=text"),
}


@pytest.fixture(autouse=True)
def _small_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "TEXT_ROWS", 64)
    monkeypatch.setattr(column_files, "PIECE_ROWS", 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The survey as text and as Parquet, whole and in a folder of files."""
    frame = survey()
    written(frame, tmp_path)
    frame.to_parquet(tmp_path / "survey.parquet")
    (tmp_path / "files").mkdir()
    for number, places in enumerate(np.array_split(np.arange(len(frame)), 3)):
        frame.iloc[places].to_parquet(tmp_path / "files" / f"{number}.parquet", index=False)
    return tmp_path


def same(one: PreparedData, other: PreparedData) -> bool:
    """Whether everything is, to the bit."""
    assert one.overview is not None
    assert other.overview is not None
    assert other.overview.note.endswith(", read by columns from disk")
    pairs = [
        (getattr(one.encoded, part), getattr(other.encoded, part))
        for part in ("train", "val", "test")
    ]
    return (
        one.digest == other.digest
        and one.encoded.schema == other.encoded.schema
        and replace(one.overview, note="") == replace(other.overview, note="")
        and replace(one.summary, overview=None, on_disk=True)
        == replace(other.summary, overview=None)
        and all(
            a.inputs.tobytes() == b.inputs.tobytes()
            and a.inputs.dtype == b.inputs.dtype == b.targets.dtype
            and a.targets.astype(b.targets.dtype).tobytes() == b.targets.tobytes()
            and np.array_equal(str(a.weights), str(b.weights))
            and np.array_equal(str(a.loss_weights), str(b.loss_weights))
            and drawn(a.design) == drawn(b.design)
            for a, b in pairs
        )
    )


def drawn(design: SurveyDesign | None) -> list[object]:
    """What intervals resample, in words and numbers."""
    if design is None:
        return []
    (counts,) = design.resamples(20, 0, 20)
    return [*design.in_words(), counts.tolist()]


@pytest.mark.parametrize("name", TARGETS)
def test_data_are_the_same(name: str, folder: Path) -> None:
    """Statistics, splits, the report and the encoded rows; of text, of Parquet, of a folder."""
    for whole, by_columns in (
        ("survey.csv", "survey.csv"),
        ("survey.parquet", "survey.parquet"),
        ("survey.parquet", "files"),
    ):
        if by_columns == "survey.parquet" and name != "classes":
            continue
        memory = problem_of(folder / whole, *TARGETS[name], "data.stream=never")
        assert same(memory, problem_of(folder / by_columns, *TARGETS[name], "data.stream=always"))
        assert same(memory, problem_of(folder / by_columns, *TARGETS[name], "data.stream=always"))


def test_a_file_of_test_rows(folder: Path) -> None:
    """Read by columns, too."""
    written(survey(50, seed=3), folder, "test.csv")
    words = ("data.target=voted", f"data.test_path='{folder / 'test.csv'}'")
    memory = problem_of(folder / "survey.csv", *words, "data.stream=never")
    assert same(memory, problem_of(folder / "survey.csv", *words, "data.stream=always"))


@pytest.mark.parametrize(
    "words",
    [
        ("kernel=torch", "batch_size=16"),
        ("kernel=torch", "ensemble=2", "model.dropout=0.2", "data.weight=weight"),
        ("kernel=auto", "ensemble=2", "model.dropout=0.2", "batch_size=16"),
        ("kernel=auto", "data.target=age", "batch_size=full"),
    ],
)
def test_results_are_the_same(
    words: Sequence[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights and curves, though rows are gathered in many sweeps over the file."""
    monkeypatch.setattr("mlp_lab.engine.batches.SWEPT_NUMBERS", 2000)
    common = ("data=table", f"data.path='{folder / 'survey.parquet'}'", "data.target=voted")
    runs = [
        train(folder / way, *common, f"data.stream={way}", "epochs=3", *BARE, *words)
        for way in ("never", "always")
    ]
    models, curves = (
        [(run / name).read_bytes() for run in runs] for name in ("model.safetensors", "curves.csv")
    )
    assert models[0] == models[1]
    numbers = [[line.rpartition(b",")[0] for line in text.splitlines()] for text in curves]
    assert numbers[0] == numbers[1]


def test_when_auto_streams(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table would take half of the free memory; Excel never; a folder always."""

    def decided(path: str, stream: str = "auto") -> bool:
        config = config_of(folder / path, "data.target=voted", f"data.stream={stream}").data
        assert isinstance(config, TableConfig)
        streaming._is_large.cache_clear()
        return is_streamed(config)

    for free, large in ((1e12, False), (1e4, True)):
        monkeypatch.setattr(streaming, "free_memory", lambda free=free: free)
        assert decided("survey.csv") == decided("survey.parquet") == large
        assert not decided("survey.xlsx")
        assert decided("files")
        assert not decided("survey.csv", "false")
        assert decided("survey.csv", "true")
    monkeypatch.setattr(streaming, "free_memory", lambda: 1e4)
    (folder / "damaged.parquet").write_bytes(b"PAR1")
    assert not decided("damaged.parquet")
    assert not decided("missing.csv")


def test_what_is_refused(folder: Path) -> None:
    """In one line that names the setting."""
    words = ("data=table", "data.target=voted")
    assert refused(*words, f"data.path='{folder / 'x.xlsx'}'", "data.stream=always") == (
        "data.stream=always reads Parquet and text tables, and x.xlsx is neither: data.stream=auto"
        " reads it into memory"
    )
    assert refused(*words, f"data.path='{folder / 'files'}'", "data.stream=never").endswith(
        "/files' is a folder, not a file; one of Parquet files is read with data.stream=auto"
    )
    assert refused(*words, "data.path=x.csv", "data.stream=perhaps").startswith(
        "unknown data.stream 'perhaps' ("
    )
    line = refused(*words, f"data.path='{folder / 'none.csv'}'", "data.stream=always")
    assert line.startswith("data.path: no such file")


def test_a_file_that_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is read: nothing of it is kept."""
    path = folder / "survey.csv"
    read = column_files.TextColumns.series

    def changing(file: column_files.TextColumns, name: str) -> object:
        os.utime(path)
        return read(file, name)

    monkeypatch.setattr(column_files.TextColumns, "series", changing)
    line = refused("data=table", f"data.path='{path}'", "data.target=voted", "data.stream=always")
    assert line == "survey.csv was changed while it was read: start again once it is whole"
    assert not [entry for entry in tables_folder().iterdir() if entry.suffix != ".lock"]
