"""Amounts: numbers with a sign or a unit beside them, or with grouped digits."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from mlp_lab.data.tables.durations import FORMS, as_seconds
from mlp_lab.data.tables.numbers import as_number

NUMBER = "#"
"""The place of the number in an amount's form, as `$#` or `# kg`; alone where digits are grouped.
"""

CURRENCIES = frozenset(
    (
        *(
            "AUD",
            "BRL",
            "CAD",
            "CHF",
            "CNY",
            "CZK",
            "DKK",
            "EUR",
            "GBP",
            "HKD",
            "HUF",
            "INR",
            "JPY",
        ),
        *("KRW", "MXN", "NOK", "NZD", "PLN", "RUB", "SEK", "SGD", "TRY", "USD", "ZAR"),
        *("Rs", "Rs.", "kr", "Fr."),
    )
)
"""Names of currencies that stand before a number; their signs Unicode knows."""

SCALES = {
    **dict.fromkeys(("K", "k", "thousand"), 1e3),
    **dict.fromkeys(("M", "mn", "million"), 1e6),
    **dict.fromkeys(("B", "bn", "Bn", "billion"), 1e9),
}
"""What behind a number multiplies it."""

OTHER_SCALES = ("lakh", "lakhs", "crore", "crores", "am", "pm")
"""Behind numbers that are read as none: of other counts, and times of day."""

HALVES = ("e", "E", "d", "D", "x", "X")
"""What begins the second half of a number, as in 1e5."""

GROUPS = {".": ",", ",": "."}
"""Decimal sign -> the sign that groups digits, beside those that do everywhere."""

AMOUNT = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>[^\d\s+().,'-]{1,4}\.?)?\s*(?P<inner>[+-])?\s*"
    r"(?P<number>(?:\d[\d.,'\u2019\u00a0\u2009\u202f ]*)?\d|\d)\s*"
    r"(?P<after>(?:[^\W\d_]|[/.²³]){1,10}|[%‰]|°[CF]?|(?:[KkMB]|[mbB]n)?[^\w\s.,+'()-])?\s*"
    r"(?P<last>-)?(?P<close>\))?"
)
"""Before it a currency, behind it a unit or a currency."""


class Amount(NamedTuple):
    """Its number, its form, and the sign that groups its digits, if one does."""

    value: float
    form: str
    group: str


def as_amount(text: str, decimal: str = ".") -> Amount | None:
    """The amount that a text is, or None.

    >>> [as_amount(text)[:2] for text in ("$1,234.50", "(46)", "565K", "1 234 kg")]
    [(1234.5, '$#'), (-46.0, '#'), (565000.0, '#'), (1234.0, '# kg')]
    """
    found = AMOUNT.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    before, after = found["before"] or "", found["after"] or ""
    if (before and not _is_currency(before)) or after in OTHER_SCALES:
        return None
    digits = _plain(found["number"], decimal)
    if digits is None:
        return None
    after, scale = _scaled(after)
    minus = [found["sign"], found["inner"], found["last"]].count("-") + bool(found["open"])
    if minus > 1 or after in HALVES:
        return None
    number, group = digits
    space = " " if after and after[0].isalpha() else ""
    form = f"{before}{NUMBER}{space}{after}"
    return Amount((-1 if minus else 1) * number * scale, form, group)


def digits_of(text: str) -> str:
    """The number in an amount as it is written, by either decimal sign; nothing of other texts.

    >>> [digits_of(text) for text in ("1.234,50 €", "$0.5", "25.08.2019", "one")]
    ['1.234,50', '0.5', '', '']
    """
    found = AMOUNT.fullmatch(text.strip())
    known = found and any(as_amount(text, decimal) is not None for decimal in GROUPS)
    return found["number"] if found and known else ""


def _is_currency(text: str) -> bool:
    return unicodedata.category(text[-1]) == "Sc" or text in CURRENCIES


def _scaled(after: str) -> tuple[str, float]:
    """What stands behind a number without what multiplies it, and that."""
    if after in SCALES:
        return "", SCALES[after]
    if after and _is_currency(after[-1]) and after[:-1] in SCALES:
        return after[-1], SCALES[after[:-1]]
    return after, 1.0


def _plain(digits: str, decimal: str) -> tuple[float, str] | None:
    """The number that digits are, perhaps grouped, and the sign that groups them."""
    for group in (GROUPS[decimal], "'", "\u2019", "\u00a0", "\u2009", "\u202f", " "):
        if group in digits:
            whole, point, rest = digits.partition(decimal)
            parts = whole.split(group)
            if not _grouped(parts) or (point and not rest.isdigit()):
                return None
            return float(f"{''.join(parts)}.{rest or 0}"), group
    number = as_number(digits.replace(decimal, "."))
    return None if number is None else (number, "")


def _grouped(parts: Sequence[str]) -> bool:
    """Whether digits are grouped in threes, or as in India the last three and twos before them."""
    first, *others = parts
    if not all(part.isdigit() for part in parts) or first.startswith("0") or len(parts[-1]) != 3:
        return False
    wide = all(len(part) == 3 for part in others) and len(first) <= 3
    return wide or (all(len(part) == 2 for part in others[:-1]) and len(first) <= 2)


def form_of(texts: Sequence[str], decimal: str) -> str | None:
    """The one form that texts have which are no plain numbers; None where they have not.

    Empty where all are plain numbers.
    """
    amounts = []
    for text in texts:
        if as_number(text) is None:
            amount = as_amount(text, decimal)
            if amount is None:
                return None
            amounts.append(amount)
    forms = {amount.form for amount in amounts}
    if len({amount.group for amount in amounts} - {""}) > 1 or len(forms - {NUMBER}) > 1:
        return None
    return max(forms, key=len, default="")


def number_of(text: str, form: str, decimal: str) -> float | None:
    """The number that a cell of a column is whose amounts have a form; seconds of a duration."""
    if form in FORMS:
        return as_seconds(text, form)
    number = as_number(text)
    if number is not None or not form:
        return number
    amount = as_amount(text, decimal)
    return amount.value if amount is not None and amount.form in (form, NUMBER) else None
