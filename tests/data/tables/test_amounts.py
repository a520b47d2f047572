"""Amounts, one by one: most of what columns do with them is tested with columns."""

import pytest

from mlp_lab.data.tables.amounts import as_amount, form_of, number_of


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("$1,234.50", 1234.5, "$#"),
        ("($9.99)", -9.99, "$#"),
        ("$-5", -5, "$#"),
        ("US$3", 3, "US$#"),
        ("EUR 5", 5, "EUR#"),
        ("10 EUR", 10, "# EUR"),
        ("3 \u20ac", 3, "#\u20ac"),
        ("\u20ac565K", 565_000, "\u20ac#"),
        ("5.2M", 5_200_000, "#"),
        ("5M\u20ac", 5_000_000, "#\u20ac"),
        ("2.5 million", 2_500_000, "#"),
        ("17%", 17, "#%"),
        ("1 234 kg", 1234, "# kg"),
        ("5 km/h", 5, "# km/h"),
        ("2'744", 2744, "#"),
        ("2\u2009744", 2744, "#"),
        ("12,34,567", 1_234_567, "#"),
    ],
)
def test_amounts(text: str, value: float, form: str) -> None:
    """A number and the form that it has."""
    amount = as_amount(text)
    assert amount is not None
    assert (amount.value, amount.form) == (value, form)


@pytest.mark.parametrize(
    "text",
    [
        *("12 lakh", "3+", "Q17", "1,5", "0,123", "1,234,5", "1.2.3", "12:30", "1e", "0x1"),
        *("2018Q1", "5 pm", "a", "", "-", "(5", "5)", "--5", "-(5)", "x5", "5-6", "27jan2018"),
    ],
)
def test_no_amounts(text: str) -> None:
    """Codes, dates, times, ranges and halves of numbers."""
    assert as_amount(text) is None


def test_a_decimal_comma() -> None:
    """Then points group digits."""
    assert as_amount("1.234,50 \u20ac", ",") == (1234.5, "#\u20ac", ".")
    assert as_amount("1,234.50", ",") is None


def test_one_form() -> None:
    """Amounts of a column have one, and group their digits by one sign; plain numbers fit any."""
    assert form_of(["1", "2.5"], ".") == ""
    assert form_of(["$1", "2.5", "1,200"], ".") == "$#"
    assert form_of(["$1", "2%"], ".") is None
    assert form_of(["1,200", "1'300"], ".") is None
    assert form_of(["5 kg", "500 g"], ".") is None
    assert number_of("$3", "$#", ".") == 3
    assert number_of("3,000", "$#", ".") == 3000
    assert number_of("3,000", "", ".") is None
    assert number_of("3%", "$#", ".") is None
