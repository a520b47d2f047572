"""Under- and overfitting: what width, depth, epochs and rows do to the error on unseen rows.

After "Neural networks and the bias/variance dilemma" (Geman, Bienenstock and Doursat, 1992).
"""

from collections.abc import Sequence

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import CORRELATION, POSITIVE, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Panel, band
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import (
    SEED,
    Columns,
    Table,
    Tables,
    averaged,
    by_seed,
    levels,
    listed,
    rank_correlation,
    table_of,
)
from mlp_lab.lessons.trained import Trained, log_spaced_epochs, measured

SETS, FEW = 10, 3
"""Training sets of each seed: of every width, for bias and variance; of every depth and size."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (1, 2, 3, 4, 5)
ROW_COUNTS = (10, 15, 30, 60, 120, 240, 480)
WIDE = 32  # units of a layer where depth or rows vary
POINTS = np.linspace(-1, 1, 201)

VARIED = {"depths": "depth", "rows": "rows", "epochs": "epoch"}
"""Tables, and the column that is varied, where that is not the width."""

PARTS = {"train": "training rows", "val": "validation rows", "test": "test rows"}


def measure(bench: Bench) -> Tables:
    """Train every width on many training sets, and every depth and number of rows on some."""
    most, sets, few = (2, 3, 1) if bench.quick else (None, SETS, FEW)
    many, some = ([SETS * s + n for s in bench.seeds for n in range(k)] for k in (sets, few))
    base = ["experiment=under_and_overfitting", *(["epochs=20"] if bench.quick else [])]
    wide = [*base, f"model.width={WIDE}"]
    widths, depths, rows = bench.train(
        grid(base, many, width=varied("model.width", WIDTHS[::3] if bench.quick else WIDTHS)),
        grid(wide, some, depth=varied("model.depth", DEPTHS[:most])),
        grid(wide, some, rows=varied("data.train_rows", ROW_COUNTS[:most])),
    )
    groups = [widths[first : first + sets] for first in range(0, len(widths), sets)]
    return {
        "widths": measured(widths, errors),
        "depths": measured(depths, errors),
        "rows": measured(rows, errors),
        "epochs": table_of(map(mean_curves, groups[-len(bench.seeds) :])),
        "decomposition": table_of(map(decomposition, groups)),
    }


def origin(network: Trained) -> Columns:
    """The width, and the seed that the training set belongs to."""
    return {"width": network.sizes[1], "seed": network.config.seed // SETS}


def errors(network: Trained) -> Columns:
    """Squared errors on training, validation and test rows."""
    test = network.problem.encoded.test
    truth = network.problem.encoded.schema.target.decode(test.targets)
    return {
        **origin(network),
        "set": network.config.seed % SETS,
        "depth": network.config.model.depth,
        "rows": network.problem.rows["train"],
        "train": network.last("train_rmse") ** 2,
        "val": network.last("val_rmse") ** 2,
        "test": np.mean((network.predicted(test.inputs) - truth) ** 2),
    }


def mean_curves(sets: Sequence[Trained]) -> Columns:
    """Squared errors at about 40 epochs, means over training sets."""
    epochs = log_spaced_epochs(sets[0].epochs)
    train, val = (
        np.mean([network.curve(f"{part}_rmse") ** 2 for network in sets], axis=0)[epochs - 1]
        for part in ("train", "val")
    )
    return {**origin(sets[0]), "epoch": epochs, "train": train, "val": val}


def decomposition(sets: Sequence[Trained]) -> Columns:
    """Squared bias and variance over training sets, the noise, and their sum."""
    fits = np.array([network.predicted(POINTS[:, None]) for network in sets])
    bias, variance = bias_and_variance(fits, sets[0].function.values(POINTS))
    parts = {"bias": bias, "variance": variance, "noise": sets[0].function.noise ** 2}
    return {**origin(sets[0]), **parts, "sum": sum(parts.values())}


def bias_and_variance(fits: Floats, truth: Floats) -> tuple[float, float]:
    """Mean squared bias and mean variance over points, of fits (sets, points) to a truth (points,).

    The mean of n fits still varies by 1 / n of their variance, which is taken off its squared bias.
    """
    variance = float(fits.var(axis=0, ddof=1).mean())
    return float(np.mean((fits.mean(axis=0) - truth) ** 2)) - variance / len(fits), variance


def means(t: Tables, name: str, value: str = "test") -> Floats:
    """A column of a table, means over each seed's training sets, (levels, seeds)."""
    over = VARIED.get(name, "width")
    return by_seed(averaged(t[name], [over, SEED], [value]), value, over)


def last_to_first(values: Floats) -> Floats:
    """The last level's numbers / those of the first, (seeds,)."""
    return np.asarray(values[-1] / values[0])


def last_to_best(values: Floats) -> Floats:
    """The last level's numbers / those of the level of the smallest mean, (seeds,)."""
    return np.asarray(values[-1] / values[values.mean(axis=1).argmin()])


def optimism(table: Table) -> Floats:
    """Test - validation error of the width that each training set's validation rows prefer."""
    best = table.loc[table.groupby([SEED, "set"])["val"].idxmin()]
    return by_seed(averaged(best.assign(gap=best["test"] - best["val"]), [SEED], ["gap"]), "gap")


CLAIMS = {
    "bias": Claim(
        "The bias falls as the network grows.",
        "rank correlation of width and squared bias",
        lambda t: list(map(rank_correlation, means(t, "decomposition", "bias").T)),
        below=-0.8,
        within=CORRELATION,
    ),
    "variance": Claim(
        "The variance rises as the network grows.",
        "rank correlation of width and variance",
        lambda t: list(map(rank_correlation, means(t, "decomposition", "variance").T)),
        above=0.8,
        within=CORRELATION,
    ),
    "sum": Claim(
        "Squared bias, variance and noise add up to the error on unseen rows.",
        "|their sum / the squared error on validation rows - 1|, the mean over widths",
        lambda t: np.abs(means(t, "decomposition", "sum") / means(t, "widths", "val") - 1).mean(
            axis=0
        ),
        below=0.15,
        within=POSITIVE,
    ),
    "width": Claim(
        "The widest network is worse than the best one.",
        "squared error on test rows, widest / the width of the smallest mean",
        lambda t: last_to_best(means(t, "widths")),
        above=1.1,
        within=POSITIVE,
    ),
    "depth": Claim(
        "Too many layers overfit as too many units do.",
        "squared error on test rows, deepest / shallow",
        lambda t: last_to_first(means(t, "depths")),
        above=1.1,
        within=POSITIVE,
    ),
    "epochs": Claim(
        "Trained for too long, a wide network gets worse.",
        "squared error on validation rows, last epoch / the epoch of the smallest mean, widest",
        lambda t: last_to_best(means(t, "epochs", "val")),
        above=1.1,
        within=POSITIVE,
    ),
    "rows": Claim(
        "More rows are the cure: the gap between unseen and training rows closes.",
        "(test - training) squared error, most rows / fewest rows",
        lambda t: last_to_first(means(t, "rows") - means(t, "rows", "train")),
        below=0.25,
    ),
    "optimism": Claim(
        "Validation rows flatter the network that they chose.",
        "test - validation squared error of the width that a training set's own validation prefers",
        lambda t: optimism(t["widths"]),
        above=0.0,
    ),
}


def notes(t: Tables) -> list[str]:
    """Errors at every width, and the epoch at which the validation error is least."""
    widths, test = levels(t["widths"], "width"), means(t, "widths").mean(axis=1)
    val = means(t, "epochs", "val").mean(axis=1)
    return [
        f"Squared error on test rows: {listed(test, '.3f')} at widths {listed(widths)}; the noise"
        f" alone is {t['decomposition']['noise'][0]:.3f}.",
        "Variance is over training sets and initial weights together: narrow networks that learn"
        " the same rows from other weights end apart, too.",
        f"With {widths[-1]} units the validation error is least after epoch"
        f" {levels(t['epochs'], 'epoch')[int(val.argmin())]}: {val.min():.3f}; after the last"
        f" epoch it is {val[-1]:.3f}.",
    ]


def errors_against(t: Tables, name: str, x: str, units: float | None = None) -> Panel:
    """Squared errors of all parts that a table has, means over training sets."""
    over, known = VARIED.get(name, "width"), [part for part in PARTS if part in t[name]]
    own, marker = averaged(t[name], [over, SEED], known), None if over == "epoch" else "o"
    lines = [band(own, over, part, PARTS[part], marker=marker) for part in known]
    title = f"Error against {x}" + (f", {units} units" if units else "")
    return Panel(
        title, x, "squared error", lines, within=POSITIVE, log="" if over == "depth" else "xy"
    )


def panels(t: Tables) -> list[Panel]:
    """Errors against width, depth, epochs and rows; bias and variance; their sum."""
    parts, val = t["decomposition"], averaged(t["widths"], ["width", SEED], ["val"])
    names = {"bias": "squared bias", "variance": "variance", "noise": "noise"}
    lines = [band(parts, "width", p, name, color=c) for c, (p, name) in enumerate(names.items(), 3)]
    total = band(parts, "width", "sum", "bias + variance + noise", color=6)
    error = band(val, "width", "val", PARTS["val"], color=1, line="--")
    return [
        errors_against(t, "widths", "hidden units"),
        Panel(
            "Bias and variance",
            "hidden units",
            "squared units of y",
            lines,
            log="x",
            within=POSITIVE,
        ),
        Panel(
            "Their sum and the error",
            "hidden units",
            "squared error",
            [total, error],
            log="x",
            within=POSITIVE,
        ),
        errors_against(t, "depths", f"hidden layers of {WIDE} units"),
        errors_against(t, "epochs", "epoch", levels(parts, "width")[-1]),
        errors_against(t, "rows", "training rows", WIDE),
    ]


LESSON = Lesson(
    question="What makes a network miss the pattern, and what makes it follow the noise?",
    method=(
        "`experiment=under_and_overfitting`: 30 points of a sine with noise of standard deviation"
        f" 0.3, ReLUs, squared error, Adam at 0.01 for 1,000 epochs. Each seed stands for {SETS}"
        f" training sets ({FEW} where depth or rows vary), each with 200 validation and 200 test"
        " rows of its own; its numbers are means over them. Bias and variance are those of the fits"
        " at 201 points from -1 to 1, against the sine without noise."
    ),
    seeds=8,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)
