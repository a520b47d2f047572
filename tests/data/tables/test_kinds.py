"""What kind of column distinct values seem to be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import raw_of

from mlp_lab.data.tables.answers import separator_in
from mlp_lab.data.tables.cells import Cells
from mlp_lab.data.tables.kinds import (
    counts_rows,
    few_whole,
    kind_of,
    many_numbers,
    names_rows,
    says_nothing,
    stray_words,
)

AGAIN = 30
"""How often the values of a column are repeated."""


def cells(*values: object, missing: tuple[str, ...] = (), again: int = AGAIN) -> Cells:
    """A column that holds some values again and again."""
    return Cells(pd.Series(list(values) * again, name="x"), missing=missing)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "binary"),
        (["yes", "no", None], "binary"),
        ([1.5, 2.5, 3.5], "numeric"),
        (["1", "2", "3.5"], "numeric"),
        (["2024-02-29", "2024-03-01", "1.4.2024"], "date"),
        (["2024-02-29", "2024-02-30", "2024-03-01"], "category"),
        (list(pd.to_datetime(["2024-02-29", "2024-03-01"])), "date"),
        (["red", "green", "3"], "category"),
        (["a remark of more than fifty letters, as people write", "b" * 60, "c" * 70], "text"),
    ],
)
def test_kinds(values: list[object], kind: str) -> None:
    """By what all distinct values are; two of them are two levels."""
    assert kind_of(cells(*values), {}) == kind


def test_labels_of_all_codes_make_a_category() -> None:
    """Those of some do not."""
    labels = {"1": "low", "2": "middle", "3": "high"}
    assert kind_of(cells(1, 2, 3), labels) == "category"
    assert kind_of(cells(1, 2, 3, 4), labels) == "numeric"


def test_nothing_to_learn_from() -> None:
    """No value, or one; a single value with gaps tells something."""
    assert says_nothing(cells(None, "NA", "-9", missing=("-9",))) == "no value"
    assert says_nothing(cells("DE")) == "constant: 'DE'"
    assert says_nothing(cells("DE", None)) == ""


def test_row_numbers_and_identifiers() -> None:
    """Consecutive numbers count the rows, others that are all different may name them."""
    count = pd.Series(np.arange(40))
    assert counts_rows(count + 5)
    assert counts_rows(count.sample(frac=1, random_state=0).reset_index(drop=True))
    assert not counts_rows(count * 2)
    assert names_rows(Cells(count * 2))
    assert not names_rows(Cells(count * 2 + 0.5))
    assert not names_rows(Cells(count[:10]))
    assert many_numbers(Cells(count))
    assert not many_numbers(Cells(count % 10))


def test_targets_of_few_whole_numbers_seem_classes() -> None:
    """Or of any two."""
    assert few_whole(np.arange(10.0))
    assert few_whole(np.array([0.5, 1.5]))
    assert not few_whole(np.arange(11.0))
    assert not few_whole(np.array([0.5, 1, 2]))


def test_words_among_numbers() -> None:
    """Are named with the setting that reads them as no value."""
    numbers = [*map(str, range(20)), "refused"]
    assert stray_words(cells(*numbers)) == (
        ": numbers but for 'refused'; data.missing=[refused] reads such cells as no value"
    )
    assert stray_words(cells("a", "b", "c")) == ""
    mixed = [*map(str, range(12)), *(f"~{k}" for k in range(12, 20))]
    assert stray_words(cells(*mixed)) == ""  # of a target
    assert stray_words(cells(*mixed), "x").startswith(
        ": numbers but for '~12', '~13', '~14' and 5 "
    )
    assert stray_words(cells("1", "2", "none", "3+"), "x") == ""
    assert "data.decimal=','" in stray_words(cells("1,5", "2,5"))
    assert stray_words(cells("1.234,5 €", "2,5 €")).startswith(
        ": if 1.234,5 € is 1234.5, data.decimal"
    )
    assert "data.decimal" not in stray_words(cells("1,5", "many"))


@pytest.mark.parametrize("sign", [", ", ",", ";", "; ", "|", "\n"])
@pytest.mark.parametrize(
    "rows",
    [
        ["a{0}b", "a", "b", "b{0}a", "a"] * 8,
        ["tea{0}milk", "tea", "milk", "coffee", "milk{0}coffee", "tea{0}coffee{0}milk"],
        ["Yes{0}no", "Yes", "no", "no", "Yes{0}no", "Yes"],
    ],
    ids=["two options", "few rows", "few of two"],
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_few_options_and_few_rows(rows: list[str], sign: str, suffix: str, tmp_path: Path) -> None:
    """Each option that stands alone in some rows is an input, whatever blanks follow the sign."""
    frame = pd.DataFrame({"m": [row.format(sign) for row in rows]})
    frame["y"] = [i % 7 + i / 100 for i in range(len(rows))]
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path)
    (column,) = raw_of(path).columns
    options = {part for row in rows for part in row.split("{0}")}
    assert (column.kind, {*column.levels}) == ("multiple", options)


@pytest.mark.parametrize(
    "rows",
    [
        ["Rome, Italy", "Paris, France", "Rome, Italy", "Berlin"] * 5,
        ["a;b", "a", "a;b", "a"] * 5,
        ["a;b", "a", "b"],
        ["1,5", "1", "5", "5,1"] * 5,
    ],
)
def test_few_options_that_may_be_none(rows: list[str]) -> None:
    """Places, an option that never stands alone, too few rows, and decimal commas."""
    assert not separator_in(Cells(pd.Series(rows, name="m")))
