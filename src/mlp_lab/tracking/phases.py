"""Phases of a learning curve: where the loss falls, stays on a plateau, or rises.

The rule: losses are averaged over a twentieth of the epochs. An epoch belongs to a fall where that
average goes down, across a tenth of the epochs around it, at least a quarter as fast as the curve
would on a straight way from its highest to its lowest loss; to a rise where it goes up as fast;
else to a plateau. A stretch shorter than a twentieth of the epochs belongs to the phase before it.
Where losses span decades, their logarithms count, as in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

FALL, PLATEAU, RISE = "fall", "plateau", "rise"

SPEED = 0.25
"""Of that of a straight way, below which an epoch is one of a plateau."""

WINDOW = 0.1
"""Of the epochs, over which a speed is taken; losses are averaged over half of it."""

LEAST = 10
"""Epochs of a curve that has phases: below, it is too short to tell a plateau from a slow step."""

DECADES = 30
"""Ratio of the largest loss to the smallest from which logarithms count."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of epochs, the first and the last included, counted from 1."""

    name: str
    first: int
    last: int


def phases(losses: Sequence[float]) -> list[Phase]:
    """Falls, plateaus and rises of the losses after epochs 1, 2, ...; none of a short curve.

    Losses that are not finite end the curve.

    Examples:
        >>> curve = [1 - 0.1 * min(epoch, 10) for epoch in range(1, 41)]
        >>> [(phase.name, phase.first, phase.last) for phase in phases(curve)]
        [('fall', 1, 12), ('plateau', 13, 40)]
    """
    finite = _finite(losses)
    if len(finite) < LEAST:
        return []
    half = max(1, round(WINDOW * len(finite) / 2))
    names = _smoothed(_names(_averaged(_scaled(finite), half // 2), half), half)
    found, start = [], 1
    for name, stretch in groupby(names):
        length = len(list(stretch))
        found.append(Phase(name, start, start + length - 1))
        start += length
    return found


def in_words(found: Sequence[Phase]) -> str:
    """`fall from epoch 1 to 12, plateau from epoch 13 to 40`."""
    return ", ".join(f"{phase.name} from epoch {phase.first} to {phase.last}" for phase in found)


def _finite(losses: Sequence[float]) -> list[float]:
    end = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    return list(losses[:end])


def _scaled(losses: Sequence[float]) -> list[float]:
    low, high = min(losses), max(losses)
    return [math.log(loss) for loss in losses] if low > 0 and high > DECADES * low else list(losses)


def _averaged(losses: Sequence[float], half: int) -> list[float]:
    """Means over windows, which are cut where the curve begins and ends."""
    return [fmean(losses[max(0, k - half) : k + half + 1]) for k in range(len(losses))]


def _names(averages: Sequence[float], half: int) -> list[str]:
    """Of each epoch, by what lies around it."""
    last = len(averages) - 1
    straight = (max(averages) - min(averages)) / last
    names = []
    for epoch in range(len(averages)):
        start, end = max(0, epoch - half), min(last, epoch + half)
        speed = (averages[start] - averages[end]) / (end - start)
        fast = straight > 0 and abs(speed) >= SPEED * straight
        names.append((FALL if speed > 0 else RISE) if fast else PLATEAU)
    return names


def _smoothed(names: Sequence[str], half: int) -> list[str]:
    """Stretches shorter than half a window are those before them, the first that behind it."""
    stretches = [(name, len(list(stretch))) for name, stretch in groupby(names)]
    kept: list[str] = []
    for place, (name, length) in enumerate(stretches):
        short = length < half and len(stretches) > 1
        own = (kept[-1] if kept else stretches[place + 1][0]) if short else name
        kept += [own] * length
    return kept
