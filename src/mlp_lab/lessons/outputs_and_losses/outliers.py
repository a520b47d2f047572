"""Squared against absolute error where some targets are grossly wrong.

After "Robust estimation of a location parameter" (Huber, 1964): the mean follows every number, the
median goes with the majority.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import CODE, FunctionConfig
from mlp_lab.lessons.old.lesson import Claim, Part, Row, Tables, best_for_others, column, grouped

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
RATES = (0.001, 0.003, 0.01, 0.03)
LOSSES = {"mse": "squared error", "mae": "absolute error"}

DRAWN = 0.2
"""Share of gross errors whose fits are drawn."""

GRID = np.linspace(-1, 1, 201)

CLAIMS = {
    "clean": Claim(
        text="Where noise is all there is, squared error comes closer to the function.",
        measure="distance from the function, squared / absolute error, no gross errors",
        below=1.0,
    ),
    "gross": Claim(
        text="With gross errors in a tenth of the rows, absolute error comes much closer.",
        measure="distance from the function, absolute / squared error, 10 % gross errors",
        below=0.5,
    ),
    "mean": Claim(
        text="Squared error learns the mean, gross errors and all.",
        measure="|distance / (share of gross errors x their distance from the function) - 1|,"
        " squared error, 20 % gross errors",
        below=0.25,
    ),
    "half": Claim(
        text="Absolute error withstands gross errors in almost half of the rows.",
        measure="distance from the function, absolute error with 40 % gross errors / squared error"
        " with 10 %",
        below=1.0,
    ),
}

SETTINGS = (
    *("data=sine", "data.periods=1", "data.noise=0.3", "data.rows=800", "data.scaling=none"),
    *("data.test_fraction=0", "data.val_fraction=0.5", "model=shallow", "model.width=32"),
    *("model.init=torch", "optimizer=adam", "schedule=cosine", "batch_size=40", "epochs=300"),
)


def measure(bench: Bench) -> Part:
    """Train with either loss, every share of gross errors and every rate."""
    rates = RATES[1:3] if bench.quick else RATES
    base = [*SETTINGS, *(["epochs=10"] if bench.quick else [])]
    kinds = [(loss, share) for loss in LOSSES for share in SHARES]
    trained = bench.train(
        [
            [
                *(*base, f"loss={loss}", f"data.outliers={share}"),
                *(f"optimizer.lr={rate}", *bench.seed(seed)),
            ]
            for loss, share in kinds
            for rate in rates
            for seed in bench.seeds
        ]
    )
    by_rate = grouped(trained, len(bench.seeds))
    chosen = [
        network for networks in grouped(by_rate, len(rates)) for network in _at_best_rates(networks)
    ]
    table = [_row(network) for network in chosen]
    drawn = [network for network in chosen if _drawn(network, bench.seeds[0])]
    tables = {
        "outliers": table,
        "outlier_fits": [row for network in drawn for row in _fit(network)],
        "outlier_rows": _rows(drawn[0]),
    }
    return _values(table), tables, _notes(table)


def _at_best_rates(networks: Sequence[Sequence[Trained]]) -> list[Trained]:
    """Of (rates, seeds): each seed's network at the rate that is best for the other seeds."""
    losses = np.array([[network.last("val_loss") for network in row] for row in networks])
    return [networks[rate][seed] for seed, rate in enumerate(best_for_others(losses))]


def _function(network: Trained) -> FunctionConfig:
    data = network.config.data
    assert isinstance(data, FunctionConfig)
    return data


def distances(network: Trained) -> tuple[float, float]:
    """Root mean squares over the grid: fit - function, and what the mean of all rows is off it."""
    truth = _function(network).values(GRID)
    part = network.problem.encoded.train
    gross = network.problem.encoded.schema.target.decode(part.targets) > CODE - 0.01
    shift: Floats = gross.mean() * (CODE - truth)
    wrong = network.predicted(GRID[:, None]) - truth
    return float(np.sqrt(np.mean(wrong**2))), float(np.sqrt(np.mean(shift**2)))


def _row(network: Trained) -> Row:
    distance, shift = distances(network)
    of_fit, of_function = absolute_errors(network)
    return {
        "loss": network.problem.objective.loss,
        "share": _function(network).outliers,
        "seed": network.config.seed,
        "rate": network.config.optimizer.lr,
        "distance": distance,
        "shift": shift,
        "of_fit": of_fit,
        "of_function": of_function,
    }


def absolute_errors(network: Trained) -> tuple[float, float]:
    """Mean absolute errors of the training rows: of the fit, and of the function itself."""
    part = network.problem.encoded.train
    y = network.problem.encoded.schema.target.decode(part.targets)
    truth = _function(network).values(part.inputs[:, 0].astype(np.float64))
    return float(np.abs(network.predicted(part.inputs) - y).mean()), float(np.abs(truth - y).mean())


def _drawn(network: Trained, seed: int) -> bool:
    return network.config.seed == seed and _function(network).outliers == DRAWN


def _fit(network: Trained) -> list[Row]:
    columns = zip(
        GRID, _function(network).values(GRID), network.predicted(GRID[:, None]), strict=True
    )
    loss = network.problem.objective.loss
    return [
        {"loss": loss, "x": float(x), "truth": float(t), "fit": float(y)} for x, t, y in columns
    ]


def _rows(network: Trained) -> list[Row]:
    part = network.problem.encoded.train
    y = network.problem.encoded.schema.target.decode(part.targets)
    return [{"x": float(a), "y": float(b)} for a, b in zip(part.inputs[:, 0], y, strict=True)]


def _distance(table: Sequence[Row], loss: str, share: float) -> Floats:
    return np.array(column(table, "distance", loss=loss, share=share))


def _values(table: Sequence[Row]) -> dict[str, Sequence[float]]:
    squared, absolute = (
        {share: _distance(table, loss, share) for share in SHARES} for loss in LOSSES
    )
    shift = np.array(column(table, "shift", loss="mse", share=0.2))
    return {
        "clean": (squared[0.0] / absolute[0.0]).tolist(),
        "gross": (absolute[0.1] / squared[0.1]).tolist(),
        "mean": np.abs(squared[0.2] / shift - 1).tolist(),
        "half": (absolute[0.4] / squared[0.1]).tolist(),
    }


def _notes(table: Sequence[Row]) -> list[str]:
    found = {
        words: ", ".join(f"{_distance(table, loss, share).mean():.3f}" for share in SHARES)
        for loss, words in LOSSES.items()
    }
    shares = ", ".join(f"{share:.0%}" for share in SHARES)
    far = [row for row in table if (row["loss"], row["share"]) == ("mae", SHARES[-1])]
    closer = sum(float(row["of_fit"]) < float(row["of_function"]) for row in far)
    each = ", ".join(f"{distance:.2f}" for distance in _distance(table, "mae", SHARES[-1]))
    return [
        f"Distance from the function with {shares} gross errors: "
        + "; ".join(f"{words} {numbers}" for words, numbers in found.items())
        + f". A gross error is a {CODE:g} among values from -1 to 1 with noise of deviation 0.3.",
        f"At {SHARES[-1]:.0%} the absolute error's distances are {each}, seed by seed: where gross"
        " errors happen to be the majority among neighbouring points, it follows them. That is what"
        f" the loss asks for: {closer} of these {len(far)} fits have a smaller absolute error on"
        " their training rows than the function itself.",
    ]


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Distance against the share of gross errors; two fits."""
    from mlp_lab.lessons.old.figures import COLORS, band, name

    table, fits, rows = (tables[part] for part in ("outliers", "outlier_fits", "outlier_rows"))
    for (loss, words), color in zip(LOSSES.items(), COLORS[1::-1], strict=True):
        by_seed = [_distance(table, loss, share).tolist() for share in SHARES]
        band(axes[0], SHARES, by_seed, label=words, color=color)
        x = column(fits, "x", loss=loss)
        axes[1].plot(x, column(fits, "fit", loss=loss), color=color, label=words)
    name(axes[0], "Gross errors", "share of rows", "distance from the function")
    x, truth = (column(fits, quantity, loss="mse") for quantity in ("x", "truth"))
    axes[1].plot(x, truth, color="0.75", linewidth=5, zorder=0, label="the function")
    axes[1].plot(column(rows, "x"), column(rows, "y"), ".", color="0.5", markersize=3, label="rows")
    axes[1].set_xticks([-1, -0.5, 0, 0.5, 1])
    name(axes[1], f"Fits with {DRAWN:.0%} gross errors", "x", "y")
