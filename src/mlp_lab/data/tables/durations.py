"""Texts of durations -> seconds; what tells 1:30, a duration, from 1:30, a time of day."""

import re
from collections.abc import Sequence
from datetime import timedelta

CLOCKED = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d+)\s?(?:days?|d|Tage?|giorn[oi]|jours?|días?),?\s)?\s?\+?"
    r"(?P<first>\d{1,5}):(?P<second>[0-5]\d)(?::(?P<third>[0-5]\d))?(?P<rest>[.,]\d{1,9})?",
    re.IGNORECASE,
)
"""1:30:00, 30:15, 2 days 03:04:05, and 1 day, 2:03:04 as Python writes it."""

UNITS = {
    604_800: "weeks week wk w wochen woche settimane settimana semaines semaine semanas semana",
    86_400: "days day d tage tagen tag giorni giorno jours jour días día dias dia",
    3_600: "hours hour hrs hr h stunden stunde std ore ora heures heure horas hora",
    60: "minutes minute mins min m minuten minuti minuto minutos mn",
    1: "seconds second secs sec s sekunden sekunde sek secondi secondo secondes seconde segundos"
    " segundo",
}
SECONDS = {name: seconds for seconds, names in UNITS.items() for name in names.split()}
"""Names of units in English, German, Italian, French and Spanish, and what they last."""

NAMES = "|".join(sorted(SECONDS, key=len, reverse=True))
AND = r"(?:\s?(?:,|and|und|e|et|y)\s)?\s*"
PART = re.compile(rf"(\d+(?:[.,]\d+)?)\s?({NAMES})(?![^\W\d_])\.?{AND}", re.IGNORECASE)
WORDED = re.compile(rf"(?:{PART.pattern})+", re.IGNORECASE)
"""5h 12m, 1 hour and 5 minutes."""

ISO = re.compile(
    r"(-)?P(?=[\dT])(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?"
)
"""PT1H30M, as in ISO 8601, without months and years."""

LONG, SHORT, PAIRS = "h:mm:ss", "m:ss", "h:mm"
"""Forms of durations; in the latter two, what two numbers with a colon between them are."""

FORMS = (LONG, SHORT, PAIRS)

DAY = 24
"""An hour that no time of day has."""
SHORT_HOURS = 6
"""Hours below which times with seconds, and without a zero in front, are taken for durations."""


def as_seconds(text: str, form: str = LONG) -> float | None:
    """The seconds that a duration lasts, or None; `form` says what two numbers are.

    >>> [as_seconds(text) for text in ("1:30:00", "5h 12m", "2 days 03:04:05", "PT1H", "soon")]
    [5400.0, 18720.0, 183845.0, 3600.0, None]
    >>> as_seconds("30:15"), as_seconds("30:15", PAIRS)
    (1815.0, 108900.0)
    """
    text = text.strip()
    if found := CLOCKED.fullmatch(text):
        return _clocked(found, form)
    if WORDED.fullmatch(text):
        parts = [(float(part[1].replace(",", ".")), part[2]) for part in PART.finditer(text)]
        return sum(number * SECONDS[unit.lower()] for number, unit in parts)
    if found := ISO.fullmatch(text):
        weeks, days, hours, minutes, seconds = (
            float((part or "0").replace(",", ".")) for part in found.groups()[1:]
        )
        total = 604_800 * weeks + 86_400 * days + 3600 * hours + 60 * minutes + seconds
        return -total if found[1] else total
    return None


def _clocked(found: re.Match[str], form: str) -> float:
    numbers = [float(found["first"]), float(found["second"])]
    if found["third"] is not None:
        hours, minutes, seconds = *numbers, float(found["third"])
    elif form == PAIRS or found["days"] is not None:
        hours, minutes, seconds = *numbers, 0.0
    else:
        hours, minutes, seconds = 0.0, *numbers
    rest = float((found["rest"] or ".0").replace(",", "."))
    clock = 3600 * hours + 60 * minutes + seconds + rest
    days = 86_400 * float(found["days"] or 0)
    if found["days"] is not None and "+" in found[0]:  # -1 days +23:00:00, as pandas writes it
        return clock - days if found["sign"] else clock + days
    return -(clock + days) if found["sign"] else clock + days


def duration_form(texts: Sequence[str]) -> str:
    """The form of durations, if all texts are some; else nothing.

    >>> [duration_form(texts) for texts in (["30:15", "4:10"], ["9:30", "10:15"], ["1:30:00"])]
    ['m:ss', 'h:mm', 'h:mm:ss']
    """
    if not texts or any(as_seconds(text) is None for text in texts):
        return ""
    found = [CLOCKED.fullmatch(text.strip()) for text in texts]
    pairs = [one for one in found if one is not None and one["third"] is None and not one["days"]]
    if not pairs:
        return LONG
    shorter = len(pairs) < len(found) or any(
        int(one["first"]) >= DAY or one["rest"] is not None for one in pairs
    )
    return SHORT if shorter else PAIRS


def surely_durations(texts: Sequence[str]) -> bool:
    """Whether texts that may be times of day are durations: by their hours, or how they begin.

    >>> surely_durations(["9:30", "25:10"]), surely_durations(["0:45:10", "2:05:00"])
    (True, True)
    >>> surely_durations(["9:30", "14:10"]), surely_durations(["00:45:10", "02:05:00"])
    (False, False)
    """
    found = [CLOCKED.fullmatch(text.strip()) for text in texts]
    clocked = [one for one in found if one is not None]
    if len(clocked) < len(found) or any(one["days"] or one["sign"] for one in clocked):
        return True
    if any(int(one["first"]) >= DAY for one in clocked):
        return True
    return all(
        one["third"] is not None and len(one["first"]) == 1 and int(one["first"]) < SHORT_HOURS
        for one in clocked
    )


def clock_text(span: timedelta) -> str:
    """A duration as it is written everywhere.

    >>> clock_text(timedelta(hours=1, minutes=30)), clock_text(timedelta(days=-1, seconds=5))
    ('1:30:00', '-23:59:55')
    """
    micros = round(span / timedelta(microseconds=1))
    whole, rest = divmod(abs(micros), 1_000_000)
    text = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{'-' * (micros < 0)}{text}" + f".{rest:06}" * (rest > 0)
