"""What a graph gives, held against `predict`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exported import NUMBER, THREE, TWO, held, number, predictor

from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column, classified
from mlp_lab.data.schema import AnyTarget, Target, Targets

pytest.importorskip("onnx")

from mlp_lab.export.predictions import output_names

ROWS = pd.DataFrame({"x": np.linspace(-3, 60, 40)})
COLUMNS = [number("x")]
TWO_OF_TWO = replace(TWO, outputs=2)
NUMBERS = Targets([NUMBER, replace(NUMBER, column=Column(name="rent"), transform="log")])
LABELS = Targets(
    [TWO, Target(classified("left", ["a", "b"]), "binary", ["a", "b"], 1, "none", TWO.scaling)]
)
CASES: dict[str, tuple[AnyTarget, str, str]] = {
    "two classes": (TWO, "sigmoid", "bce"),
    "two outputs": (TWO_OF_TWO, "softmax", "cce"),
    "three classes": (THREE, "softmax", "cce"),
    "a number": (NUMBER, "linear", "mse"),
    "its logarithm": (
        replace(NUMBER, transform="log1p", scaling=Scaling(1, 0.5, [])),
        "linear",
        "mse",
    ),
    "numbers": (NUMBERS, "linear", "mse"),
    "labels": (LABELS, "sigmoid", "bce"),
}


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_targets(case: str, networks: int, tmp_path: Path) -> None:
    """Each in its own units or by name; of an ensemble the mean, and how far it disagrees."""
    model = predictor(COLUMNS, *CASES[case], networks=networks)
    given = held(model, ROWS, tmp_path)
    assert sum(name.startswith("spread") for name in given) == (networks > 1) * len(
        model.schema.target.each
    )


def test_names() -> None:
    """Those of the columns of predict's file; the probabilities of classes are together."""
    found = output_names(LABELS, probabilities=True, ensemble=True, prefix="p_")
    assert list(found.values()) == [
        *("p_prediction_vote", "p_prediction_left", "p_probability_vote", "p_probability_left"),
        *("p_spread_vote", "p_spread_left"),
    ]
    one = output_names(THREE, probabilities=True, ensemble=False)
    assert list(one.values()) == ["prediction", "probabilities"]
