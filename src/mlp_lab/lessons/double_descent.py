"""Double descent: more parameters first help, then hurt, then help again.

After "Reconciling modern machine-learning practice and the classical bias-variance trade-off"
(Belkin et al., 2019) and "Deep double descent" (Nakkiran et al., 2020).
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Band, Mark, Panel, band, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, levels
from mlp_lab.lessons.trained import Trained, log_spaced_epochs, measured

ROWS, OUTPUTS = 500, 10
WIDTHS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 512)
ROW_COUNTS = (60, 120, 240, 360, 500, 700, 1250)
ROWS_WIDTH = 32
"""Units of the networks that learn from more and more rows."""

INTERPOLATED = 0.005
"""Training error, as a share of the rows, that counts as having interpolated them."""


def measure(bench: Bench) -> Tables:
    """Train every width, then one width on more and more rows."""
    base = ["experiment=double_descent", *(["epochs=20"] if bench.quick else [])]
    widths = varied("model.width", WIDTHS[2::5] if bench.quick else WIDTHS)
    rows = varied("data.train_rows", ROW_COUNTS[:3] if bench.quick else ROW_COUNTS)
    networks, by_rows = bench.train(
        grid(base, bench.seeds, width=widths),
        grid([*base, f"model.width={ROWS_WIDTH}"], bench.seeds, rows=rows),
    )
    table = measured(networks, errors)
    drawn = {*largest_rise(by_seed(table, "error", "width").mean(axis=1)), len(widths) - 1}
    kept = [list(widths)[place] for place in drawn]
    curves = [network for network in networks if network.labels["width"] in kept]
    return {"widths": table, "epochs": measured(curves, curve), "rows": measured(by_rows, errors)}


def errors(network: Trained) -> Columns:
    """What a network has come to."""
    return {
        "width": network.sizes[1],
        "parameters": network.parameters,
        "rows": network.problem.rows["train"],
        "train_error": 1 - network.last("train_accuracy"),
        "error": 1 - network.last("val_accuracy"),
        "train_loss": network.last("train_loss"),
        "loss": network.last("val_loss"),
        "early_error": 1 - network.curve("val_accuracy")[network.config.epochs // 10 - 1],
    }


def curve(network: Trained) -> Columns:
    """The error on unseen rows at about 40 epochs."""
    epochs = log_spaced_epochs(network.config.epochs)
    return {"epoch": epochs, "error": 1 - network.curve("val_accuracy")[epochs - 1]}


def largest_rise(errors: Floats) -> tuple[int, int]:
    """Where a curve begins and ends to rise most: the places of its first minimum and its peak."""
    rises = np.triu(errors[None, :] - errors[:, None])
    minimum, peak = np.unravel_index(rises.argmax(), rises.shape)
    return int(minimum), int(peak)


def at_rise(table: Table, over: str = "width", value: str = "error") -> tuple[Floats, Floats]:
    """A column at the first minimum and at the peak of the mean error, (seeds,) each."""
    minimum, peak = largest_rise(by_seed(table, "error", over).mean(axis=1))
    values = by_seed(table, value, over)
    return values[minimum], values[peak]


def relative_peak(table: Table, over: str = "width") -> Floats:
    """Each seed's error at the peak / at the first minimum."""
    minimum, peak = at_rise(table, over)
    return peak / minimum


def interpolating(table: Table) -> Floats:
    """Parameters of each seed's narrowest network that interpolates; infinite for none."""
    parameters = by_seed(table, "parameters", "width")
    reached = by_seed(table, "train_error", "width") <= INTERPOLATED
    found: Floats = np.where(reached, parameters, np.inf).min(axis=0)
    return found


CLAIMS = {
    "peak": Claim(
        "Between a good small network and a good large one lies a bad one.",
        "error at the peak / error at the first minimum",
        lambda tables: relative_peak(tables["widths"]),
        above=1.1,
    ),
    "second_descent": Claim(
        "Beyond the peak the error falls below its first minimum.",
        "error of the widest network / error at the first minimum",
        lambda tables: (
            by_seed(tables["widths"], "error", "width")[-1] / at_rise(tables["widths"])[0]
        ),
        below=1.0,
    ),
    "threshold": Claim(
        "The peak lies where the training rows can just be interpolated.",
        "|log2| of the parameters at the peak / those of the first network that errs on at"
        f" most {INTERPOLATED:.1%} of its training rows",
        lambda tables: np.abs(
            np.log2(at_rise(tables["widths"], value="parameters")[1])
            - np.log2(interpolating(tables["widths"]))
        ),
        below=1.0,
    ),
    "equations": Claim(
        "That takes as many parameters as there are equations: training rows times outputs.",
        "|log2| of the parameters of that network / (rows x outputs)",
        lambda tables: np.abs(np.log2(interpolating(tables["widths"])) - np.log2(ROWS * OUTPUTS)),
        below=1.0,
    ),
    "epochs": Claim(
        "At the peak, training longer makes it worse.",
        "error after the last epoch - error after a tenth of them, at the peak's width",
        lambda tables: (
            at_rise(tables["widths"])[1] - at_rise(tables["widths"], value="early_error")[1]
        ),
        above=0.0,
    ),
    "rows": Claim(
        "More rows can hurt: the peak moves with them.",
        "largest rise of the error from one number of rows to a greater one, relative to the"
        f" first, {ROWS_WIDTH} units",
        lambda tables: relative_peak(tables["rows"], "rows") - 1,
        above=0.1,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Where the first minimum, the peak and the threshold lie."""
    table, widths = tables["widths"], levels(tables["widths"], "width")
    error, loss, parameters = (
        by_seed(table, value, "width").mean(axis=1) for value in ("error", "loss", "parameters")
    )
    minimum, peak = largest_rise(error)
    return [
        f"The first minimum lies at width {widths[minimum]}: an error of {error[minimum]:.3f}.",
        f"The peak lies at width {widths[peak]}, {parameters[peak]:,.0f} parameters: an error of"
        f" {error[peak]:.3f}. The loss has its peak at width {widths[int(loss.argmax())]}.",
        f"The widest network, {widths[-1]} units and {parameters[-1]:,.0f} parameters, ends at"
        f" {error[-1]:.3f}.",
        f"The training rows are interpolated {threshold_in_words(interpolating(table))}; rows times"
        f" outputs are {ROWS * OUTPUTS:,}.",
    ]


def threshold_in_words(parameters: Floats) -> str:
    """From how many parameters on, over seeds, and how many seeds never got there."""
    known = parameters[np.isfinite(parameters)]
    if not len(known):
        return "by no network"
    span = " to ".join(dict.fromkeys(f"{count:,.0f}" for count in (known.min(), known.max())))
    never = len(parameters) - len(known)
    remark = f" (with {never} of {len(parameters)} seeds never)" if never else ""
    return f"from {span} parameters on{remark}"


def by_width(table: Table, value: str) -> list[Band | Mark]:
    """A column of unseen and of training rows, and where the peak lies."""
    widths = levels(table, "width")
    minimum, peak = largest_rise(by_seed(table, value, "width").mean(axis=1))
    per_unit = (by_seed(table, "parameters", "width")[0, 0] - OUTPUTS) / widths[0]
    return [
        band(table, "width", value, "unseen rows", color=1),
        band(table, "width", f"train_{value}", "training rows", color=0),
        Mark(x=widths[minimum], label=f"first minimum: {widths[minimum]} units", color=2),
        Mark(x=widths[peak], label=f"peak: {widths[peak]} units", color=3),
        Mark(x=(ROWS * OUTPUTS - OUTPUTS) / per_unit, label="parameters = rows x outputs"),
    ]


def panels(tables: Tables) -> list[Panel]:
    """Error and loss against width, error against epochs and against rows."""
    widths, rows = tables["widths"], tables["rows"]
    share, loss = "share of digits taken for another", "squared error, mean over outputs"
    threshold = by_seed(rows, "parameters", "rows")[0, 0] / OUTPUTS
    return [
        Panel("Error against width", "hidden units", share, by_width(widths, "error"), log="x"),
        Panel("Loss against width", "hidden units", loss, by_width(widths, "loss"), log="xy"),
        Panel(
            *("Error against epochs", "epoch", "error on unseen rows"),
            bands(tables["epochs"], "epoch", "error", "width", "{} units", marker=None),
            log="x",
        ),
        Panel(
            *(f"Error against rows, {ROWS_WIDTH} units", "training rows", "error"),
            [
                band(rows, "rows", "error", "unseen rows", color=1),
                band(rows, "rows", "train_error", "training rows", color=0),
                Mark(x=threshold, label="rows x outputs = parameters"),
            ],
            log="x",
        ),
    ]


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
    seeds=6,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5,
)
