"""Squared against absolute error where some targets are grossly wrong.

After "Robust estimation of a location parameter" (Huber, 1964): the mean follows every number, the
median goes with the majority.
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import CODE
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.panels import Line, Panel, band
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Tables, at_best, by_seed, listed, where
from mlp_lab.lessons.trained import Trained, chosen, measured

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
RATES = (0.001, 0.003, 0.01, 0.03)
LOSSES = {"mse": "squared error", "mae": "absolute error"}

DRAWN = 0.2  # share of outliers whose fits are drawn
POINTS = np.linspace(-1, 1, 201)

SETTINGS = (
    *("data=sine", "data.periods=1", "data.noise=0.3", "data.rows=800", "data.scaling=none"),
    *("data.test_fraction=0", "data.val_fraction=0.5", "model=shallow", "model.width=32"),
    *("model.init=torch", "optimizer=adam", "schedule=cosine", "batch_size=40", "epochs=300"),
)


def measure(bench: Bench) -> Tables:
    """Train with either loss, every share of outliers and every rate."""
    (networks,) = bench.train(
        grid(
            [*SETTINGS, *(["epochs=10"] if bench.quick else [])],
            bench.seeds,
            loss=varied("loss", LOSSES),
            share=varied("data.outliers", SHARES),
            rate=varied("optimizer.lr", RATES[1:3] if bench.quick else RATES),
        )
    )
    losses = measured(networks, lambda network: {"val_loss": network.last("val_loss")})
    best = at_best(losses, "rate", "val_loss", each=["loss", "share"])
    drawn = chosen(networks, where(best, share=DRAWN, seed=bench.seeds[0]))
    return {
        "outliers": measured(chosen(networks, best), errors),
        "outlier_fits": measured(drawn, lambda network: network.fit(POINTS)),
        "outlier_rows": measured(drawn[:1], training_rows),
    }


def training_rows(network: Trained) -> dict[str, Floats]:
    """Inputs and targets that it learns from, (rows,) each."""
    part = network.problem.encoded.train
    y = network.problem.encoded.schema.target.decode(part.targets)
    return {"x": part.inputs[:, 0].astype(np.float64), "y": y}


def errors(network: Trained) -> Columns:
    """Distances from the function, and mean absolute errors on training rows.

    `distance` is the fit's root mean square over the points, `shift` that of the mean of all rows,
    outliers too; `of_fit` and `of_function` are absolute errors of the fit and the function itself.
    """
    rows, fit = training_rows(network), network.fit(POINTS)
    shift = (rows["y"] > CODE - 0.01).mean() * (CODE - fit["truth"])
    predicted = network.predicted(network.problem.encoded.train.inputs)
    return {
        "distance": np.sqrt(np.mean((fit["fit"] - fit["truth"]) ** 2)),
        "shift": np.sqrt(np.mean(shift**2)),
        "of_fit": np.abs(predicted - rows["y"]).mean(),
        "of_function": np.abs(network.function.values(rows["x"]) - rows["y"]).mean(),
    }


def distance(tables: Tables, loss: str, share: float) -> Floats:
    """How far fits are from the function, (seeds,)."""
    return by_seed(tables["outliers"], "distance", loss=loss, share=share)


CLAIMS = {
    "clean": Claim(
        "Where noise is all there is, squared error comes closer to the function.",
        "distance from the function, squared / absolute error, no outliers",
        lambda tables: distance(tables, "mse", 0) / distance(tables, "mae", 0),
        below=1.0,
    ),
    "tenth": Claim(
        "With outliers in a tenth of the rows, absolute error comes much closer.",
        "distance from the function, absolute / squared error, 10 % outliers",
        lambda tables: distance(tables, "mae", 0.1) / distance(tables, "mse", 0.1),
        below=0.5,
    ),
    "mean": Claim(
        "Squared error learns the mean, outliers and all.",
        "|distance / (share of outliers x their distance from the function) - 1|, squared error,"
        " 20 % outliers",
        lambda tables: np.abs(
            distance(tables, "mse", 0.2)
            / by_seed(tables["outliers"], "shift", loss="mse", share=0.2)
            - 1
        ),
        below=0.25,
    ),
    "half": Claim(
        "Absolute error withstands outliers in almost half of the rows.",
        "distance from the function, absolute error with 40 % outliers / squared error with 10 %",
        lambda tables: distance(tables, "mae", 0.4) / distance(tables, "mse", 0.1),
        below=1.0,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Distances with every share of outliers, and each seed's with the most."""
    found = "; ".join(
        f"{words} {listed((distance(tables, loss, share).mean() for share in SHARES), '.3f')}"
        for loss, words in LOSSES.items()
    )
    most = where(tables["outliers"], loss="mae", share=SHARES[-1])
    return [
        f"Distance from the function with {listed(SHARES, '.0%')} outliers: {found}. An outlier is"
        f" a {CODE:g} among values from -1 to 1 with noise of standard deviation 0.3.",
        f"At {SHARES[-1]:.0%} the absolute error's distances are"
        f" {listed(distance(tables, 'mae', SHARES[-1]), '.2f')}, seed by seed: where outliers"
        " happen to be the majority among neighbouring points, it follows them. That is what the"
        f" loss asks for: {(most['of_fit'] < most['of_function']).sum()} of these {len(most)} fits"
        " have a smaller absolute error on their training rows than the function itself.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Distance against the share of outliers; two fits."""
    table, fits, rows = (tables[part] for part in ("outliers", "outlier_fits", "outlier_rows"))
    truth, colors = where(fits, loss="mse"), {"mse": 1, "mae": 0}
    distances = [
        band(where(table, loss=loss), "share", "distance", LOSSES[loss], color=color)
        for loss, color in colors.items()
    ]
    lines = [
        Line(x=own["x"], y=own["fit"], label=LOSSES[loss], color=colors[loss], width=1.5)
        for loss, own in ((loss, where(fits, loss=loss)) for loss in colors)
    ]
    x, y = truth["x"], truth["truth"]
    lines += [
        Line(x=x, y=y, label="the function", color="0.75", width=5, below=True),
        Line(x=rows["x"], y=rows["y"], label="rows", color="0.5", line="", marker=".", size=3),
    ]
    ticks = {x: f"{x:g}" for x in (-1, -0.5, 0, 0.5, 1)}
    return [
        Panel("Outliers", "share of rows", "distance from the function", distances),
        Panel(f"Fits with {DRAWN:.0%} outliers", "x", "y", lines, ticks=ticks),
    ]
