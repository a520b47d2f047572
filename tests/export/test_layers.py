"""Layers as nodes of a graph, held against torch."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from exported import NUMBER, THREE, date, held, levels, number, predictor

from mlp_lab.errors import UserError
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.own_parts import OWN, register_activation

pytest.importorskip("onnx")

ROWS = pd.DataFrame({"x": np.linspace(-3, 60, 40), "k": ["a", "b", "c", "d"] * 10})
COLUMNS = [number("x"), levels("k", "category", 0, 1, 2)]
OURS = sorted(ACTIVATIONS)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_activations(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """Each of ours, gated ones among them, behind another."""
    model = predictor(COLUMNS, NUMBER, "linear", "mse", activations=[name, "relu"], dtype=dtype)
    held(model, ROWS, tmp_path)


def test_an_activation_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No graph has it, and a line says which format has."""
    register_activation("cube", lambda f: f**3, lambda f, h: 3 * f**2)
    try:
        model = predictor(COLUMNS, activations=["cube"])
        with pytest.raises(UserError, match="activation 'cube' is one of your own"):
            model.export(tmp_path / "model.onnx")
    finally:
        del ACTIVATIONS["cube"]
        OWN.discard(("activation", "cube"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("normalisation", ["layer", "batch"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normalisation(normalisation: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """Of the units of a row, and by running averages; with a gated layer, and around sums."""
    for activations in (["swiglu", "tanh"], ["tanh", "tanh", "relu"]):
        model = predictor(
            *(COLUMNS, NUMBER, "linear", "mse"),
            activations=activations,
            normalisation=normalisation,
            residual=len(activations) > 2,
            dtype=dtype,
        )
        held(model, ROWS, tmp_path)


@pytest.mark.parametrize("activations", [[], ["relu"], ["relu", "elu", "geglu"]])
def test_depths_and_sums(activations: list[str], tmp_path: Path) -> None:
    """A linear model, a shallow one, and a deep one whose layers add to what they read."""
    model = predictor(COLUMNS, activations=activations, residual=bool(activations))
    held(model, ROWS, tmp_path)


@pytest.mark.parametrize("kind", ["piecewise", "periodic", "both"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_embeddings(kind: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """Of numbers, of parts of dates and of categories, beside inputs that are read as they are."""
    columns = [number("x", "quantile", gaps=True), *COLUMNS[1:], number("z"), date("d")]
    columns.append(levels("two", "binary", 0, 1))
    rows = ROWS.assign(z=ROWS["x"][::-1].to_numpy(), d=np.arange(40.0) * 99, two=["a", "b"] * 20)
    held(predictor(columns, embedding=kind, dtype=dtype), rows, tmp_path)
    held(predictor(columns[:1], embedding=kind, dtype=dtype), rows, tmp_path)


OUTPUTS = [
    (NUMBER, "linear", "mse"),
    (NUMBER, "exponential", "poisson"),
    (NUMBER, "linear", "quantile"),
    (THREE, "softmax", "cce"),
    (THREE, "ordinal", "ordinal"),
    (THREE, "sigmoid", "bce"),
    (THREE, "linear", "mse"),
]


@pytest.mark.parametrize(("target", "output", "loss"), OUTPUTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs(
    target: object, output: str, loss: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    """Numbers, classes, classes in an order; probabilities where the outputs are such."""
    model = predictor(COLUMNS, target, output, loss, dtype=dtype)  # type: ignore[arg-type]
    given = held(model, ROWS, tmp_path)
    assert ("probabilities" in given) == (output in ("softmax", "ordinal"))
