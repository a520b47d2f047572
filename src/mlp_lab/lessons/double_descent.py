"""Double descent: more parameters first help, then hurt, then help again.

After "Reconciling modern machine-learning practice and the classical bias-variance trade-off"
(Belkin et al., 2019) and "Deep double descent" (Nakkiran et al., 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.lesson import Evidence, Lesson, Row, Tables, column

if TYPE_CHECKING:
    from mlp_lab.lessons.bench import Bench, Trained
    from mlp_lab.lessons.figures import Axes, Figure

ROWS, OUTPUTS = 500, 10
WIDTHS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 512)
ROW_COUNTS = (60, 120, 240, 360, 500, 700, 1250)
ROWS_WIDTH = 32
"""Units of the networks that learn from more and more rows."""

LEARNT = 0.005
"""Training error, as a share of the rows, that counts as learnt by heart."""

CLAIMS = {
    "peak": Claim(
        text="Between a good small network and a good large one lies a bad one.",
        measure="error at the peak / error at the first minimum",
        above=1.1,
    ),
    "second_descent": Claim(
        text="Beyond the peak the error falls below its first minimum.",
        measure="error of the widest network / error at the first minimum",
        below=1.0,
    ),
    "threshold": Claim(
        text="The peak lies where the training rows can just be learnt by heart.",
        measure="|log2| of the parameters at the peak / those of the first network that errs on at"
        f" most {LEARNT:.1%} of its training rows",
        below=1.0,
    ),
    "equations": Claim(
        text="That takes as many parameters as there are equations: training rows times outputs.",
        measure="|log2| of the parameters of that network / (rows x outputs)",
        below=1.0,
    ),
    "epochs": Claim(
        text="At the peak, training longer makes it worse.",
        measure="error after the last epoch - error after a tenth of them, at the peak's width",
        above=0.0,
    ),
    "rows": Claim(
        text="More rows can hurt: the peak moves with them.",
        measure=f"largest rise of the error from one number of rows to a greater one, relative to"
        f" the first, {ROWS_WIDTH} units",
        above=0.1,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Train every width, then one width on more and more rows."""
    widths = WIDTHS[2::5] if bench.quick else WIDTHS
    rows = ROW_COUNTS[:3] if bench.quick else ROW_COUNTS
    base = ["experiment=double_descent", *(["epochs=20"] if bench.quick else [])]
    settings = [[f"model.width={width}"] for width in widths]
    settings += [[f"model.width={ROWS_WIDTH}", f"data.train_rows={count}"] for count in rows]
    seeds = [bench.seed(seed) for seed in bench.seeds]
    trained = bench.train([[*base, *own, *seed] for own in settings for seed in seeds])
    count = len(widths) * len(bench.seeds)
    table = [_row(network) for network in trained[:count]]
    by_rows = [_row(network) for network in trained[count:]]
    error = _by_seed(table, "width", widths)
    bottom, top = largest_rise(error.mean(axis=1))
    chosen = trained[top * len(bench.seeds) : (top + 1) * len(bench.seeds)]
    values = _values(table, error, bottom, top)
    values["epochs"] = [_grown_worse(network) for network in chosen]
    values["rows"] = _rises(_by_seed(by_rows, "rows", rows))
    curves = [
        row
        for place in dict.fromkeys((bottom, top, len(widths) - 1))
        for network in trained[place * len(bench.seeds) : (place + 1) * len(bench.seeds)]
        for row in _curve(network)
    ]
    tables = {"widths": table, "epochs": curves, "rows": by_rows}
    return Evidence(values, tables, _notes(table, error, bottom, top))


def _row(network: Trained) -> Row:
    return {
        "width": network.sizes[1],
        "parameters": network.parameters,
        "rows": network.problem.rows["train"],
        "seed": network.config.seed,
        "train_error": 1 - network.last("train_accuracy"),
        "error": 1 - network.last("val_accuracy"),
        "train_loss": network.last("train_loss"),
        "loss": network.last("val_loss"),
    }


def _curve(network: Trained) -> list[Row]:
    """The error at about 40 epochs, evenly spaced on a logarithmic axis."""
    epochs = np.unique(np.geomspace(1, network.config.epochs, 40).round().astype(int))
    errors = 1 - network.curve("val_accuracy")
    return [
        {
            "width": network.sizes[1],
            "seed": network.config.seed,
            "epoch": epoch,
            "error": float(errors[epoch - 1]),
        }
        for epoch in epochs.tolist()
    ]


def _by_seed(table: Sequence[Row], key: str, levels: Sequence[int], name: str = "error") -> Floats:
    """A column as (levels, seeds)."""
    return np.array([column(table, name, **{key: level}) for level in levels])


def largest_rise(errors: Floats) -> tuple[int, int]:
    """Where a curve begins and ends to rise most: the places of its first minimum and its peak."""
    rises = np.triu(errors[None, :] - errors[:, None])
    bottom, top = np.unravel_index(rises.argmax(), rises.shape)
    return int(bottom), int(top)


def _rises(errors: Floats) -> list[float]:
    """Each seed's rise between the two places that the mean over seeds gives, relative."""
    bottom, top = largest_rise(errors.mean(axis=1))
    return [float(rise) for rise in errors[top] / errors[bottom] - 1]


def _values(
    table: Sequence[Row], error: Floats, bottom: int, top: int
) -> dict[str, Sequence[float]]:
    """What each seed says of the claims about width."""
    widths = sorted({int(row["width"]) for row in table})
    parameters = _by_seed(table, "width", widths, "parameters")[:, 0]
    learnt = np.log2(_learnt_at(table))
    return {
        "peak": (error[top] / error[bottom]).tolist(),
        "second_descent": (error[-1] / error[bottom]).tolist(),
        "threshold": np.abs(np.log2(parameters[top]) - learnt).tolist(),
        "equations": np.abs(learnt - np.log2(ROWS * OUTPUTS)).tolist(),
    }


def _learnt_at(table: Sequence[Row]) -> Floats:
    """Parameters of each seed's narrowest network that has learnt its rows; infinite for none."""
    found: dict[float, float] = {float(row["seed"]): np.inf for row in table}
    for row in table:
        if float(row["train_error"]) <= LEARNT:
            seed = float(row["seed"])
            found[seed] = min(found[seed], float(row["parameters"]))
    return np.array(list(found.values()))


def _grown_worse(network: Trained) -> float:
    errors = 1 - network.curve("val_accuracy")
    return float(errors[-1] - errors[len(errors) // 10 - 1])


def _notes(table: Sequence[Row], error: Floats, bottom: int, top: int) -> list[str]:
    widths = sorted({int(row["width"]) for row in table})
    means = error.mean(axis=1)
    loss = _by_seed(table, "width", widths, "loss").mean(axis=1)
    of_width = {int(row["width"]): int(row["parameters"]) for row in table}
    return [
        f"The first minimum lies at width {widths[bottom]}: an error of {means[bottom]:.3f}.",
        f"The peak lies at width {widths[top]}, {of_width[widths[top]]:,} parameters: an error of"
        f" {means[top]:.3f}. The loss has its peak at width {widths[int(loss.argmax())]}.",
        f"The widest network, {widths[-1]} units and {of_width[widths[-1]]:,} parameters, ends at"
        f" {means[-1]:.3f}.",
        f"The training rows are learnt by heart {learnt_in_words(_learnt_at(table))}; rows times"
        f" outputs are {ROWS * OUTPUTS:,}.",
    ]


def learnt_in_words(learnt: Floats) -> str:
    """From how many parameters on, over seeds, and how many seeds never got there."""
    known = learnt[np.isfinite(learnt)]
    if not len(known):
        return "by no network"
    where = " to ".join(dict.fromkeys(f"{count:,.0f}" for count in (known.min(), known.max())))
    never = len(learnt) - len(known)
    return f"from {where} parameters on" + f" (with {never} of {len(learnt)} seeds never)" * bool(
        never
    )


def draw(tables: Tables) -> Figure:
    """Error and loss against width, error against epochs and against rows."""
    from mlp_lab.lessons.figures import panels

    figure, (errors, losses, epochs, rows) = panels(4, columns=2, size=5)
    _draw_widths(errors, tables["widths"], "error", "share of digits taken for another")
    _draw_widths(losses, tables["widths"], "loss", "squared error, mean over outputs")
    losses.set_yscale("log")
    _draw_epochs(epochs, tables["epochs"])
    _draw_rows(rows, tables["rows"])
    return figure


def _draw_widths(axis: Axes, table: Sequence[Row], quantity: str, label: str) -> None:
    from mlp_lab.lessons.figures import COLORS, band, mark, name

    widths = sorted({int(row["width"]) for row in table})
    of_width = {int(row["width"]): int(row["parameters"]) for row in table}
    for place, (key, part) in enumerate([(quantity, "unseen"), (f"train_{quantity}", "training")]):
        values = _by_seed(table, "width", widths, key)
        band(axis, widths, values.tolist(), label=f"{part} rows", color=COLORS[1 - place])
    bottom, top = largest_rise(_by_seed(table, "width", widths, quantity).mean(axis=1))
    mark(axis, widths[bottom], f"first minimum: {widths[bottom]} units", color=COLORS[2])
    mark(axis, widths[top], f"peak: {widths[top]} units", color=COLORS[3])
    enough = (ROWS * OUTPUTS - OUTPUTS) / ((of_width[widths[0]] - OUTPUTS) / widths[0])
    mark(axis, enough, "parameters = rows x outputs")
    name(axis, f"{quantity.capitalize()} against width", "hidden units", label, log="x")


def _draw_epochs(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.figures import COLORS, band, name

    for width, color in zip(sorted({int(row["width"]) for row in table}), COLORS, strict=False):
        epochs = sorted({int(row["epoch"]) for row in table})
        errors = [column(table, "error", width=width, epoch=epoch) for epoch in epochs]
        band(axis, epochs, errors, label=f"{width} units", color=color, marker=None)
    name(axis, "Error against epochs", "epoch", "error on unseen rows", log="x")


def _draw_rows(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.figures import COLORS, band, mark, name

    counts = sorted({int(row["rows"]) for row in table})
    for place, (key, part) in enumerate([("error", "unseen"), ("train_error", "training")]):
        values = _by_seed(table, "rows", counts, key)
        band(axis, counts, values.tolist(), label=f"{part} rows", color=COLORS[1 - place])
    mark(axis, float(table[0]["parameters"]) / OUTPUTS, "rows x outputs = parameters")
    title = f"Error against rows, {int(table[0]['width'])} units"
    name(axis, title, "training rows", "error", log="x")


LESSON = Lesson(
    question="Does a network get worse, then better again, the wider it is?",
    method=(
        f"`experiment=double_descent`: one hidden layer of ReLUs on {ROWS} digits, the labels of a"
        " fifth of them drawn anew; linear outputs, squared error, Adam with a cosine schedule. A"
        " seed draws weights, batches, rows and wrong labels. Errors are those of 539 rows that no"
        " network learns from, with their true labels: the validation rows, which the engine"
        " measures after every epoch. Nothing is chosen by them but the widths of the first minimum"
        " and of the peak: the pair between which the mean over seeds rises most, which makes the"
        " peak look a little higher than it is."
    ),
    claims=CLAIMS,
    seeds=6,
    measure=measure,
    draw=draw,
)
