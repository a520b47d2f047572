"""Why deep: what layers give that units do not, at equal numbers of parameters.

After "Benefits of depth in neural networks" (Telgarsky, 2016), "On the number of linear regions of
deep neural networks" (Montufar et al., 2014), "Complexity of linear regions in deep networks"
(Hanin and Rolnick, 2019) and chapter 4 of "Understanding Deep Learning" (Prince, 2023), whose
network of five layers of ten units the deepest one here is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.formatting import counted
from mlp_lab.lessons.linear_regions import folding, joints, most_pieces
from mlp_lab.lessons.old.lesson import Claim, Evidence, Lesson, Row, Tables, column, levels
from mlp_lab.network.architecture import count_parameters

if TYPE_CHECKING:
    from mlp_lab.data.arrays import Array
    from mlp_lab.data.preprocessing import EncodedData
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes, Figure
    from mlp_lab.lessons.trained import Trained


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt, by networks of at most so many parameters."""

    words: Sequence[str]
    inputs: int
    outputs: int
    parameters: int

    def width(self, depth: int) -> int:
        """Units of each layer: as many as the parameters allow."""
        return next(width for width in count() if self.size(depth, width + 1) > self.parameters)

    def size(self, depth: int, width: int) -> int:
        """Weights and biases of so many layers of so many units."""
        return count_parameters([self.inputs, *[width] * depth, self.outputs])


def _function(*words: str) -> Task:
    return Task(["experiment=why_deep", *words], 1, 1, 481)


FEW, FOLDS, MANY = "zigzag of 4 pieces", "zigzag of 16 pieces", "zigzag of 32 pieces"
ZIGZAGS = (FEW, FOLDS, MANY)
SINE, DIGITS = "sine", "digits"

TASKS = {
    FEW: _function("data.periods=2"),
    FOLDS: _function("data.periods=8"),
    MANY: _function("data.periods=16"),
    SINE: _function("data=sine", "data.periods=2"),
    DIGITS: Task(["experiment=activations"], 64, 10, 4810),
}

DEPTHS = (1, 2, 3, 5)
DEEP = DEPTHS[-1]
RATES = (0.003, 0.01, 0.03)
INITS = ("he", "torch")

TUNING = range(1000, 1005)
"""Seeds that choose the learning rates; none of them is measured."""

GRID = np.linspace(-1, 1, 801)

ERRORS = f"error / spread on other points, shallow - deep ({DEEP} layers)"

CLAIMS = {
    "folds": Claim(
        text="A deep network fits folds better than a shallow one with as many parameters.",
        measure=f"{ERRORS}, {FOLDS}",
        above=0.0,
    ),
    "could": Claim(
        text="The shallow one could fit them as well: what it lacks is not units but training.",
        measure="error / spread, shallow, trained - with its first layer as it begins (torch's"
        f" weights) and its last by least squares, {FOLDS}",
        above=0.0,
    ),
    "more_folds": Claim(
        text="The more folds, the greater its advantage.",
        measure="smallest rise of error / spread, shallow - deep, from one zigzag to the next, of"
        " 4, 16 and 32 pieces",
        above=0.0,
    ),
    "smooth": Claim(
        text="On a smooth function depth brings little.",
        measure=f"{ERRORS}, {SINE}",
        below=0.01,
    ),
    "digits": Claim(
        text="On digits, too, depth brings little.",
        measure=f"accuracy on unseen rows, deep ({DEEP} layers) - shallow",
        below=0.01,
    ),
    "pieces": Claim(
        text="The function of a deep network has more linear pieces.",
        measure=f"log2 of pieces, deep / shallow, after training, {FOLDS}",
        above=0.0,
    ),
    "start_pieces": Claim(
        text="It has them from the start, before it has learnt anything.",
        measure="log2 of pieces, deep / shallow, before training, torch's weights",
        above=0.0,
    ),
    "units": Claim(
        text="Layers multiply pieces: it has more of them than units.",
        measure=f"pieces / hidden units of the deep network after training, {FOLDS}",
        above=1.0,
    ),
    "training": Claim(
        text="Training makes the pieces that the folds need.",
        measure=f"log2 of the deep network's pieces, after / before training, {FOLDS}",
        above=0.0,
    ),
}

Chosen = Mapping[tuple[str, int], Row]
"""For each task and depth the row of the table of rates that has the least training loss."""


def measure(bench: Bench) -> Evidence:
    """Choose rates on some seeds, train every depth on others, and count pieces."""
    depths = (DEPTHS[0], DEEP) if bench.quick else DEPTHS
    rates = _tuned(bench, depths)
    chosen = best_rates(rates)
    plan = [(task, depth, seed) for task in TASKS for depth in depths for seed in bench.seeds]
    trials = [_words(bench, task, depth, seed, chosen[task, depth]) for task, depth, seed in plan]
    trained = bench.train(trials)
    functions: list[Row] = []
    digits: list[Row] = []
    solved: list[Row] = []
    drawn: list[tuple[str, Trained]] = []
    for (task, depth, seed), network in zip(plan, trained, strict=True):
        if task == DIGITS:
            digits.append(_accuracy(network))
            continue
        functions.append({"task": task, **_fitted(network)})
        if depth == 1:
            solved.append(_solved(bench, task, network))
        if depth in (depths[0], DEEP) and seed == bench.seeds[0]:
            drawn.append((task, network))
    tables = {
        "functions": functions,
        "digits": digits,
        "starts": [_start(bench, *own) for own in product(depths, INITS, bench.seeds)],
        "least_squares": solved,
        "rates": rates,
        "fits": [row for task, network in drawn for row in _fit(task, network)],
        "joints": [row for task, network in drawn for row in _joints(task, network)],
    }
    return Evidence(_values(tables), tables, _notes(tables))


def _words(bench: Bench, task: str, depth: int, seed: int, chosen: Row) -> list[str]:
    """A trial's settings."""
    return [
        *TASKS[task].words,
        f"model.depth={depth}",
        f"model.width={TASKS[task].width(depth)}",
        f"model.init={chosen['init']}",
        f"optimizer.lr={chosen['rate']:g}",
        *(["epochs=3"] if bench.quick else []),
        *bench.seed(seed),
    ]


def _tuned(bench: Bench, depths: Sequence[int]) -> list[Row]:
    """The mean training loss of each initial weights and rate, for each task and depth."""
    seeds = TUNING[:1] if bench.quick else TUNING
    options: list[Row] = [
        {"task": task, "depth": depth, "init": init, "rate": rate}
        for task in TASKS
        for depth in depths
        for init in (INITS[:1] if bench.quick else INITS)
        for rate in (RATES[1:2] if bench.quick else RATES)
    ]
    trials = [
        _words(bench, str(option["task"]), int(option["depth"]), seed, option)
        for option in options
        for seed in seeds
    ]
    losses = np.array([network.last("train_loss") for network in bench.train(trials)])
    means = losses.reshape(len(options), len(seeds)).mean(axis=1).tolist()
    return [{**option, "train_loss": mean} for option, mean in zip(options, means, strict=True)]


def best_rates(table: Sequence[Row]) -> Chosen:
    """Of each task and depth; settings with which any seed diverged are out."""
    best: dict[tuple[str, int], Row] = {}
    for row in sorted(table, key=lambda row: float(row["train_loss"])):
        if np.isfinite(float(row["train_loss"])):
            best.setdefault((str(row["task"]), int(row["depth"])), row)
    return best


def _start(bench: Bench, depth: int, init: str, seed: int) -> Row:
    """The function that a network is before its first step."""
    pieces = len(joints(_first_layers(bench, FOLDS, depth, seed, init))) + 1
    return {"depth": depth, "init": init, "seed": seed, "pieces": pieces}


def _first_layers(
    bench: Bench, task: str, depth: int, seed: int, init: str = "torch"
) -> Sequence[tuple[Floats, Floats]]:
    from mlp_lab.lessons.training import layers_of

    words = _words(bench, task, depth, seed, {"init": init, "rate": RATES[0]})
    return layers_of(bench.stack([words]), 0)


def _solved(bench: Bench, task: str, network: Trained) -> Row:
    seed = network.config.seed
    first = _first_layers(bench, task, 1, seed)[0]
    return {"task": task, "seed": seed, "error": least_squares(first, network.problem.encoded)}


def least_squares(first: tuple[Floats, Floats], rows: EncodedData) -> float:
    """Error / spread of units that stay as they are, under the best last layer for these rows."""

    def units(inputs: Array) -> Floats:
        h = np.maximum(inputs.astype(float) @ first[0] + first[1], 0)
        return np.hstack([h, np.ones((len(h), 1))])

    last = np.linalg.lstsq(units(rows.train.inputs), rows.train.targets)[0]
    wrong = units(rows.val.inputs) @ last - rows.val.targets
    return float(np.sqrt(np.mean(wrong**2)) / rows.val.targets.std())


def _fitted(network: Trained) -> Row:
    """A network that learnt a function. The error is sqrt(1 - R2)."""
    depth, width = network.config.model.depth, network.sizes[1]
    return {
        "depth": depth,
        "width": width,
        "units": depth * width,
        "parameters": network.parameters,
        "init": network.config.model.init,
        "seed": network.config.seed,
        "error": float(np.sqrt(max(0.0, 1 - network.last("val_r2")))),
        "pieces": len(joints(network.outcome.layers)) + 1,
        "most_pieces": most_pieces(width, depth),
    }


def _accuracy(network: Trained) -> Row:
    return {
        "depth": network.config.model.depth,
        "width": network.sizes[1],
        "parameters": network.parameters,
        "seed": network.config.seed,
        "accuracy": network.last("val_accuracy"),
    }


def _fit(task: str, network: Trained) -> list[Row]:
    data = network.config.data
    assert isinstance(data, FunctionConfig)
    own: Row = {"task": task, "depth": network.config.model.depth}
    columns = zip(GRID, data.values(GRID), network.predicted(GRID[:, None]), strict=True)
    return [{**own, "x": float(x), "truth": float(t), "fit": float(y)} for x, t, y in columns]


def _joints(task: str, network: Trained) -> list[Row]:
    """A row for each joint; its ends stand for a function that has none."""
    own: Row = {"task": task, "depth": network.config.model.depth}
    x = np.concatenate([[-1.0], joints(network.outcome.layers), [1.0]])
    heights = network.predicted(x[:, None])
    return [{**own, "x": float(x), "fit": float(y)} for x, y in zip(x, heights, strict=True)]


def _array(table: Sequence[Row], name: str, **where: float | str) -> Floats:
    """One number for each seed."""
    return np.array(column(table, name, **where))


def _gains(functions: Sequence[Row], task: str) -> Floats:
    """Error of the shallow network - error of the deep one."""
    of = {depth: _array(functions, "error", task=task, depth=depth) for depth in (1, DEEP)}
    return of[1] - of[DEEP]


def pieces_before(tables: Tables, depth: int) -> Floats:
    """Of the networks that learnt the folds, before they did."""
    own = {"task": FOLDS, "depth": depth}
    init = next(row["init"] for row in tables["functions"] if own.items() <= row.items())
    return _array(tables["starts"], "pieces", depth=depth, init=init)


def _values(tables: Tables) -> dict[str, Sequence[float]]:
    functions, digits, starts = tables["functions"], tables["digits"], tables["starts"]
    shallow, deep = (_array(digits, "accuracy", depth=depth) for depth in (1, DEEP))
    first = {d: _array(starts, "pieces", depth=d, init="torch") for d in (1, DEEP)}
    pieces = {d: _array(functions, "pieces", task=FOLDS, depth=d) for d in (1, DEEP)}
    trained = _array(functions, "error", task=FOLDS, depth=1)
    found = {
        "folds": _gains(functions, FOLDS),
        "could": trained - _array(tables["least_squares"], "error", task=FOLDS),
        "more_folds": np.diff([_gains(functions, task) for task in ZIGZAGS], axis=0).min(axis=0),
        "smooth": _gains(functions, SINE),
        "digits": deep - shallow,
        "pieces": np.log2(pieces[DEEP] / pieces[1]),
        "start_pieces": np.log2(first[DEEP] / first[1]),
        "units": pieces[DEEP] / _array(functions, "units", task=FOLDS, depth=DEEP),
        "training": np.log2(pieces[DEEP] / pieces_before(tables, DEEP)),
    }
    return {key: values.tolist() for key, values in found.items()}


def _notes(tables: Tables) -> list[str]:
    functions, rates = tables["functions"], tables["rates"]
    depths = levels(functions, "depth")
    notes = [_errors_in_words(functions, task, depths) for task in TASKS if task != DIGITS]
    solved = ", ".join(
        f"{np.mean(column(tables['least_squares'], 'error', task=task)):.2g} ({task})"
        for task in TASKS
        if task != DIGITS
    )
    notes.append(f"1 hidden layer as it begins, the last by least squares: errors of {solved}.")
    accuracy = ", ".join(
        f"{np.mean(column(tables['digits'], 'accuracy', depth=depth)):.3f}" for depth in depths
    )
    notes.append(f"digits: accuracies of {accuracy} with {_in_words(depths)} hidden layers.")
    notes += [_pieces_in_words(tables, depth) for depth in (depths[0], DEEP)]
    handmade = folding(DEEP)
    notes.append(
        f"By hand, {DEEP} layers of 2 units, {count_parameters([1, *[2] * DEEP, 1])} parameters,"
        f" fold the line into {len(joints(handmade)) + 1} pieces: depth can have such functions;"
        " whether gradient descent finds them is another question."
    )
    return [*notes, *_rates_in_words(rates)]


def _in_words(numbers: Sequence[int]) -> str:
    """`1, 2 and 3`."""
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def _errors_in_words(functions: Sequence[Row], task: str, depths: Sequence[int]) -> str:
    means = [np.mean(column(functions, "error", task=task, depth=depth)) for depth in depths]
    found = ", ".join(f"{mean:.2g}" for mean in means)
    return f"{task}: errors of {found} with {_in_words(depths)} hidden layers."


def _pieces_in_words(tables: Tables, depth: int) -> str:
    after, units, most = (
        column(tables["functions"], name, task=FOLDS, depth=depth)
        for name in ("pieces", "units", "most_pieces")
    )
    starts = " and ".join(
        f"{np.mean(column(tables['starts'], 'pieces', depth=depth, init=init)):.0f} ({init})"
        for init in INITS
    )
    return (
        f"{counted(depth, 'layer')}, {units[0]:.0f} units: {starts} pieces"
        f" before training, {np.mean(after):.0f} after it ({FOLDS}), of at most {most[0]:,.0f}."
    )


def _rates_in_words(rates: Sequence[Row]) -> list[str]:
    """Best settings, and which of them lie at an end of what was tried."""
    best = best_rates(rates)
    tried = {float(row["rate"]) for row in rates}
    notes = []
    for task in TASKS:
        own = {depth: best[task, depth] for depth in levels(rates, "depth")}
        found = ", ".join(f"{row['rate']} ({row['init']})" for row in own.values())
        ends = [d for d, row in own.items() if float(row["rate"]) in (min(tried), max(tried))]
        remark = f"; an end of what was tried at {_in_words(ends)}" if ends else ""
        layers = _in_words(list(own))
        notes.append(f"Best rates (initial weights), {task}: {found} with {layers} layers{remark}.")
    return notes


def draw(tables: Tables) -> Figure:
    """Errors by depth, fits with their joints, pieces by depth, and digits."""
    from mlp_lab.lessons.old.figures import panels

    figure, (errors, digits, folds, many, pieces, tasks) = panels(6, columns=2, size=5.6)
    _draw_by_depth(errors, tables["functions"], "error")
    _draw_solved(errors, tables["least_squares"])
    errors.set_title("Error at equal numbers of parameters", fontsize=10)
    _draw_digits(digits, tables["digits"])
    _draw_fits(folds, tables, FOLDS)
    _draw_fits(many, tables, MANY)
    _draw_pieces(pieces, tables)
    _draw_by_depth(tasks, tables["functions"], "pieces")
    tasks.set_title("Linear pieces after training, of each function", fontsize=10)
    return figure


SOLVED = "untrained, last layer by least squares"

LABELS = {"error": "error / spread, on other points", "pieces": "linear pieces from -1 to 1"}


def _draw_by_depth(axis: Axes, table: Sequence[Row], quantity: str) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    depths = levels(table, "depth")
    for task, color in zip(list(TASKS)[:-1], COLORS, strict=False):
        by_seed = [column(table, quantity, task=task, depth=depth) for depth in depths]
        band(axis, depths, by_seed, label=task, color=color)
    name(axis, "", "hidden layers", LABELS[quantity])
    axis.set_xticks(depths)


def _draw_solved(axis: Axes, table: Sequence[Row]) -> None:
    """Stars beside the shallow networks."""
    from mlp_lab.lessons.old.figures import COLORS

    for task, color in zip(list(TASKS)[:-1], COLORS, strict=False):
        mean = np.mean(column(table, "error", task=task))
        axis.plot([1], [mean], "*", color=color, markersize=11, markeredgecolor="black")
    axis.plot([], [], "*", color="white", markeredgecolor="black", label=SOLVED)
    axis.legend(fontsize=8)


def _draw_digits(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    depths = levels(table, "depth")
    by_seed = [column(table, "accuracy", depth=depth) for depth in depths]
    band(axis, depths, by_seed, label=DIGITS, color=COLORS[4])
    name(axis, "Digits at equal numbers of parameters", "hidden layers", "accuracy on unseen rows")
    axis.set_xticks(depths)


def _draw_fits(axis: Axes, tables: Tables, task: str) -> None:
    from mlp_lab.lessons.old.figures import COLORS, name

    x = column(tables["fits"], "x", task=task, depth=1)
    axis.plot(x, column(tables["fits"], "truth", task=task, depth=1), "0.8", linewidth=4)
    for depth, color in zip((1, DEEP), COLORS, strict=False):
        fit = column(tables["fits"], "fit", task=task, depth=depth)
        label = f"{counted(depth, 'layer')}, dots: joints"
        axis.plot(x, fit, color=color, linewidth=1, label=label)
        where, heights = (
            column(tables["joints"], name, task=task, depth=depth)[1:-1] for name in ("x", "fit")
        )
        axis.plot(where, heights, ".", color=color, markersize=4)
    name(axis, f"{task} (grey), and fits of the first seed", "x", "y")


def _draw_pieces(axis: Axes, tables: Tables) -> None:
    from mlp_lab.lessons.old.figures import COLORS, GREY, band, name

    table, starts = tables["functions"], tables["starts"]
    depths = levels(table, "depth")
    for quantity, label, color, dashed in (
        ("most_pieces", "possible: (units of a layer + 1)^layers", GREY, True),
        ("units", "hidden units", COLORS[6], True),
        ("pieces", "after training", COLORS[1], False),
    ):
        by_seed = [column(table, quantity, task=FOLDS, depth=depth) for depth in depths]
        band(axis, depths, by_seed, label=label, color=color, dashed=dashed)
    for init, color in zip(INITS, (COLORS[4], COLORS[2]), strict=True):
        by_seed = [column(starts, "pieces", depth=depth, init=init) for depth in depths]
        band(axis, depths, by_seed, label=f"before training ({init})", color=color)
    name(axis, f"Linear pieces, {FOLDS}", "hidden layers", LABELS["pieces"], log="y")
    axis.set_xticks(depths)


LESSON = Lesson(
    question="What do layers give that units do not?",
    method=(
        "`experiment=why_deep`: 500 points of a function of one number without noise, ReLUs,"
        " squared error, Adam with a cosine schedule, 600 epochs. Networks have as many units as"
        f" {TASKS[FOLDS].parameters} parameters allow: "
        + ", ".join(f"{TASKS[FOLDS].width(depth)} in each of {depth}" for depth in DEPTHS)
        + f" layers. Digits: `experiment=activations` with at most {TASKS[DIGITS].parameters:,}"
        " parameters, 20 epochs. Learning rate and initial weights (He's or torch's) are each"
        f" depth's own best, by the training loss of {len(TUNING)} seeds that are not measured."
        " Errors are root mean squares over 500 other points (validation rows), divided by the"
        " function's standard deviation. Linear pieces are counted from -1 to 1, exactly: between"
        " two joints of a layer each unit of the next is a straight line, so that it is known where"
        " it crosses zero, and only crossings that change the output's slope count. A seed draws"
        " weights, batches and points. Not all was fixed before first results were seen: seeds went"
        " from 5 to 10, what the shallow network could fit was claimed later, and the advantage by"
        " folds, once from 4 to 32 pieces, became the smallest rise."
    ),
    claims=CLAIMS,
    seeds=10,
    measure=measure,
    draw=draw,
)
