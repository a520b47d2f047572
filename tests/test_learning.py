"""Networks learn, to a stated score, at the values in the YAML files."""

import json
from pathlib import Path
from typing import Any

from lab import BARE, train


def result_of(folder: Path, *overrides: str) -> dict[str, Any]:
    """result.json of a run."""
    train(folder, *overrides, *BARE)
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    assert result["status"] == "completed"
    return result


def test_digits(tmp_path: Path) -> None:
    """The README's first command."""
    result = result_of(tmp_path, "model=deep", "optimizer=adam", "data=digits")
    assert result["test"]["accuracy"] >= 0.96
    assert result["baselines"]["constant"]["test"]["accuracy"] < 0.2


def test_diabetes(tmp_path: Path) -> None:
    """A small noisy set: over three splits as good as least squares."""
    overrides = ("data=diabetes", "model=shallow", "model.activation=tanh", "epochs=100")
    results = [
        result_of(
            tmp_path / str(seed),
            *overrides,
            "optimizer=adamw",
            "optimizer.weight_decay=1",
            f"data.split_seed={seed}",
        )
        for seed in range(3)
    ]
    network = [result["test"]["rmse"] for result in results]
    linear = [result["baselines"]["linear"]["test"]["rmse"] for result in results]
    constant = [result["baselines"]["constant"]["test"]["rmse"] for result in results]
    assert sum(network) <= 1.03 * sum(linear)
    assert sum(network) < 0.75 * sum(constant)


def test_spirals(tmp_path: Path) -> None:
    """Two arms that no linear model can tell apart."""
    result = result_of(tmp_path, "experiment=spirals")
    assert result["test"]["accuracy"] >= 0.97
    assert result["baselines"]["logistic"]["test"]["accuracy"] < 0.7


def test_breast_cancer(tmp_path: Path) -> None:
    """Two classes with one output."""
    result = result_of(tmp_path, "data=breast_cancer", "model=shallow")
    assert result["test"]["accuracy"] >= 0.95


def test_a_function_of_one_variable(tmp_path: Path) -> None:
    """What is left is little more than the noise of 0.1, in the target's units."""
    result = result_of(tmp_path, "data=sawtooth")
    assert result["test"]["rmse"] < 0.2
    assert result["baselines"]["linear"]["test"]["rmse"] > 0.4


def test_early_stopping_against_overfitting(tmp_path: Path) -> None:
    """The one experiment shows what the other mends."""
    long = result_of(tmp_path / "long", "experiment=overfitting", "epochs=60")
    overrides = ("experiment=early_stopping", "epochs=60", *BARE)
    train(tmp_path / "short", *overrides)
    short = json.loads((tmp_path / "short" / "result.json").read_text())
    assert short["status"] == "stopped"
    assert short["epochs_run"] == short["best_epoch"] + 10
    assert short["best_epoch"] == long["best_epoch"]
    assert short["test"] == long["test"]
    rows = (tmp_path / "long" / "curves.csv").read_text().splitlines()
    losses = [float(value) for value in rows[-1].split(",")[1:3]]
    assert losses[0] < 0.03
    assert losses[1] > 1.2 * long["val"]["loss"]
