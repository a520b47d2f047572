"""pictures.json: what is written is what is read."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.metrics.effect import Effect
from mlp_lab.report.pictures import (
    FILE,
    KINDS,
    Calibration,
    Confusion,
    Effects,
    Fit,
    Importance,
    Observed,
    Picture,
    Plane,
    read_pictures,
    write_pictures,
)

ENDS = {"low": [0.0], "high": [1.0], "rows": 9}

EFFECT = Effect("x", "", [], [1.0, 2.0], [0.5, 0.6], [0.4, 0.5], [0.6, 0.7], (0.1, 0.0, 0.2))

PICTURES: list[Picture] = [
    Confusion("val", ["a", "b"], [[8.0, 2.0], [0.0, 10.0]]),
    Observed("test", "y", [1.0], [2.0]),
    Calibration("test", [0.9], [0.8], [0.6], [0.9], [30.0], [30]),
    Fit("x", "y", [0.0, 1.0], [0.5, 0.25], ([0.5], [0.5])),
    Plane(("x", "z"), "y", [], [0.0, 1.0], [0.0], [[1.0, 2.0]], ([0.5], [0.5], [2.0])),
    Importance("y", "r2", ["x", "z"], [0.5, 0.1], [0.4, 0.0], [0.6, 0.2], 60),
    Effects("val", "y", 60, [EFFECT]),
]


def test_pictures_survive_the_disk(tmp_path: Path) -> None:
    """Each under the name of its file; a folder without any has none."""
    assert read_pictures(tmp_path) == {}
    write_pictures(PICTURES, tmp_path)
    assert list(json.loads((tmp_path / FILE).read_text())) == list(KINDS)
    found = read_pictures(tmp_path)
    write_pictures(list(found.values()), tmp_path)
    assert read_pictures(tmp_path) == found
    for name, picture in zip(KINDS, PICTURES, strict=True):
        assert type(found[name]) is type(picture)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("confusion", {"part": "val", "classes": ["a"], "counts": [[1, 2]]}, "equally many"),
        (
            "confusion",
            {"part": "x", "classes": ["a"], "counts": [[1]]},
            "part must be one of train",
        ),
        ("observed", {"part": "val", "target": "y", "observed": [], "predicted": []}, "equally"),
        (
            "importance",
            {"target": "y", "score": "r2", "columns": ["a"], "losses": ["b"], **ENDS},
            r"losses\[0\] must be a",
        ),
        (
            "importance",
            {"target": "y", "score": "r2", "columns": ["a"], **ENDS},
            "losses is missing",
        ),
        (
            "effects",
            {
                "part": "val",
                "target": "y",
                "rows": 9,
                "columns": [{**asdict(EFFECT), "levels": ["a", "b", "c"]}],
            },
            "equally many",
        ),
    ],
)
def test_what_cannot_be_drawn(name: str, content: object, words: str, tmp_path: Path) -> None:
    """The file is named, and the key."""
    path = tmp_path / "pictures.json"
    path.write_text(json.dumps({name: content}))
    with pytest.raises(UserError, match=f"^{path}: {name}.*{words}"):
        read_pictures(tmp_path)


def test_what_is_not_finite_comes_back(tmp_path: Path) -> None:
    """JSON has no word for it."""
    write_pictures([Importance("y", "r2", ["a"], [math.inf], [0.0], [1.0], 9)], tmp_path)
    (found,) = read_pictures(tmp_path).values()
    assert isinstance(found, Importance)
    assert math.isnan(found.losses[0])
