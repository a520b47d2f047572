"""Networks learn, to a stated score, at the values in the YAML files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab import BARE, train
from sklearn.metrics import mean_pinball_loss, mean_poisson_deviance

from mlp_lab import MLPRegressor


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


def test_a_quantile() -> None:
    """Of 1,000 new rows, 90 % lie below a curve that is wide of the mean where the noise is."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, 4000)
    y = x + (0.1 + np.abs(x)) * generator.standard_normal(4000)
    train, new = x[:3000, None], x[3000:, None]
    quantile = MLPRegressor(
        *(1, 32), loss="quantile", loss_options={"quantile": 0.9}, lr=0.01, epochs=30
    ).fit(train, y[:3000])
    upper = quantile.predict(new)
    assert np.mean(y[3000:] <= upper) == pytest.approx(0.9, abs=0.03)
    truth = new[:, 0] + (0.1 + np.abs(new[:, 0])) * 1.2816
    assert np.abs(upper - truth).mean() < 0.15
    loss = mean_pinball_loss(y[3000:], upper, alpha=0.9)
    assert loss < 0.8 * mean_pinball_loss(y[3000:], np.full(1000, np.quantile(y, 0.9)), alpha=0.9)


def test_counts() -> None:
    """Poisson counts whose rate no straight line follows: near the deviance of the true rate."""
    generator = np.random.default_rng(1)
    inputs = generator.standard_normal((3000, 2))
    rate = np.exp(np.sin(2 * inputs[:, 0]) + 0.5 * inputs[:, 1])
    y = generator.poisson(rate).astype(float)
    model = MLPRegressor(2, 32, loss="poisson", epochs=30).fit(inputs[:2000], y[:2000])
    predicted = model.predict(inputs[2000:])
    assert predicted.min() > 0
    least = mean_poisson_deviance(y[2000:], rate[2000:])
    assert mean_poisson_deviance(y[2000:], predicted) < 1.15 * least
    losses = model.baselines_.xs("val", level="part")["loss"]
    assert model.scores_.loc["val", "loss"] < 0.9 * losses["poisson"] < losses["constant"]
