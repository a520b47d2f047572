"""What a person has to know of a table before training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import ROWS, SETTINGS, problem_of, survey, written

from mlp_lab.data.columns import Column
from mlp_lab.data.rows import RawData


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The survey as CSV."""
    return written(survey(), tmp_path_factory.mktemp("survey"))


def column(raw: RawData, name: str) -> Column:
    """One by name."""
    return next(column for column in raw.columns if column.name == name)


def test_the_report(path: Path) -> None:
    """What a person has to know before training."""
    seen = problem_of(path, *SETTINGS).overview
    assert seen is not None
    assert sum(seen.rows.values()) == ROWS
    assert seen.kinds == {"numeric": 2, "category": 2, "binary": 1, "ordinal": 1, "date": 1}
    assert seen.possible_leakage == []
    assert seen.weight == "weight"
    assert "yes" in seen.targets["voted"]
    income = next(column for column in seen.columns if column.name == "income")
    assert income.missing == pytest.approx(0.2, abs=0.06)


def test_leaks_and_copies_are_seen(tmp_path: Path) -> None:
    """A column that is the target in other words, and rows that are there twice."""
    frame = survey().drop(columns=["id", "remark"])
    frame = frame.assign(ballot=frame["voted"].map({"yes": "cast", "no": "none"}))
    frame = pd.concat([frame, frame], ignore_index=True)
    seen = problem_of(written(frame, tmp_path), "data.target=voted").overview
    assert seen is not None
    assert seen.possible_leakage == [["ballot"]]
    assert seen.droppable == ["ballot"]
    assert seen.copies["test"] > 50


@pytest.mark.parametrize("decimals", [0, 1])
def test_rows_of_few_values_are_alike_by_chance(decimals: int, tmp_path: Path) -> None:
    """Nothing is said of them; of as many rows that were copied, it is."""
    draw = np.random.default_rng(0)
    x = draw.uniform(0, 9, 200).round(decimals)
    frame = pd.DataFrame({"x": x, "sex": draw.choice(["f", "m"], 200), "y": ["p", "q"] * 100})
    seen = problem_of(written(frame, tmp_path), "data.target=y").overview
    assert seen is not None
    assert seen.copies == {"val": 0, "test": 0}
    more = frame.assign(z=draw.uniform(size=200).round(2))
    copied = pd.concat([more, more[:60]])
    seen = problem_of(written(copied, tmp_path), "data.target=y").overview
    assert seen is not None
    assert seen.copies["test"] > 5


def test_columns_that_repeat_others(tmp_path: Path) -> None:
    """In another unit, or by other names; measured numbers that are all different do not."""
    a, b = np.random.default_rng(0).normal(size=(2, 500)).round(5)
    a[::50] = np.nan
    code = np.arange(500) % 3
    columns = {"a": a, "b": b, "inches": -a / 2.54, "code": code, "other": code % 2, "y": b + 1}
    frame = pd.DataFrame(columns).assign(name=pd.Series(code).map({0: "x", 1: "z", 2: "y"}))
    frame = pd.concat([frame, frame[:9]])  # rows that are there twice
    seen = problem_of(written(frame, tmp_path), "data.target=y").overview
    assert seen is not None
    assert seen.repeats == {"inches": "a", "name": "code"}


@pytest.mark.parametrize("at", ["rows that are there five times", "persons asked five times"])
def test_numbers_of_the_same_rows_or_persons_do_not_repeat_each_other(
    tmp_path: Path, at: str
) -> None:
    """Their equal values are in the same rows, yet one is not the other in another unit."""
    height, weight, y = np.random.default_rng(0).normal(size=(3, 60)).round(5)
    frame = pd.DataFrame({"height": height, "weight": weight, "inches": height / 2.54, "y": y})
    frame = pd.concat([frame] * 5)
    if at.startswith("persons"):
        frame["y"] = np.random.default_rng(1).normal(size=300).round(5)
    seen = problem_of(written(frame, tmp_path), "data.target=y").overview
    assert seen is not None
    assert seen.repeats == {"inches": "height"}


def test_a_numeric_leak_is_seen(tmp_path: Path) -> None:
    """The target in another unit."""
    x = np.random.default_rng(0).normal(size=(500, 2))
    frame = pd.DataFrame({"a": x[:, 0], "inches": x.sum(1) / 2.54 + 70, "cm": x.sum(1) + 178})
    seen = problem_of(written(frame, tmp_path), "data.target=cm").overview
    assert seen is not None
    assert seen.possible_leakage == [["inches"]]


def test_the_last_column_is_not_to_be_dropped(tmp_path: Path) -> None:
    """A network reads one column at least."""
    y = np.arange(200) % 2
    frame = pd.DataFrame({"score": y + 0.001 * np.arange(200), "passed": np.where(y, "yes", "no")})
    seen = problem_of(written(frame, tmp_path), "data.target=passed").overview
    assert seen is not None
    assert seen.possible_leakage == [["score"]]
    assert seen.droppable == []
    more = frame.assign(other=np.sin(np.arange(200.0)).round(6))
    seen = problem_of(written(more, tmp_path), "data.target=passed").overview
    assert seen is not None
    assert seen.droppable == ["score"]


def test_rows_that_follow_each_other(tmp_path: Path) -> None:
    """Training rows before and after validation rows, unless a number has put them in order."""
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 300))
    days = pd.date_range("2024-01-01", periods=300).astype(str)
    cases = {"plain": {"x": x}, "days": {"x": x, "day": days}, "sorted": {"x": np.sort(x)}}
    seen = {}
    for name, columns in cases.items():
        (tmp_path / name).mkdir()
        path = written(pd.DataFrame({**columns, "y": y}), tmp_path / name)
        report = problem_of(path, "data.target=y").overview
        assert report is not None
        seen[name] = report
    assert {name: report.in_order for name, report in seen.items()} == {
        "plain": [],
        "days": ["day"],
        "sorted": ["x"],
    }
    assert seen["sorted"].side_by_side == []
    rows, pairs = seen["plain"].rows, np.array(seen["plain"].side_by_side)
    assert len(pairs) == pytest.approx(2 * rows["val"] * rows["train"] / 300, rel=0.3)
    assert (pairs.min(0) >= 0).all()
    assert (pairs.max(0) < [rows["val"], rows["train"]]).all()
