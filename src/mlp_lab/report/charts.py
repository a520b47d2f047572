"""The numbers of curves in a page, which its script draws: read off, zoomed and switched."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

MOST = 2000
"""Epochs of a curve that a page holds: evenly spread, with the last."""

DIGITS = 5
"""Significant ones of a number in a page."""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve: its numbers by epoch, from the first; `thin` is one run of several."""

    label: str
    values: Sequence[float]
    colour: str
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves of one quantity; `best` is an epoch that is marked, or 0.

    A thin curve is switched with the next one that is not.
    """

    quantity: str
    series: Sequence[Series]
    best: int = 0
    logarithmic: bool = False
    plateaus: Sequence[tuple[int, int]] = ()
    """Stretches of epochs that are shaded, the first and the last included."""

    resting: str = "the training loss"
    """What is on a plateau there, in words."""

    def to_json(self) -> str:
        """What the script reads, safe within a page."""
        epochs = _spread(max((len(own.values) for own in self.series), default=0))
        owners = [
            next(n for n in range(k, len(self.series)) if not self.series[n].thin)
            for k in range(len(self.series))
        ]
        series = [
            asdict(own) | {"values": list(_at(own.values, epochs)), "with": owner}
            for own, owner in zip(self.series, owners, strict=True)
        ]
        content = asdict(self) | {"series": series, "epochs": epochs}
        text = json.dumps(content, allow_nan=False, ensure_ascii=True)
        for sign in "<>&":  # none ends the element that the text stands in
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return text


def _spread(count: int) -> list[int]:
    """At most so many epochs of all, from 1."""
    if count <= MOST:
        return list(range(1, count + 1))
    return [1 + round(k * (count - 1) / (MOST - 1)) for k in range(MOST)]


def _at(values: Sequence[float], epochs: Iterable[int]) -> Iterable[float | None]:
    """Numbers at some epochs; none where a curve has ended, or is not finite."""
    for epoch in epochs:
        value = values[epoch - 1] if epoch <= len(values) else math.nan
        yield float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


@cache
def script() -> str:
    """What draws all charts of a page, built from `frontend/`."""
    return (files("mlp_lab.report") / "templates" / "charts.js").read_text(encoding="utf-8")
