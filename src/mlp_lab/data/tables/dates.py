"""Texts of dates -> days since 1970. Meaning depends on no clock, and no order is swapped."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd

DAY = np.timedelta64(1, "D")
ZONE = r"(?:[A-Z]{1,5})?(?:[+-]\d\d?(?::?\d\d)?)?"
TIME = rf"(?:([T: ]\d\d?(?::?\d\d(?::?\d\d(?:[.,]\d*)?)?)?(?: ?[AP]M)?) ?{ZONE})?"
"""Its zone, as Z, +08:00 or GMT+8, is left out: a date is that of the place where it was written.
"""

CLOCK = re.compile(
    rf"((?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d*)?)?(?: ?[AP]M)?) ?{ZONE}", re.IGNORECASE
)
"""A time without a date."""

SIGN = r"\s?[-/.]\s?"
DATE = re.compile(rf"(\d{{1,4}}){SIGN}(\d\d?){SIGN}(\d{{4}}|\d\d?){TIME}", re.IGNORECASE)
"""Three numbers; the year is the first if it has four digits, else the last."""

DIGITS = re.compile(rf"(\d{{4}})(\d\d)(\d\d){TIME}", re.IGNORECASE)
MONTHS = (
    "january jan januar jänner jaenner jän gennaio gen janvier janv enero ene",
    "february feb februar feber febbraio février fevrier févr fevr fév febrero",
    "march mar märz maerz mär mrz marzo mars",
    "april apr aprile avril avr abril abr",
    "may mai maggio mag mayo",
    "june jun juni giugno giu juin junio",
    "july jul juli luglio lug juillet juil julio",
    "august aug agosto ago août aout aoû",
    "september sep sept settembre sett set septembre septiembre",
    "october oct oktober okt ottobre ott octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez dicembre dic décembre decembre déc diciembre",
)
"""Names of months in English, German, Italian, French and Spanish, whole and abbreviated."""

NUMBERS = {name: number for number, names in enumerate(MONTHS, 1) for name in names.split()}
DAYS_OF_WEEK = (
    "monday mon tuesday tues tue wednesday wed thursday thurs thur thu friday fri saturday sat"
    " sunday sun montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sonnabend sa"
    " sonntag so lunedì lunedi lun martedì martedi mar mercoledì mercoledi mer giovedì giovedi gio"
    " venerdì venerdi ven sabato sab domenica dom lundi mardi mercredi jeudi jeu vendredi samedi"
    " sam dimanche dim lunes martes miércoles miercoles mié mie jueves jue viernes vie sábado"
    " sabado sáb domingo"
)
MONTH = rf"(?:{'|'.join(sorted(NUMBERS, key=len, reverse=True))})(?![^\W\d_])"
WEEKDAY = rf"(?:(?:{'|'.join(DAYS_OF_WEEK.split())})\b\.?,?\s+)?"
DAY_OF_MONTH, BETWEEN = r"(\d{1,2})(?:st|nd|rd|th|er|º|°)?", r"(?:\.?\s+(?:de|del|of)\s+|[-\s./]*)"
NAMED = re.compile(
    rf"{WEEKDAY}{DAY_OF_MONTH}{BETWEEN}({MONTH}){BETWEEN},?\s?(\d{{4}}|\d\d){TIME}", re.IGNORECASE
)
"""5-Mar-20, 27jan2018, Mon, 5 March 2020 10:30, 5. März 2020, 5 de marzo de 2020."""

MONTH_LED = re.compile(
    rf"{WEEKDAY}({MONTH}){BETWEEN}{DAY_OF_MONTH}(?:\s*,\s*|\s+|-)(\d{{4}}){TIME}", re.IGNORECASE
)
"""Dec 21, 1937."""

MONTH_ALONE = re.compile(rf"({MONTH}){BETWEEN}(\d{{4}})", re.IGNORECASE)
YEAR_LED = re.compile(rf"([12]\d{{3}})[-\s./]({MONTH})[-\s./]+{DAY_OF_MONTH}{TIME}", re.IGNORECASE)
YEAR_MONTH = re.compile(r"([12]\d{3})[-/](0?[1-9]|1[0-2])|(0[1-9]|1[0-2])[-/]([12]\d{3})")
QUARTER = re.compile(r"([12]\d{3})[-\s]?Q([1-4])|Q([1-4])[-/\s]?([12]\d{3})", re.IGNORECASE)
WEEK = re.compile(
    r"([12]\d{3})[-\s]?(?:W|KW)\s?(\d\d?)(?:-?([1-7]))?|(?:W|KW)\s?(\d\d?)[-/\s]?([12]\d{3})",
    re.IGNORECASE,
)
"""2018-W05, 2018W5, KW 5/2018: a week of ISO 8601, or a day of it."""

ENGLISH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
PLAIN = re.compile(
    rf"(?=.*\b{ENGLISH}|.*\d{ENGLISH})(?=.*(?<!\d)[12]\d{{3}}(?!\d)).*"
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


def is_date(text: str) -> bool:
    """Whether a text has the form of a date, or of a time; numbers have not.

    >>> [is_date(text) for text in ("Dec 21, 1937", "27jan2018", "2018Q1", "9:30", "May", "2018")]
    [True, True, True, True, False, False]
    >>> [is_date(text) for text in ("5. März 2020", "1er août 2019", "2018-W05", "KW 5/2018")]
    [True, True, True, True]
    """
    forms = (DATE, NAMED, MONTH_LED, MONTH_ALONE, YEAR_LED, YEAR_MONTH, QUARTER, WEEK, CLOCK)
    return any(form.fullmatch(_composed(text)) for form in forms)


def are_times(texts: Sequence[str]) -> bool:
    """Whether texts are times without a date."""
    return bool(texts) and all(map(CLOCK.fullmatch, texts))


def as_days(
    texts: Sequence[str], *, day_first: bool | None, clock: bool = False
) -> list[float | None]:
    """Days since 1970 of distinct texts; None for what is no date.

    `day_first` tells 3/4/2020 as the third of April; None where such a date is refused. With
    `clock`, texts are times without a date, each a share of a day.

    >>> as_days(["1970-01-03", "3/2/1970", "soon"], day_first=True)
    [2.0, 33.0, None]
    >>> as_days(["12:00", "6 PM", "6:00 PM"], day_first=None, clock=True)
    [0.5, None, 0.75]
    """
    if clock:
        found = [CLOCK.fullmatch(text) for text in texts]
        texts = [f"1970-01-01 {time[1]}" if time else "" for time in found]
    plain = pd.Series([_plain(text, day_first) for text in texts], dtype="str")
    dates = pd.to_datetime(plain, format="mixed", errors="coerce", utc=True).dt.tz_localize(None)
    days = (dates.to_numpy("datetime64[us]") - np.datetime64(0, "us")) / DAY
    return [None if np.isnan(day) else day for day in days.tolist()]


def _plain(text: str, day_first: bool | None) -> str:
    """A date with the year first, then the month; nothing for what is none."""
    if found := DATE.fullmatch(text):
        return _ordered(found, day_first)
    if found := DIGITS.fullmatch(text):
        return f"{found[1]}-{found[2]}-{found[3]}{_time(found[4])}"
    return _named(text) or (text if PLAIN.fullmatch(text) else "")


def _named(text: str) -> str:
    """A date that names its month, or that is no day but a week or longer; it begins then."""
    text = _composed(text)
    orders = ((NAMED, (3, 2, 1)), (MONTH_LED, (3, 1, 2)), (YEAR_LED, (1, 2, 3)))
    for form, (year, month, day) in orders:
        if found := form.fullmatch(text):
            return _iso(_year(found[year]), found[month], found[day], found[4])
    if found := MONTH_ALONE.fullmatch(text):
        return _iso(found[2], found[1], "1", None)
    if found := YEAR_MONTH.fullmatch(text):
        return f"{found[1] or found[4]}-{int(found[2] or found[3]):02}-01"
    if found := QUARTER.fullmatch(text):
        return f"{found[1] or found[4]}-{3 * int(found[2] or found[3]) - 2:02}-01"
    return _day_of_week(found) if (found := WEEK.fullmatch(text)) else ""


def _day_of_week(found: re.Match[str]) -> str:
    """The Monday of a week, unless it names another day; nothing of a week that a year lacks."""
    year, week = int(found[1] or found[5]), int(found[2] or found[4])
    try:
        return date.fromisocalendar(year, week, int(found[3] or 1)).isoformat()
    except ValueError:
        return ""


def _composed(text: str) -> str:
    """Letters with their accents as one sign, as names of months are written here."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _iso(year: str, month: str, day: str, time: str | None) -> str:
    return f"{year}-{NUMBERS[month.lower()]:02}-{int(day):02}{_time(time)}"


def _time(text: str | None) -> str:
    """A time behind a date, as it is written everywhere."""
    return f" {text[1:]}" if text else ""


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
    return f"{year}-{month:02}-{int(day):02}{_time(found[4])}"


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
