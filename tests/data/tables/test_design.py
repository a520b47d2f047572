"""Weights, identifiers, strata and waves among the inputs are named, with settings to paste."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import pasted, raw_of

from mlp_lab.data.tables.design import words

ROWS = 120
NUMBERS = np.arange(ROWS)
DRAW = np.random.default_rng(0)
NEAR_ONE = np.round(DRAW.gamma(4, 0.25, ROWS), 4)
NEAR_ONE = np.round(NEAR_ONE / NEAR_ONE.mean(), 4)
IN_KILOGRAMS = np.round(DRAW.normal(70, 12, ROWS), 1)
PAIRS = 1001 + NUMBERS // 2
LABELS = np.array(["p", "q", "q"])[NUMBERS % 3]

Cells = np.ndarray | list[str]


def said(folder: Path, columns: dict[str, Cells], *overrides: str) -> list[str]:
    """What the report says of such columns beside a number, if anything."""
    path = folder / "t.csv"
    pd.DataFrame({**columns, "z": NUMBERS * 7 % 13, "y": LABELS}).to_csv(path, index=False)
    raw = raw_of(path, *overrides)
    assert raw.source is not None
    return [line for line in raw.source.warnings if "looks like" in line]


WEIGHTS: list[tuple[str, Cells]] = [
    ("weight", NEAR_ONE),
    ("wt", NEAR_ONE),
    ("wgt_2020", NEAR_ONE),
    ("Sampling weight (final)", NEAR_ONE * 812.3),
    ("pweight", NEAR_ONE * 40),
    ("PSPWGHT", NEAR_ONE),
    ("fnlwgt", np.round(NEAR_ONE * 190_000)),
    ("person weight", 1234.5678 * NEAR_ONE),
    ("WTSSALL", NEAR_ONE),
]
GROUPS: list[tuple[str, Cells]] = [
    ("household", PAIRS),
    ("hh_id", PAIRS),
    ("HHID", PAIRS),
    ("psu", NUMBERS // 10),
    ("id", PAIRS),
    ("Respondent ID", PAIRS),
    ("schoolId", NUMBERS % 12),
    ("idno", PAIRS),
    ("cluster", [f"c{i // 10}" for i in range(ROWS)]),
    ("household nr", [f"H{i // 2:04}" for i in range(ROWS)]),
    ("patient: id [2]", PAIRS),
]
NEITHER: list[tuple[str, Cells]] = [
    ("weight", IN_KILOGRAMS),
    ("weight", np.round(IN_KILOGRAMS * 2.2046)),
    ("weight", np.round(IN_KILOGRAMS * 43) + 100),  # cars, in pounds
    ("weight", IN_KILOGRAMS * 43.123456),
    ("wt", np.round(NEAR_ONE + 2.2, 3)),  # cars, in thousands of pounds
    ("shell_weight", NEAR_ONE),
    ("birth weight", NEAR_ONE * 3400.1234),
    ("final weight", IN_KILOGRAMS),
    ("weight", NUMBERS % 3 + 1),
    ("weight", np.where(NUMBERS % 9 == 0, np.nan, NEAR_ONE)),
    ("weight_loss", NEAR_ONE),
    ("pweight", NEAR_ONE - 1),
    ("hh_size", PAIRS),
    ("household", NUMBERS % 6 + 1),
    ("household income", PAIRS),
    ("children", PAIRS),
    ("cluster", NUMBERS % 4),
    ("idea", PAIRS),
    ("paid", PAIRS),
    ("school", [f"c{i // 10}" for i in range(ROWS)]),
    ("case", PAIRS),
    ("hh_id", np.where(NUMBERS == 5, np.nan, PAIRS)),
    ("id", NUMBERS * 7 % 121),  # one in every row: named as such
    ("wave", NUMBERS * 0.1),
    ("wave height", NUMBERS % 4),
    ("round", [f"{i % 3}x" for i in range(ROWS)]),
]


@pytest.mark.parametrize(("name", "cells"), WEIGHTS)
def test_weights(name: str, cells: Cells, tmp_path: Path) -> None:
    """The settings work, however the column is called: rows are weighted, or nothing is said."""
    (line,) = said(tmp_path, {name: cells})
    assert line.startswith(f"{name} is read as an input and looks like sampling weights (all above")
    weight, other = pasted(line)
    assert said(tmp_path, {name: cells}, weight) == []
    weights = raw_of(tmp_path / "t.csv", weight).weights
    assert weights is not None
    assert np.allclose(weights, np.asarray(cells))
    assert said(tmp_path, {name: cells}, other) == []


@pytest.mark.parametrize(("name", "cells"), GROUPS)
def test_groups(name: str, cells: Cells, tmp_path: Path) -> None:
    """Households, persons and clusters keep their rows together, or are left out."""
    (line,) = said(tmp_path, {name: cells})
    count = len(np.unique(cells))
    assert f"looks like an identifier of several rows ({count} values in 120 rows): " in line
    group, *others = pasted(line)
    assert raw_of(tmp_path / "t.csv", group).constraints.groups is not None
    assert len(others) == (2 if "is read" in line else 0)
    for setting in (group, *others):
        assert said(tmp_path, {name: cells}, setting) == []


@pytest.mark.parametrize(("name", "cells"), NEITHER)
def test_neighbours(name: str, cells: Cells, tmp_path: Path) -> None:
    """Bodies and cars, sizes and sums, missing values, names that hold such a word."""
    assert said(tmp_path, {name: cells}) == []


def test_waves_and_strata(tmp_path: Path) -> None:
    """The latest wave may be the test; nothing is proposed that contradicts another setting."""
    columns: dict[str, Cells] = {"wave": NUMBERS % 4 + 1, "stratum": NUMBERS % 5}
    strata, wave = said(tmp_path, columns)
    assert "looks like the strata of a sample: data.strata=stratum resamples within them" in strata
    assert pasted(strata)[1:] == ["data.drop=[stratum]", "data.types.stratum=numeric"]
    time, drop, other = pasted(wave)
    assert (time, drop, other) == ("data.time=wave", "data.drop=[wave]", "data.types.wave=numeric")
    assert said(tmp_path, columns, time) == [strata]
    assert said(tmp_path, columns, other, *pasted(strata)[:1]) == []
    (again,) = said(tmp_path, columns, drop)
    assert pasted(again)[1] == "data.drop=[wave,stratum]"
    with_groups = said(tmp_path, {**columns, "hhid": PAIRS})
    assert [pasted(line)[0] for line in with_groups] == [
        "data.group=hhid",
        "data.strata=stratum",
        "data.drop=[wave]",
    ]
    two_strata: dict[str, Cells] = {**columns, "strata": NUMBERS % 6}
    lines = said(tmp_path, two_strata, other)
    assert [pasted(line)[0] for line in lines] == ["data.strata=stratum", "data.drop=[strata]"]
    (line,) = said(tmp_path, two_strata, other, "data.strata=strata")
    assert pasted(line)[0] == "data.drop=[stratum]"
    (two,) = said(tmp_path, {"survey round": NUMBERS % 2})
    assert pasted(two)[0] == "data.drop=[survey round]"
    assert said(tmp_path, columns, "data.features=[wave,stratum,z]") == []


def test_several(tmp_path: Path) -> None:
    """One weight and the coarsest group are proposed, the others are to be left out."""
    columns: dict[str, Cells] = {
        "wt": NEAR_ONE,
        "pweight": NEAR_ONE**2,
        "hh_id": PAIRS,
        "psu": NUMBERS // 10,
    }
    lines = said(tmp_path, columns)
    assert [pasted(line)[0] for line in lines] == [
        "data.weight=pweight",
        "data.drop=[wt]",
        "data.group=psu",
        "data.drop=[hh_id]",
    ]
    (left,) = said(tmp_path, columns, "data.weight=wt", "data.group=psu", "data.drop=[hh_id]")
    assert left.startswith("pweight is read as an input and looks like another sampling weight: ")
    assert said(tmp_path, {"wt": NEAR_ONE}, "data.drop=[z]") == []  # no other input is left


def test_words_of_names() -> None:
    """By signs, digits and capitals."""
    assert words("HH_ID-2020") == ["hh", "id"]
    assert words("schoolId") == ["school", "id"]
