"""Text for people and for command lines."""

import math

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from mlp_lab.formatting import (
    counted,
    duration,
    four_digits,
    in_a_list,
    percent,
    quoted,
    shown,
    significant,
    typed_value,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.043, "0.043 s"),
        (59.6, "1 min 0 s"),
        (3599.5, "1 h 0 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_durations_are_rounded(seconds: float, text: str) -> None:
    """Rounding carries into minutes and hours."""
    assert duration(seconds) == text


def test_numbers() -> None:
    """A missing number is no text; one that is not finite says so."""
    assert [four_digits(x) for x in (None, 0.0, -2 / 3, math.inf)] == ["", "0", "-0.6667", "inf"]
    large = [four_digits(x) for x in (-9999.4, 9999.6, 16_134.0, 123_456_789.0, 1.5e9)]
    assert large == ["-9999", "10,000", "16,130", "123,500,000", "1.5e+09"]
    assert [significant(x, 2) for x in (320.0, 3200.0, 32_100.0, 0.00321)] == [
        *("320", "3200", "32,000", "0.0032")
    ]
    assert [percent(x) for x in (-15.0, 0.0004)] == ["-1,500 %", "0 %"]
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert [shown(x) for x in (None, 1.0, "a")] == ["null", "1.0", "'a'"]


def test_long_values_are_cut() -> None:
    """Also those that Python does not write."""
    assert shown(10**5000) == "a number of 16,610 bits"
    assert shown("a" * 10_000) == "'" + "a" * 499 + "…"
    assert shown([10**5000]) == "a value of thousands of digits"


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_hydra_reads_what_was_quoted(text: str) -> None:
    """As a value, and as an element of a list."""
    parser = OverridesParser.create()
    (one, several) = parser.parse_overrides([f"a={quoted(text)}", f"a=[{in_a_list(text)}]"])
    assert one.value() == text
    assert several.value() == [text]


def test_values_as_one_types_them() -> None:
    """YAML's words, not Python's."""
    assert typed_value([None, False, [0.5, "relu"]]) == "[null,false,[0.5,relu]]"
    assert typed_value({"age": [1], "sex": None}) == "{age:[1],sex:null}"
