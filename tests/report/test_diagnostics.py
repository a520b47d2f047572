"""What pictures show, against independent computations."""

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from lab import train
from matplotlib.image import imread
from several import LABELS, NUMBERS, pupils, words
from sklearn.calibration import calibration_curve
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mlp_lab import MLPRegressor, load
from mlp_lab.report.diagnostics import pictures_of
from mlp_lab.report.pictures import (
    KINDS,
    Calibration,
    Confusion,
    Effects,
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
        "breast_cancer": ["confusion", "calibration", "importance", "effects"],
        "wine": ["confusion", "calibration", "importance", "effects"],
        "moons": ["confusion", "calibration", "plane", "importance", "effects"],
        "diabetes": ["observed", "importance", "effects"],
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
    assert picture.rows == picture.weight  # each row counts 1
    ends = zip(picture.low, picture.accuracy, picture.high, strict=True)
    assert all(0 <= low <= share <= high <= 1 and high - low > 0 for low, share, high in ends)


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
    assert (picture.score, picture.several) == ("r2", False)
    ends = zip(picture.low, picture.losses, picture.high, strict=True)
    assert all(low <= loss <= high for low, loss, high in ends)


def test_effects_are_of_the_most_important_columns(runs: dict[str, Path]) -> None:
    """Four of them in that order, and the page has a sentence for each."""
    found = read_pictures(runs["diabetes"])
    effects = cast(Effects, found["effects"])
    names = [own.column for own in effects.columns]
    assert names == cast(Importance, found["importance"]).columns[:4]
    assert effects.part == "val"
    page = (runs["diabetes"] / "report.html").read_text()
    assert "What columns do" in page
    assert all(f" of {own} the predicted progression " in page for own in names if own != "sex")


def test_effects_can_be_left_out() -> None:
    """As the many jobs of a sweep do; nothing else changes."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(60, 2))
    own = MLPRegressor(0, epochs=20, lr=0.1, val_fraction=0.3).fit(rows, rows @ [2.0, 1.0])._fitted
    whole, without = (pictures_of(own.finished, effects=wanted) for wanted in (True, False))
    assert isinstance(whole[-1], Effects)
    assert without == whole[:-1]


def test_each_target_has_its_own_pictures(tmp_path: Path) -> None:
    """Scatter, or confusion matrix and calibration, and the page shows all under their names."""
    numbers = train(tmp_path / "numbers", *words(tmp_path, *NUMBERS, "epochs=5"))
    found = read_pictures(numbers)
    assert list(found) == ["observed_1", "observed_2", "importance"]
    first, second = (cast(Observed, found[f"observed_{n}"]) for n in (1, 2))
    assert (first.target, second.target) == ("math", "reading")
    assert min(first.observed) > 100
    assert max(second.observed) < 3
    labels = train(tmp_path / "labels", *words(tmp_path, *LABELS, "epochs=5"))
    found = read_pictures(labels)
    names = ["confusion_1", "confusion_2", "calibration_1", "calibration_2", "importance"]
    assert list(found) == names
    result = json.loads((labels / "result.json").read_text())
    for n, target in enumerate(("voted", "member"), start=1):
        counts = np.array(cast(Confusion, found[f"confusion_{n}"]).counts)
        right = np.trace(counts) / counts.sum()
        assert right == pytest.approx(result["targets"][target]["test"]["accuracy"])
    page = (labels / "report.html").read_text()
    for said in (
        "Confusion matrix: voted",
        "Calibration: member",
        "Scores of each target, test rows",
    ):
        assert said in page
    assert all((labels / f"{name}.png").is_file() for name in names)


def test_a_surface_of_each_target_over_two_columns(tmp_path: Path) -> None:
    """And of more targets than can be drawn, the page says how many are not."""
    pupils().to_csv(tmp_path / "survey.csv", index=False)
    given = words(tmp_path, "data.target=[math,reading]", "data.features=[a,b]", "epochs=5")
    run = train(tmp_path / "run", *given)
    planes = [cast(Plane, read_pictures(run)[f"plane_{n}"]) for n in (1, 2)]
    assert [plane.target for plane in planes] == ["math", "reading"]
    grid = np.column_stack([np.full(2, planes[0].x[3]), [planes[0].y[0], planes[0].y[-1]]])
    expected = load(run).predict(grid).astype(float)
    for t, plane in enumerate(planes):
        assert [plane.predicted[0][3], plane.predicted[-1][3]] == pytest.approx(
            expected[:, t], rel=1e-4
        )
    many = {f"t{i}": pupils()["a"] * i + pupils()["b"] for i in range(14)}
    pupils()[["a", "b", "c"]].assign(**many).to_csv(tmp_path / "survey.csv", index=False)
    given = words(tmp_path, f"data.target=[{','.join(many)}]", "epochs=2")
    page = (train(tmp_path / "many", *given) / "report.html").read_text()
    assert "The last 2 targets have no pictures of their own" in page
    assert "t13" in page
