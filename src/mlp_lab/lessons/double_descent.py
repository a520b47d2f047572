"""Double descent: more parameters first help, then hurt, then help again.

After "Reconciling modern machine-learning practice and the classical bias-variance trade-off"
(Belkin et al., 2019) and "Deep double descent" (Nakkiran et al., 2020).
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, SHARE, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Drawn, Mark, Panel, band, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, levels, listed
from mlp_lab.lessons.trained import Trained, log_spaced_epochs, measured

ROWS, OUTPUTS = 500, 10
EQUATIONS = ROWS * OUTPUTS
WIDTHS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 512)
ROW_COUNTS = (60, 120, 240, 360, 500, 700, 1250)
UNITS = 32  # where rows vary
TEST = "data.test_fraction=0.3"  # rows that choose nothing, not even the epoch
STOPPED = "stopped_error"  # that of the best epoch's weights, on the test rows
INTERPOLATED = 0.005  # training error, a share of the rows, at which they count as interpolated


def measure(bench: Bench) -> Tables:
    """Train every width, then one width on more and more rows."""
    base = ["experiment=double_descent", "kernel=auto", *(["epochs=20"] if bench.quick else [])]
    widths = varied("model.width", WIDTHS[2::5] if bench.quick else WIDTHS)
    rows = varied("data.train_rows", ROW_COUNTS[:3] if bench.quick else ROW_COUNTS)
    by_width, by_rows = bench.train(
        grid([*base, TEST], bench.seeds, width=widths),
        grid([*base, f"model.width={UNITS}"], bench.seeds, rows=rows),
    )
    table = measured(by_width, lambda own: {**errors(own), **stopped(own)})
    epochs = log_spaced_epochs(by_width[0].epochs)
    drawn = {*at_rise(table, "width")[:, 0], max(widths)}
    curves = measured(
        (own for own in by_width if own.sizes[1] in drawn),
        lambda own: {"epoch": epochs, "error": 1 - own.curve("val_accuracy")[epochs - 1]},
    )
    return {"widths": table, "epochs": curves, "rows": measured(by_rows, errors)}


def errors(network: Trained) -> Columns:
    """Errors and losses at the end; the error on unseen rows after a tenth of the epochs, too."""
    unseen = 1 - network.curve("val_accuracy")
    return {
        "width": network.sizes[1],
        "parameters": network.parameters,
        "rows": network.problem.rows["train"],
        "train_error": 1 - network.last("train_accuracy"),
        "error": unseen[-1],
        "train_loss": network.last("train_loss"),
        "loss": network.last("val_loss"),
        "early_error": unseen[network.epochs // 10 - 1],
    }


def stopped(network: Trained) -> Columns:
    """The error on test rows with the best epoch's weights, and what of a rise by epochs is lost.

    An epoch is the best by the loss on validation rows, as early stopping has it.
    """
    test, unseen = network.problem.encoded.test, 1 - network.curve("val_accuracy")
    taken = network.at_best.outputs(test.inputs).argmax(1)
    after = unseen[unseen.argmin() :]
    rise, fall = after.max() - after[0], after.max() - after[-1]
    return {
        "best_epoch": network.outcome.best_epoch,
        STOPPED: (taken != test.targets.argmax(1)).mean(),
        "lost": fall / rise if rise > 0 else 0.0,
    }


def at_rise(table: Table, value: str, over: str = "width", of: str = "error") -> Floats:
    """A column at the first minimum and the peak of `of`, where its mean rises most, (2, seeds)."""
    means = by_seed(table, of, over).mean(axis=1)
    rises = np.triu(means - means[:, None])
    ends = [int(level) for level in np.unravel_index(rises.argmax(), rises.shape)]
    return np.take(by_seed(table, value, over), ends, axis=0)


def from_peak(table: Table, value: str) -> Floats:
    """A column at the widths from the peak of the last epoch's error on, (widths, seeds)."""
    peak = at_rise(table, "width")[1, 0]
    return np.compress(
        np.array(levels(table, "width")) >= peak, by_seed(table, value, "width"), axis=0
    )


def threshold(tables: Tables) -> Floats:
    """Parameters of each seed's narrowest network that interpolates; infinite for none."""
    reached = by_seed(tables["widths"], "train_error", "width") <= INTERPOLATED
    parameters = by_seed(tables["widths"], "parameters", "width")
    return np.asarray(np.where(reached, parameters, np.inf).min(axis=0))


CLAIMS = {
    "peak": Claim(
        "After the last epoch, between a good small network and a good large one lies a bad one.",
        "error at the peak / error at the first minimum, weights of the last epoch",
        lambda t: (error := at_rise(t["widths"], "error"))[1] / error[0],
        above=1.1,
        within=POSITIVE,
    ),
    "early_stopping": Claim(
        "With the weights of the best epoch, as early stopping keeps them, it is no bad one.",
        "error at that peak's width / error at the width of that minimum, weights of the best"
        " epoch",
        lambda t: (error := at_rise(t["widths"], STOPPED))[1] / error[0],
        below=1.0,
        within=POSITIVE,
    ),
    "no_peak": Claim(
        "With the weights of the best epoch there is no peak at any width.",
        "error at their own peak / error at the minimum before it, weights of the best epoch",
        lambda t: (error := at_rise(t["widths"], STOPPED, of=STOPPED))[1] / error[0],
        below=1.1,
        within=POSITIVE,
    ),
    "stopped": Claim(
        "At the peak, the best epoch's weights predict better than the widest network's last ones.",
        "error at the last epoch's peak with the best epoch's weights / error of the widest"
        " network with those of its last",
        lambda t: at_rise(t["widths"], STOPPED)[1] / by_seed(t["widths"], "error", "width")[-1],
        below=1.0,
        within=POSITIVE,
    ),
    "second_descent": Claim(
        "Beyond the peak the error after the last epoch falls below its first minimum.",
        "error of the widest network / error at the first minimum, weights of the last epoch",
        lambda t: by_seed(t["widths"], "error", "width")[-1] / at_rise(t["widths"], "error")[0],
        below=1.0,
        within=POSITIVE,
    ),
    "threshold": Claim(
        "The last epoch's peak lies where the interpolation region begins.",
        "|log2| of the parameters at the peak / those of the first network that after its last"
        f" epoch errs on at most {INTERPOLATED:.1%} of its training rows",
        lambda t: np.abs(np.log2(at_rise(t["widths"], "parameters")[1]) - np.log2(threshold(t))),
        below=1.0,
        within=POSITIVE,
    ),
    "equations": Claim(
        "That takes as many parameters as there are equations: training rows times outputs.",
        "|log2| of the parameters of that network / (rows x outputs)",
        lambda t: np.abs(np.log2(threshold(t)) - np.log2(EQUATIONS)),
        below=1.0,
        within=POSITIVE,
    ),
    "epochs": Claim(
        "At the peak, training longer makes it worse.",
        "error after the last epoch - error after a tenth of them, at the last epoch's peak",
        lambda t: (at_rise(t["widths"], "error") - at_rise(t["widths"], "early_error"))[1],
        above=0.0,
    ),
    "by_epochs": Claim(
        "By epochs there is no double descent here: an error that has risen stays up.",
        "fall of the error from its highest value after its lowest to the last epoch / the rise"
        " between the two, the largest of all widths from the last epoch's peak on",
        lambda t: from_peak(t["widths"], "lost").max(axis=0),
        below=0.5,
        within=SHARE,
    ),
    "rows": Claim(
        "After the last epoch, more rows can hurt: the peak moves with them.",
        "largest rise of the error from fewer to more rows / the error at fewer,"
        f" {UNITS} units, weights of the last epoch",
        lambda t: (error := at_rise(t["rows"], "error", "rows"))[1] / error[0] - 1,
        above=0.1,
        within=POSITIVE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Where minima, peaks and the threshold lie, with the weights of which epoch."""
    table, widths = tables["widths"], levels(tables["widths"], "width")
    first, peak = map(widths.index, at_rise(table, "width")[:, 0])
    names = ("error", "loss", "parameters", STOPPED, "best_epoch", "lost")
    error, loss, parameters, stopped, epoch, lost = (
        by_seed(table, name, "width").mean(axis=1) for name in names
    )
    beyond = int(lost[peak:].argmax()) + peak
    return [
        f"After the last epoch the first minimum lies at width {widths[first]}: an error of"
        f" {error[first]:.3f}.",
        f"The peak lies at width {widths[peak]}, {parameters[peak]:,.0f} parameters: an error of"
        f" {error[peak]:.3f}. The loss has its peak at width {widths[int(loss.argmax())]}.",
        f"The widest network, {widths[-1]} units and {parameters[-1]:,.0f} parameters, ends at"
        f" {error[-1]:.3f}.",
        f"With the weights of the best epoch, at the peak epoch {epoch[peak]:.0f} in the mean,"
        f" errors are {stopped[first]:.3f}, {stopped[peak]:.3f} and {stopped[-1]:.3f} at these"
        " three widths.",
        f"From the peak's width on, at most {lost[beyond]:.0%} of what an error rose by epochs is"
        f" lost again by the last one (mean over seeds, at width {widths[beyond]}).",
        "Parameters of each seed's first network that interpolates the training rows (inf: none"
        f" does): {listed(threshold(tables), '.0f')}; rows times outputs are {EQUATIONS}.",
    ]


def by_part(table: Table, over: str, value: str) -> list[Drawn]:
    """A column of training rows and of unseen rows, after the last epoch."""
    parts = {f"train_{value}": "training rows", value: "unseen rows"}
    return [band(table, over, column, label) for column, label in parts.items()]


def by_width(table: Table, value: str) -> list[Drawn]:
    """A column of training and of unseen rows, its first minimum and its peak."""
    widths = levels(table, "width")
    first, peak = at_rise(table, "width", of=value)[:, 0]
    enough = np.interp(EQUATIONS, by_seed(table, "parameters", "width")[:, 0], widths)
    return [
        *by_part(table, "width", value),
        Mark(x=first, label=f"first minimum: {first:g} units", color=2),
        Mark(x=peak, label=f"peak: {peak:g} units", color=3),
        Mark(x=float(enough), label="parameters = rows x outputs"),
    ]


def region(table: Table) -> list[Drawn]:
    """Where the interpolation region begins, if any width is wide enough."""
    errors = by_seed(table, "train_error", "width").mean(axis=1)
    inside = np.array(levels(table, "width"))[errors <= INTERPOLATED]
    label = "interpolation region, from {:g} units on"
    return [Mark(x=x, label=label.format(x), color="0.2", line="--") for x in inside[:1].tolist()]


def panels(tables: Tables) -> list[Panel]:
    """Error and loss against width, error against epochs and against rows."""
    widths, epochs, rows = (tables[name] for name in ("widths", "epochs", "rows"))
    share, loss = "share of digits taken for another", "squared error, mean over outputs"
    lines = bands(epochs, "epoch", "error", "width", "{} units", marker=None)
    most = by_seed(rows, "parameters", "rows")[0, 0] / OUTPUTS
    by_rows = [*by_part(rows, "rows", "error"), Mark(x=most, label="rows x outputs = parameters")]
    early = band(widths, "width", STOPPED, "unseen rows, best epoch", color=5)
    errors = [early, *by_width(widths, "error"), *region(widths)]
    last, units = "after the last epoch", "hidden units"
    return [
        Panel(
            f"Error against width, {last}",
            units,
            share,
            errors,
            log="x",
            within=SHARE,
            legend_size=7,
        ),
        Panel(f"Loss against width, {last}", units, loss, by_width(widths, "loss"), log="xy"),
        Panel(
            "Error against epochs", "epoch", "error on unseen rows", lines, log="x", within=SHARE
        ),
        Panel(
            f"Error against rows, {UNITS} units",
            "training rows",
            "error",
            by_rows,
            log="x",
            within=SHARE,
        ),
    ]


LESSON = Lesson(
    question="Does a network get worse, then better again, the wider it is?",
    method=(
        f"`experiment=double_descent`: one hidden layer of ReLUs on {ROWS} digits, a fifth of the"
        " labels drawn anew; linear outputs, squared error, Adam with a cosine schedule. A seed"
        " draws weights, batches, rows and wrong labels. Errors after the last epoch, and by"
        " epochs, are on 539 validation rows with their true labels; no network learns from them."
        " The best epoch is that of the least validation loss, as early stopping has it; errors"
        " with its weights are on 539 test rows, which have no part in the choice. Networks that"
        " fit every training row form the interpolation region (in courses also: inference"
        " region). All that unseen rows choose otherwise are widths: of a minimum and of the peak"
        " behind it, between which the mean over seeds rises most. This makes each peak look a"
        " little higher than it is, that of the best epoch's weights, too."
    ),
    seeds=6,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5,
)
