"""Columns as a graph reads them, held against `predict`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from exported import NUMBER, date, held, levels, number, predictor

from mlp_lab.data.column_encoding import InputColumn
from mlp_lab.data.columns import Column

pytest.importorskip("onnx")

from mlp_lab.export.encoding import UNKNOWN, codes_of_texts

NAN = np.nan
AROUND = [0.0, -9.0, 1.0, 6.999, 7.0, 20.0, 1e4, NAN]
METHODS = ("none", "standard", "robust", "quantile")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers(method: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """Missing ones, codes that mean no value, ties, and numbers beyond those of the training."""
    columns = [number("x", method, gaps=True), number("wide", method)]
    model = predictor(columns, NUMBER, "linear", "mse", dtype=dtype)
    quantiles = columns[1].encoding.scaling.quantiles  # type: ignore[union-attr]
    wide = [*AROUND, *quantiles[::9], *np.random.default_rng(0).lognormal(3, 1, 50)]
    rows = pd.DataFrame({"wide": wide, "x": [*wide[1:], wide[0]]})
    held(model, rows, tmp_path)


def test_few_quantiles(tmp_path: Path) -> None:
    """One value alone, two, and none at all."""
    known = ([5.0], [1.0, 2.0], [3.0, 3.0], [NAN, NAN])
    columns = [
        InputColumn.fit(Column(name=f"x{i}"), np.array(values), "quantile")
        for i, values in enumerate(known)
    ]
    draw = np.random.default_rng(2)
    rows = pd.DataFrame(
        draw.choice([1, 1.5, 2, 3, 5, 9, NAN], (60, 4)), columns=["x0", "x1", "x2", "x3"]
    )
    held(predictor(columns, NUMBER, "linear", "mse"), rows, tmp_path)


LEVELS = [
    levels("two", "binary", 0, 1),
    levels("two_or_none", "binary", 0, 1, NAN),
    levels("some", "category", 0, 1, 2),
    levels("some_or_none", "category", 0, 1, 2, NAN),
    levels("rank", "ordinal", 0, 1, 2),
    levels("rank_or_none", "ordinal", 0, 1, 2, NAN),
]


def test_levels(tmp_path: Path) -> None:
    """Levels, levels that no training row had, missing ones; alone and beside numbers."""
    draw = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            entry.column.name: draw.choice(
                ["a", "b", "", "NA"] if entry.column.kind == "ordinal" else ["a", "b", "new", ""],
                50,
            )
            for entry in LEVELS
        }
    )
    held(predictor(LEVELS), rows, tmp_path)
    for entry in LEVELS:
        held(predictor([entry]), rows, tmp_path)
    held(predictor([number("x"), *LEVELS]), rows.assign(x=draw.normal(size=50)), tmp_path)


def test_rare_levels(tmp_path: Path) -> None:
    """They share an input with those that no training row had; of one, there may be none."""
    codes = np.array([0.0] * 20 + [1.0] * 20 + [2.0])
    column = Column(name="town", kind="category", levels=["a", "b", "c"])
    paired = InputColumn.fit(column, codes, "standard")
    two = InputColumn.fit(column, codes[:40], "standard", binary_inputs=2)
    assert len(paired.names) == 3
    assert len(two.names) == 2
    rows = pd.DataFrame({"town": ["a", "b", "c", "d", ""]})
    for entry in (paired, two):
        held(predictor([entry]), rows, tmp_path)


def test_labels_and_spellings() -> None:
    """Codes stand for their labels; a number or a truth value is known as others write it."""
    column = Column(
        name="q", kind="category", levels=["yes", "2"], labels={"1": "yes"}, missing=["9"]
    )
    found = codes_of_texts(column, -2)
    assert [found[text] for text in ("yes", "1", "1.0", "2", "2.0")] == [0, 0, 0, 1, 1]
    assert [found[text] for text in ("9", "9.0", "", "NaN")] == [-2] * 4
    truth = Column(name="q", kind="binary", levels=["False", "True"], others=["maybe"])
    found = codes_of_texts(truth, -2)
    assert [found[text] for text in ("true", "TRUE", "False", "maybe")] == [1, 1, 0, UNKNOWN]


@pytest.mark.parametrize("method", ["standard", "quantile"])
def test_dates(method: str, tmp_path: Path) -> None:
    """The calendar is in the graph: leap days, centuries, years before 1970, parts of days."""
    texts = ["1600-02-29", "1900-03-01", "1969-12-31", "1970-01-01", "2000-02-29", "2024-12-31"]
    days = (np.array(texts, "datetime64[D]") - np.datetime64(0, "D")).astype(float)
    draw = np.random.default_rng(4).uniform(-200_000, 200_000, 400)
    whole = np.arange(-800.0, 800.0)
    value = np.concatenate([days, days + 0.75, days - 1, draw, whole, [NAN]])
    rows = pd.DataFrame({"when": value, "then": value[::-1]})
    columns = [date("when", method), date("then", method, gaps=True)]
    held(predictor(columns, NUMBER, "linear", "mse"), rows, tmp_path)


@pytest.mark.parametrize("clock", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cycles(clock: bool, dtype: torch.dtype, tmp_path: Path) -> None:
    """Sine and cosine of the hour, the weekday and the month, missing and before 1970, too."""
    draw = np.random.default_rng(5)
    known = draw.uniform(0, 1, 80) if clock else draw.uniform(-3_000, 20_000, 80)
    hours = np.floor(known * 24) / 24
    columns = [
        InputColumn.fit(Column(name=name, kind="date"), values, "standard")
        for name, values in (("when", hours), ("then", np.append(known, NAN)))
    ]
    cycles = ["hour"] if clock else ["hour", "weekday", "month"]
    assert [getattr(one.encoding, "cycles", None) for one in columns] == [cycles] * 2
    ends = [0.0, 0.25, 0.5, 0.75, 1 - 2**-20] if clock else [-0.25, 0.0, 58.75, 59.0, 789.5]
    rows = pd.DataFrame({"when": [*hours, *ends, NAN], "then": [NAN, *ends, *known]})
    held(predictor(columns, NUMBER, "linear", "mse", dtype=dtype), rows, tmp_path)


def test_refused_rows(tmp_path: Path) -> None:
    """What `predict` refuses gets NaN or no text, and its neighbours what they get without it."""
    columns = [number("x"), number("q", "quantile"), levels("rank", "ordinal", 0, 1, 2)]
    rows = pd.DataFrame({"x": [1.0] * 6, "q": [2.0] * 6, "rank": ["a"] * 6})
    classes = predictor(columns)
    alone = held(classes, rows, tmp_path)
    bad = rows.copy()
    bad.loc[1, "x"], bad.loc[2, "q"], bad.loc[3, "rank"], bad.loc[4, "x"] = (
        np.inf,
        -np.inf,
        "z",
        1e60,
    )
    from exported import run_graph  # noqa: PLC0415

    found = run_graph(tmp_path / "model.onnx", bad)
    kept = [0, 5]
    assert found["prediction"][1:5].tolist() == [""] * 4
    assert np.isnan(found["probabilities"][1:5].astype(float)).all()
    np.testing.assert_array_equal(found["prediction"][kept], alone["prediction"][kept])
    predictor(columns, NUMBER, "linear", "mse").export(tmp_path / "model.onnx")
    given = run_graph(tmp_path / "model.onnx", bad)["prediction"].astype(float)
    assert np.isnan(given).tolist() == [False, True, True, True, True, False]


def test_many_rows_and_none(tmp_path: Path) -> None:
    """Any number of rows."""
    model = predictor([number("x"), *LEVELS])
    rows = pd.DataFrame({"x": [1.0], **{entry.column.name: ["a"] for entry in LEVELS}})
    held(model, rows, tmp_path)
    held(model, pd.concat([rows] * 5000, ignore_index=True), tmp_path)
    from exported import run_graph  # noqa: PLC0415

    assert run_graph(tmp_path / "model.onnx", rows[:0])["prediction"].shape == (0,)
