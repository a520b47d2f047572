"""Surfaces of runs: from their folders, and from Python."""

import json
from pathlib import Path

import pytest
from lab import BARE, train

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.estimators import surface


@pytest.mark.parametrize(
    "words",
    [
        ("data=moons", "model.embedding=both", "model.embedding_size=3", "ensemble=2"),
        ("data=moons", "model=deep", "model.width=4", "model.residual=true"),
        ("data=xor", "model=perceptron"),
        ("data=moons", "model=deep", "model.width=4", "model.activation=[swiglu,relu,glu]"),
    ],
)
def test_any_layers(words: tuple[str, ...], tmp_path: Path) -> None:
    """From a folder, embeddings and all; the middle is what the saved network gives."""
    folder = train(tmp_path / "run", *words, "epochs=1", "calibration=never", *BARE)
    around = surface.of_folder(folder)
    plain = mlp_lab.load(folder).networks[0].double()
    y = plain(around.rows.inputs).detach()
    t = around.rows.targets
    bce = -(t * y.log() + (1 - t) * (1 - y).log()).mean()
    assert around.surface(points=3, reach=1, seed=0).centre == pytest.approx(float(bce))
    calibrated = train(tmp_path / "other", *words, "epochs=1", "calibration=always", *BARE)
    own = surface.of_folder(calibrated).surface(points=3, reach=1, seed=0)
    assert own.centre == pytest.approx(float(bce))  # the loss that was trained


def test_from_python() -> None:
    """Axes, with the same heights as from the folder's weights."""
    run = mlp_lab.train("iris", model="shallow", width=4, epochs=2, quiet=True)
    axes = run.plot_surface(points=5)
    assert axes.get_xlabel() == "step along a direction"
    with pytest.raises(UserError, match=r"^points must be an odd number from 3 to 201"):
        run.plot_surface(points=4)


@pytest.mark.parametrize("kind", ["layer", "batch"])
def test_normalised_layers(kind: str, tmp_path: Path) -> None:
    """Their gains, shifts and averages come from the folder; in the middle is the training loss."""
    words = ("data=moons", f"model.normalisation={kind}", "model.width=8", "epochs=2", *BARE)
    folder = train(tmp_path, *words)
    reached = json.loads((folder / "result.json").read_text())["train"]["loss"]
    found = surface.of_folder(folder).surface(points=3, reach=0.1, seed=0)
    assert found.centre == pytest.approx(reached, rel=1e-4)


def test_another_model_is_refused(tmp_path: Path) -> None:
    """A config.yaml that is not of the saved network."""
    other = train(tmp_path / "other", "data=moons", "model=shallow", "epochs=1", *BARE)
    config = other / "config.yaml"
    written = config.read_text()
    for own, another in (("relu", "tanh"), ("relu", "swiglu"), ("tion: none", "tion: layer")):
        config.write_text(written.replace(own, another))
        with pytest.raises(UserError, match=r"is not that of schema\.json"):
            surface.of_folder(other)
