"""Texts of dates -> days since 1970. Meaning depends on no clock, and no order is swapped."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

DAY = np.timedelta64(1, "D")
TIME = r"(?:([T ]\d\d?(?::?\d\d(?::?\d\d(?:[.,]\d*)?)?)?(?: ?[AP]M)?) ?(?:Z|UTC|[+-]\d\d:?\d\d)?)?"
"""Its zone is left out: a date is that of the place where it was written."""

SIGN = r"\s?[-/.]\s?"
DATE = re.compile(rf"(\d{{1,4}}){SIGN}(\d\d?){SIGN}(\d{{4}}|\d\d?){TIME}", re.IGNORECASE)
"""Three numbers; the year is the first if it has four digits, else the last."""

DIGITS = re.compile(rf"(\d{{4}})(\d\d)(\d\d){TIME}", re.IGNORECASE)
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
NAMED = re.compile(rf"(\d{{1,2}})[-\s.]*({MONTH})[-\s.]*(\d\d)", re.IGNORECASE)
"""5-Mar-20."""
PLAIN = re.compile(
    rf"(?=.*\b{MONTH}|.*\d{MONTH})(?=.*(?<!\d)[12]\d{{3}}(?!\d)).*"
    r"|[12]\d{3}([-/.]\d\d?)?|\d\d?[-/.][12]\d{3}|[12]\d{3}-?Q[1-4]",
    re.IGNORECASE,
)
"""What else names a year, and leaves no doubt which number is the month."""

ORDERS = {
    True: " with the day first",
    False: " with the month first",
    None: " whose day and month are unambiguous",
}
"""How messages call a date whose year is not first, by `day_first`."""

CENTURY = 69
"""Years of two digits from here on are of the 1900s (POSIX.1-2008, strptime)."""


def as_days(texts: Sequence[str], *, day_first: bool | None) -> list[float | None]:
    """Days since 1970 of distinct texts; None for what is no date.

    `day_first` tells 3/4/2020 as the third of April; None where such a date is refused.

    >>> as_days(["1970-01-03", "3/2/1970", "soon"], day_first=True)
    [2.0, 33.0, None]
    """
    plain = pd.Series([_plain(text, day_first) for text in texts], dtype="str")
    dates = pd.to_datetime(plain, format="mixed", errors="coerce", utc=True).dt.tz_localize(None)
    days = (dates.to_numpy("datetime64[us]") - np.datetime64(0, "us")) / DAY
    return [None if np.isnan(day) else day for day in days.tolist()]


def _plain(text: str, day_first: bool | None) -> str:
    """A date with the year first, then the month; nothing for what is none."""
    if found := DATE.fullmatch(text):
        return _ordered(found, day_first)
    if found := DIGITS.fullmatch(text):
        return f"{found[1]}-{found[2]}-{found[3]}{found[4] or ''}"
    if found := NAMED.fullmatch(text):
        return f"{found[1]} {found[2]} {_year(found[3])}"
    return text if PLAIN.fullmatch(text) else ""


def _ordered(found: re.Match[str], day_first: bool | None) -> str:
    year, month, day = found[1], int(found[2]), found[3]
    if len(year) < 3:
        first = int(year)
        order = _told(first, month) if day_first is None else day_first
        if order is None and first != month:
            return ""
        year, month, day = _year(found[3]), *((month, first) if order else (first, month))
    if len(year) != 4 or month > 12:
        return ""
    return f"{year}-{month:02}-{int(day):02}{found[4] or ''}"


def _year(text: str) -> str:
    """A year of two digits as one of four."""
    return f"{19 if int(text) >= CENTURY else 20}{int(text):02}" if len(text) == 2 else text


def _told(first: int, second: int) -> bool | None:
    """Whether the first of two numbers must be the day; None if both can be months."""
    return first > 12 if max(first, second) > 12 else None


def wanted(text: str, *, day_first: bool | None) -> str:
    """What a column asks of a text that it refuses."""
    return f"a date{ORDERS[day_first]}" if _year_last([text]) else "a date"


def _year_last(texts: Iterable[str]) -> list[re.Match[str]]:
    """Dates that do not begin with their year."""
    found = (DATE.fullmatch(text) for text in texts)
    return [match for match in found if match is not None and len(match[1]) < 3]


def in_doubt(texts: Iterable[str]) -> list[str]:
    """Dates such as 3/4/2020, with either order, if no date of all tells which one it is."""
    found = _year_last(texts)
    told = [_told(int(match[1]), int(match[2])) is not None for match in found]
    return [] if any(told) else [match[0] for match in found if int(match[1]) != int(match[2])]


def days_lead(texts: Iterable[str]) -> bool | None:
    """Whether days come first, as in 31/12/2020; None where all dates begin with the year.

    Where no date tells, dots mean that they do: 3.4.2020 is so written where days come first.
    """
    found = _year_last(texts)
    if not found:
        return None
    told = {_told(int(match[1]), int(match[2])) for match in found} - {None}
    return True in told if told else all("." in match[0] for match in found)
