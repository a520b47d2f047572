"""What the pictures of a run show, as plain numbers: pictures.json; report.figures draws them.

About rows that were not trained on, where there are any.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mlp_lab.files import to_json, write_whole

Numbers = list[float]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by class and predicted class; a row of `counts` for each true class."""

    part: str
    classes: list[str]
    counts: list[Numbers]


@dataclass(frozen=True, slots=True)
class Observed:
    """Predicted numbers against observed ones, in the target's own units."""

    part: str
    target: str
    observed: Numbers
    predicted: Numbers


@dataclass(frozen=True, slots=True)
class Calibration:
    """Rows by the probability of their predicted class: mean probability, share right, weight."""

    part: str
    confidence: Numbers
    accuracy: Numbers
    weight: Numbers


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
    """Skill that is lost when a column is shuffled in the validation rows; highest first."""

    target: str
    columns: list[str]
    losses: Numbers


Picture = Confusion | Observed | Calibration | Fit | Plane | Importance

KINDS: dict[str, type[Picture]] = {
    "confusion": Confusion,
    "observed": Observed,
    "calibration": Calibration,
    "fit": Fit,
    "plane": Plane,
    "importance": Importance,
}
"""Name of a picture's file -> what it shows."""

FILE = "pictures.json"


def write_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    """Write the numbers of pictures as pictures.json."""
    names = {kind: name for name, kind in KINDS.items()}
    content = {names[type(picture)]: asdict(picture) for picture in pictures}
    write_whole(folder / FILE, to_json(content), wait=False)


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Name -> picture, from pictures.json; none where it is missing."""
    path = folder / FILE
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: KINDS[name](**fields) for name, fields in content.items()}
