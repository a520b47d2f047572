"""What pictures show, against independent computations."""

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from lab import train
from matplotlib.image import imread
from sklearn.calibration import calibration_curve
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mlp_lab import load
from mlp_lab.report.pictures import (
    KINDS,
    Calibration,
    Confusion,
    Fit,
    Importance,
    Observed,
    Plane,
    read_pictures,
)

WORDS = ("quiet=true", "epochs=15", "model.width=16")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One for each kind of data."""
    folder = tmp_path_factory.mktemp("pictures")
    names = ("breast_cancer", "diabetes", "sine", "moons", "wine")
    return {name: train(folder / name, f"data={name}", *WORDS) for name in names}


def test_which_pictures_there_are(runs: dict[str, Path]) -> None:
    """By the task and the number of inputs; each is a file of its own."""
    found = {name: list(read_pictures(folder)) for name, folder in runs.items()}
    assert found == {
        "breast_cancer": ["confusion", "calibration", "importance"],
        "wine": ["confusion", "calibration", "importance"],
        "moons": ["confusion", "calibration", "plane", "importance"],
        "diabetes": ["observed", "importance"],
        "sine": ["observed", "fit"],
    }
    assert {name for names in found.values() for name in names} == KINDS.keys()
    for name, folder in runs.items():
        for picture in ("learning_curve", *found[name]):
            height, width = imread(folder / f"{picture}.png").shape[:2]
            assert min(height, width) > 200


def test_images_in_tensorboard(runs: dict[str, Path]) -> None:
    """All of them together, under their names, at the best epoch."""
    events = EventAccumulator(str(runs["moons"])).Reload()
    drawn = {f"pictures/{path.stem}" for path in runs["moons"].glob("*.png")}
    assert set(events.Tags()["images"]) == drawn
    (image,) = events.Images("pictures/plane")
    result = json.loads((runs["moons"] / "result.json").read_text())
    assert image.step == result["best_epoch"]
    assert image.encoded_image_string == (runs["moons"] / "plane.png").read_bytes()
    shape = imread(runs["moons"] / "plane.png").shape
    assert (image.height, image.width) == shape[:2]


def test_confusion_adds_up(runs: dict[str, Path]) -> None:
    """To the test rows, and to the accuracy of result.json."""
    picture = cast(Confusion, read_pictures(runs["wine"])["confusion"])
    result = json.loads((runs["wine"] / "result.json").read_text())
    counts = np.array(picture.counts)
    assert picture.part == "test"
    assert counts.sum() == result["rows"]["test"]
    assert np.trace(counts) / counts.sum() == pytest.approx(result["test"]["accuracy"])


def test_calibration_against_scikit_learn(runs: dict[str, Path]) -> None:
    """Of two classes; ours is of the predicted class, whichever it is."""
    picture = cast(Calibration, read_pictures(runs["moons"])["calibration"])
    result = json.loads((runs["moons"] / "result.json").read_text())
    weight = np.array(picture.weight)
    assert weight.sum() == result["rows"]["test"]
    gaps = np.abs(np.subtract(picture.confidence, picture.accuracy))
    error = result["test"]["calibration_error"]
    assert np.average(gaps, weights=weight) == pytest.approx(error, abs=1e-6)
    right = np.average(picture.accuracy, weights=weight)
    assert right == pytest.approx(result["test"]["accuracy"])
    # Scikit-learn's curve of rows that are right, from bins rebuilt out of the picture.
    labels, sure = [], []
    for share, confidence, count in zip(
        picture.accuracy, picture.confidence, picture.weight, strict=True
    ):
        labels += [1] * round(share * count) + [0] * round((1 - share) * count)
        sure += [confidence] * round(count)
    accuracy, confidence = calibration_curve(labels, sure, n_bins=10)
    np.testing.assert_allclose(accuracy, picture.accuracy, atol=1e-9)
    np.testing.assert_allclose(confidence, picture.confidence, atol=1e-9)


def test_observed_numbers(runs: dict[str, Path]) -> None:
    """In the target's own units: their errors are those of result.json."""
    picture = cast(Observed, read_pictures(runs["diabetes"])["observed"])
    result = json.loads((runs["diabetes"] / "result.json").read_text())
    errors = np.subtract(picture.predicted, picture.observed)
    assert len(errors) == result["rows"]["test"]
    assert np.sqrt((errors**2).mean()) == pytest.approx(result["test"]["rmse"], rel=1e-5)


def test_a_fitted_curve_is_the_networks(runs: dict[str, Path]) -> None:
    """What the saved network predicts at the same places."""
    picture = cast(Fit, read_pictures(runs["sine"])["fit"])
    again = load(runs["sine"]).predict(np.array(picture.x)[:, None]).astype(float)
    np.testing.assert_allclose(again, picture.y, rtol=1e-4, atol=1e-5)
    assert min(picture.x) < min(picture.points[0]) < max(picture.points[0]) < max(picture.x)


def test_a_plane_is_the_networks(runs: dict[str, Path]) -> None:
    """The class at each point of the grid; a row for each y."""
    picture = cast(Plane, read_pictures(runs["moons"])["plane"])
    x, y = np.meshgrid(picture.x, picture.y)
    again = load(runs["moons"]).predict(np.column_stack([x.ravel(), y.ravel()]))
    names = np.array(picture.classes)[np.array(picture.predicted).astype(int)]
    assert (names.ravel() == again).mean() > 0.999  # rounding, along the boundary
    labels = np.array(picture.points[2])
    assert set(labels) == {0.0, 1.0}


def test_importance_is_ordered(runs: dict[str, Path]) -> None:
    """Every column once, most important first."""
    picture = cast(Importance, read_pictures(runs["diabetes"])["importance"])
    assert picture.losses == sorted(picture.losses, reverse=True)
    schema = json.loads((runs["diabetes"] / "schema.json").read_text())
    assert set(picture.columns) == {column["name"] for column in schema["columns"]}
