"""How long a run may train, as it is written: `60s`, `5m`, `1h`, or a number of seconds."""

from __future__ import annotations

import math
import re

from mlp_lab.errors import require

SECONDS = {"s": 1, "m": 60, "h": 3600}
"""Of a unit."""

LONGEST = 366 * 24 * 3600
"""Seconds; what is longer was not meant."""

RULE = "positive seconds, or a number with its unit, as 60s, 5m or 1h"


def seconds_of(value: float | str, key: str) -> float:
    """Seconds of a budget.

    >>> seconds_of("90", "budget"), seconds_of("1.5m", "budget"), seconds_of(20, "budget")
    (90.0, 90.0, 20.0)

    Raises:
        UserError: it is none, or not positive; `key` is named.
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([smh]?)", str(value).strip(), re.ASCII)
    if isinstance(value, str):
        require(found is not None, key, RULE, value)
        assert found is not None
        seconds = float(found[1]) * SECONDS.get(found[2], 1)
    else:
        seconds = float(value)
    require(math.isfinite(seconds) and seconds > 0, key, RULE, value)
    require(seconds <= LONGEST, key, "at most a year", value)
    return seconds


def written(seconds: float) -> str:
    """A budget as one would type it.

    >>> written(90), written(7200), written(0.5)
    ('90s', '2h', '0.5s')
    """
    for unit in ("h", "m"):
        if seconds % SECONDS[unit] == 0:
            return f"{seconds / SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"
