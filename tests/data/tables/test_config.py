"""No dead knob: every setting of `data=table`, changed, changes what is learnt, or is refused."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from surveys import SETTINGS, problem_of, survey, written

from mlp_lab.data.config import DataConfig
from mlp_lab.data.tables.config import TableConfig, require_use
from mlp_lab.errors import UserError
from mlp_lab.runs.prepared_data import PreparedData

CHANGES: dict[str, tuple[tuple[str, ...], str]] = {
    "test_path": ((), "'{folder}/test.csv'"),
    "target": ((), "smoker"),
    "task": (("data.target=zip",), "regression"),
    "features": ((), "[age,income]"),
    "drop": ((), "[age]"),
    "types": ((), "{age: category}"),
    "levels": ((), "{trust: [low,middle,high]}"),
    "separators": ((), "{region: ','}"),
    "missing": ((), "[-9]"),
    "missing_in": ((), "{age: [-9]}"),
    "day_first": ((), "false"),
    "min_frequency": ((), "0.3"),
    "binary_inputs": ((), "2"),
    "weight": ((), "weight"),
    "group": ((), "household"),
    "strata": ((), "trust"),
    "time": ((), "interview"),
    "part": ((), "part"),
    "drop_missing_target": (("data.target=income",), "true"),
    "delimiter": ((), "';'"),
    "quote": ((), "''"),
    "encoding": ((), "utf-16"),
    "decimal": (("data.path='{folder}/comma.tsv'",), "."),
    "sheet": (("data.path='{folder}/sheets.xlsx'",), "second"),
    "header": (("data.target=c13",), "none"),
    "skip_rows": ((), "[2,3]"),
    "comment": ((), "'9'"),
    "missing_words": ((), "[middle]"),
    "test_fraction": ((), "0.4"),
    "val_fraction": ((), "0.4"),
    "folds": ((), "3"),
    "fold": (("data.folds=3",), "1"),
    "repeat": (("data.folds=3",), "1"),
    "split_seed": ((), "1"),
    "train_rows": ((), "100"),
    "label_noise": ((), "0.5"),
    "scaling": ((), "robust"),
    "quantiles": (("data.scaling=quantile",), "10"),
    "quantile_noise": (("data.scaling=quantile",), "0.1"),
    "target_transform": (("data.target=weight",), "log"),
    "class_weights": ((), "balanced"),
}
"""Setting -> what else is set, and its other value."""

SEEN_ELSEWHERE = {"name", "path", "report_only", "stream"}
"""`stream` must change nothing: see test_streaming.py."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The survey in several files."""
    folder = tmp_path_factory.mktemp("settings")
    frame = survey().assign(
        part=np.resize(["train", "train", "test"], len(survey())),
        region=[f"{name}, or so" for name in survey()["region"]],
    )
    written(frame, folder)
    written(survey(50, seed=3).assign(part="test"), folder, "test.csv")
    frame.to_csv(folder / "comma.tsv", sep="\t", decimal=",", index=False)
    frame.to_excel(folder / "sheets.xlsx", sheet_name="first", index=False)
    return folder


def outcome(folder: Path, *overrides: str) -> PreparedData | str:
    """What is learnt, or the line that refuses it."""
    found = [override.replace("{folder}", str(folder)) for override in overrides]
    try:
        return problem_of(folder / "survey.csv", "data.target=voted", *found)
    except UserError as error:
        return str(error)


def same(one: PreparedData | str, other: PreparedData | str) -> bool:
    """Whether rows, weights and schema are."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    parts = [(one.encoded.train, other.encoded.train), (one.encoded.test, other.encoded.test)]
    return one.encoded.schema == other.encoded.schema and all(
        np.array_equal(a.inputs, b.inputs)
        and np.array_equal(a.targets, b.targets)
        and str(a.loss_weights) == str(b.loss_weights)
        for a, b in parts
    )


def test_every_setting_has_a_case() -> None:
    """A new one without a case is one that nobody has seen work."""
    names = {field.name for field in fields(TableConfig)} - SEEN_ELSEWHERE
    assert set(CHANGES) == names
    assert {field.name for field in fields(DataConfig)} < names | {"name"}


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_changes_what_is_learnt(name: str, folder: Path) -> None:
    """And the same settings do not."""
    others, value = CHANGES[name]
    before = outcome(folder, *others)
    assert same(before, outcome(folder, *others))
    assert not same(before, outcome(folder, *others, f"data.{name}={value}"))


def test_settings_stack_up(folder: Path) -> None:
    """All of the careful user's together."""
    assert isinstance(outcome(folder, *SETTINGS[1:]), PreparedData)


@pytest.mark.parametrize(
    ("written", "files", "refusal"),
    [
        ({"sheet": 5}, ["t.csv"], "data.sheet=5 is of no use for t.csv: it is for Excel files"),
        ({"sheet": "a"}, ["t.csv", "u.parquet"], "data.sheet=a is of no use for t.csv and u.par"),
        ({"delimiter": ";"}, ["t.xlsx"], "data.delimiter=; is of no use for t.xlsx: it is for tex"),
        ({"quote": ""}, ["t.dta"], "data.quote= is of no use for t.dta"),
        ({"encoding": "cp1252"}, ["t.pq"], "data.encoding=cp1252 is of no use for t.pq: it is for"),
        ({"sheet": 5}, ["t.xlsx"], ""),
        ({"sheet": 5}, ["t.csv", "t.XLSM"], ""),
        ({"encoding": "cp1252"}, ["t.sav"], ""),
        ({"delimiter": ";", "quote": "'"}, ["t.CSV.gz"], ""),
        ({"delimiter": "auto", "sheet": None}, ["t.sav"], ""),
        ({"sheet": 5}, ["t.xyz"], ""),  # refused for another reason
    ],
)
def test_what_is_said_of_a_file_must_be_of_use(
    written: dict[str, object], files: list[str], refusal: str
) -> None:
    """For one of the files at least."""
    if not refusal:
        require_use(written, files)
        return
    with pytest.raises(UserError) as caught:
        require_use(written, files)
    assert str(caught.value).startswith(refusal)
