"""Squared against absolute error where some targets are grossly wrong.

After "Robust estimation of a location parameter" (Huber, 1964): the mean follows every number, the
median goes with the majority.
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import CODE
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, Claim
from mlp_lab.lessons.panels import Drawn, Line, Panel, bands
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
    base = [*SETTINGS, *(["epochs=10"] if bench.quick else [])]
    losses, shares = varied("loss", LOSSES), varied("data.outliers", SHARES)
    rates = varied("optimizer.lr", RATES[1:3] if bench.quick else RATES)
    trials = grid(base, bench.seeds, loss=losses, share=shares, rate=rates)
    (networks,) = bench.train(trials)
    scores = measured(networks, lambda network: {"val_loss": network.last("val_loss")})
    best = at_best(scores, "rate", "val_loss", each=["loss", "share"])
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
    return {
        "distance": np.sqrt(np.mean((fit["fit"] - fit["truth"]) ** 2)),
        "shift": np.sqrt(np.mean(shift**2)),
        "of_fit": np.abs(network.predicted(rows["x"][:, None]) - rows["y"]).mean(),
        "of_function": np.abs(network.function.values(rows["x"]) - rows["y"]).mean(),
    }


def distance(tables: Tables, loss: str, share: float, column: str = "distance") -> Floats:
    """How far fits are from the function, (seeds,)."""
    return by_seed(tables["outliers"], column, loss=loss, share=share)


CLAIMS = {
    "clean": Claim(
        "Where noise is all there is, squared error comes closer to the function.",
        "distance from the function, squared / absolute error, no outliers",
        lambda t: distance(t, "mse", 0) / distance(t, "mae", 0),
        below=1.0,
        within=POSITIVE,
    ),
    "tenth": Claim(
        "With outliers in a tenth of the rows, absolute error comes much closer.",
        "distance from the function, absolute / squared error, 10 % outliers",
        lambda t: distance(t, "mae", 0.1) / distance(t, "mse", 0.1),
        below=0.5,
        within=POSITIVE,
    ),
    "mean": Claim(
        "Squared error learns the mean, outliers and all.",
        "|distance / (20 % outliers x their distance from the function) - 1|, squared error",
        lambda t: np.abs(distance(t, "mse", 0.2) / distance(t, "mse", 0.2, "shift") - 1),
        below=0.25,
        within=POSITIVE,
    ),
    "half": Claim(
        "Absolute error withstands outliers in almost half of the rows.",
        "distance from the function, absolute error with 40 % outliers / squared error with 10 %",
        lambda t: distance(t, "mae", 0.4) / distance(t, "mse", 0.1),
        below=1.0,
        within=POSITIVE,
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
        f" {listed(distance(tables, 'mae', SHARES[-1]), '.2f')}, seed by seed: it follows outliers"
        " where they happen to be the majority among neighbouring points. The loss asks for that:"
        f" {(most['of_fit'] < most['of_function']).sum()} of these {len(most)} fits have a smaller"
        " absolute error on their training rows than the function itself.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Distance against the share of outliers; two fits."""
    table, fits = (tables[name].replace({"loss": LOSSES}) for name in ("outliers", "outlier_fits"))
    truth, rows = fits.drop_duplicates("x"), tables["outlier_rows"]
    drawn: list[Drawn] = [
        *bands(fits, "x", "fit", "loss", marker=None),
        Line(x=truth["x"], y=truth["truth"], label="function", color="0.75", width=5, below=True),
        Line(x=rows["x"], y=rows["y"], label="rows", color="0.5", line="", marker=".", size=3),
    ]
    distances = bands(table, "share", "distance", "loss")
    return [
        Panel(
            "Outliers", "share of rows", "distance from the function", distances, within=POSITIVE
        ),
        Panel(f"Fits with {DRAWN:.0%} outliers", "x", "y", drawn, ticks={-1: "-1", 0: "0", 1: "1"}),
    ]
