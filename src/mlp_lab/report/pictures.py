"""What the pictures of a run show, as plain numbers: pictures.json; report.figures draws them.

About rows that were not trained on, where there are any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from dataclasses import asdict, dataclass
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import to_json, write_whole
from mlp_lab.metrics.effect import Effect
from mlp_lab.plain import brief, read_as, require_keys
from mlp_lab.runs.result_file import PARTS
from mlp_lab.stored import naming, read_json

Numbers = list[float]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by class and predicted class; a row of `counts` for each true class.

    `target` is that of several, else nothing.
    """

    part: str
    classes: list[str]
    counts: list[Numbers]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """Predicted numbers against observed ones, in the target's own units."""

    part: str
    target: str
    observed: Numbers
    predicted: Numbers


@dataclass(frozen=True, slots=True)
class Calibration:
    """Rows by the probability of their predicted class: mean probability, share right, weight.

    `low` and `high` are the ends of a 95 % interval of the share right; `rows` are counts.
    `target` is that of several, else nothing.
    """

    part: str
    confidence: Numbers
    accuracy: Numbers
    low: Numbers
    high: Numbers
    weight: Numbers
    rows: list[int]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """A function of one input: the network's, and training rows as points; own units."""

    input: str
    target: str
    x: Numbers
    y: Numbers
    points: tuple[Numbers, Numbers]


@dataclass(frozen=True, slots=True)
class Plane:
    """What is predicted over two inputs: class indices, or numbers; training rows as points."""

    inputs: tuple[str, str]
    target: str
    classes: list[str]
    x: Numbers
    y: Numbers
    predicted: list[Numbers]
    """A row for each y."""
    points: tuple[Numbers, Numbers, Numbers]


@dataclass(frozen=True, slots=True)
class Importance:
    """Score that is lost when a column is shuffled in the validation rows; highest first.

    `low` and `high` are the ends of its 95 % interval, `rows` how many were shuffled.
    """

    target: str
    score: str
    columns: list[str]
    losses: Numbers
    low: Numbers
    high: Numbers
    rows: int
    several: bool = False
    """Whether the score is a mean over targets."""
    shuffles: int = 5
    """How often each was shuffled."""
    cluster: str = ""
    """The column whose values intervals resample, if not rows."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What the most important columns do to the predictions, by so many rows of a part.

    `cluster`: the column whose values intervals resample, if not rows.
    """

    part: str
    target: str
    rows: int
    columns: list[Effect]
    cluster: str = ""


Picture = Confusion | Observed | Calibration | Fit | Plane | Importance | Effects

KINDS: dict[str, type[Picture]] = {
    "confusion": Confusion,
    "observed": Observed,
    "calibration": Calibration,
    "fit": Fit,
    "plane": Plane,
    "importance": Importance,
    "effects": Effects,
}
"""Name of a picture's file -> what it shows."""

MOST_TARGETS = 12
"""Of several, those that have pictures of their own."""

FILE = "pictures.json"


def write_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    """Write the numbers of pictures as pictures.json: `fit`, or `fit_1`, `fit_2`, ..."""
    content: dict[str, object] = {}
    for name, kind in KINDS.items():
        own = [_plain(picture) for picture in pictures if type(picture) is kind]
        numbered = [name] if len(own) == 1 else [f"{name}_{n + 1}" for n in range(len(own))]
        content |= dict(zip(numbered, own, strict=True))
    write_whole(folder / FILE, to_json(content), wait=False)


def _plain(picture: Picture) -> dict[str, object]:
    """As JSON has it, without a target or a cluster that has no name."""
    unnamed = [("target", ""), ("cluster", "")]
    return {key: own for key, own in asdict(picture).items() if (key, own) not in unnamed}


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Name -> picture, from pictures.json; none where it is missing.

    Raises:
        UserError: it holds what cannot be drawn.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    found = _without_null(read_json(path, megabytes=64))
    with naming(path):
        content = read_as(dict[str, object], found)
        numbered = [f"{name}_{n + 1}" for name in KINDS for n in range(MOST_TARGETS)]
        require_keys(content, dict.fromkeys([*KINDS, *numbered], False))
        pictures = {
            name: read_as(KINDS[name.partition("_")[0]], content[name], name) for name in content
        }
        for name, picture in pictures.items():
            _require_drawable(picture, name)
    return pictures


def _without_null(value: object) -> object:
    """NaN for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _without_null(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_null(entry) for entry in value]
    return math.nan if value is None else value


def _require_drawable(picture: Picture, key: str) -> None:
    """Raise unless the numbers of a picture are of one length, and there are some."""
    match picture:
        case Confusion():
            square = [len(picture.classes)] * (len(picture.classes) + 1)
            lengths = [len(picture.counts), *map(len, picture.counts)]
            fits = lengths == square and min(map(min, picture.counts), default=-1) >= 0
        case Observed():
            fits = _alike(picture.observed, picture.predicted)
        case Calibration():
            columns = (picture.confidence, picture.accuracy, picture.weight)
            fits = _alike(*columns, picture.low, picture.high, picture.rows)
            fits = fits and min(picture.weight) > 0
        case Fit():
            fits = _alike(picture.x, picture.y) and _alike(*picture.points)
        case Plane():
            fits = _alike(picture.y, picture.predicted) and _alike(*picture.points)
            fits = fits and _alike(picture.x, *picture.predicted)
        case Importance():
            fits = _alike(picture.columns, picture.losses, picture.low, picture.high)
        case Effects():
            fits = bool(picture.columns) and all(
                _alike(own.values, own.mean, own.low, own.high, own.levels or own.values)
                for own in picture.columns
            )
    if not fits:
        raise UserError(f"{key} must hold equally many numbers of each kind")
    if not isinstance(picture, Fit | Plane | Importance) and picture.part not in PARTS:
        raise UserError(f"{key}.part must be one of {', '.join(PARTS)}, got {brief(picture.part)}")


def _alike(*columns: Sized) -> bool:
    return len(columns[0]) > 0 and len({len(column) for column in columns}) == 1
