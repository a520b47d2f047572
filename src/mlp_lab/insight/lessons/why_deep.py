"""Why deep: what layers give that units do not, at equal numbers of parameters.

After "Benefits of depth in neural networks" (Telgarsky, 2016), "On the number of linear regions of
deep neural networks" (Montufar et al., 2014) and chapter 4 of "Understanding Deep Learning"
(Prince, 2023), whose network of five layers of ten units the deepest one here is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.raw import Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.insight.lessons.claims import Claim
from mlp_lab.insight.lessons.lesson import Evidence, Lesson, Row, Tables, column, levels
from mlp_lab.insight.lessons.pieces import folding, joints, most_pieces
from mlp_lab.network.architecture import count_parameters

if TYPE_CHECKING:
    from mlp_lab.insight.lessons.bench import Bench, Trained
    from mlp_lab.insight.lessons.figures import Axes, Figure


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt, by networks of at most so many parameters."""

    words: Sequence[str]
    inputs: int
    outputs: int
    parameters: int

    def width(self, depth: int) -> int:
        """Units of each layer: as many as the parameters allow."""
        width = 1
        while count_parameters([self.inputs, *[width + 1] * depth, self.outputs]) <= self.parameters:
            width += 1
        return width


def _function(*words: str) -> Task:
    return Task(["experiment=why_deep", *words], 1, 1, 481)


FEW, FOLDS, MANY = "zigzag, 4 pieces", "zigzag, 16 pieces", "zigzag, 32 pieces"
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
RATES = ("0.001", "0.003", "0.01", "0.03")
INITS = ("he", "torch")

TUNING = range(1000, 1003)
"""Seeds that choose the learning rates; none of them is measured."""

GRID = np.linspace(-1, 1, 801)

ERRORS = f"error / spread on other points, shallow - deep ({DEEP} layers)"

CLAIMS = {
    "folds": Claim(
        text="A deep network fits folds better than a shallow one with as many parameters.",
        measure=f"{ERRORS}, {FOLDS}",
        above=0.0,
    ),
    "more_folds": Claim(
        text="The more folds, the greater its advantage.",
        measure=f"{ERRORS}: that of the {MANY}, - that of the {FEW}",
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
        measure=f"log2 of pieces, deep / shallow, before training, {FOLDS}",
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
    drawn: list[tuple[str, Trained]] = []
    for (task, depth, seed), words, network in zip(plan, trials, trained, strict=True):
        if task == DIGITS:
            digits.append(_accuracy(network))
            continue
        functions.append({"task": task, **_fitted(network, pieces_before(bench, words))})
        if depth in (depths[0], DEEP) and seed == bench.seeds[0]:
            drawn.append((task, network))
    tables = {
        "functions": functions,
        "digits": digits,
        "rates": rates,
        "fits": [row for task, network in drawn for row in _fit(task, network)],
        "joints": [row for task, network in drawn for row in _joints(task, network)],
    }
    return Evidence(_values(functions, digits), tables, _notes(tables))


def _words(bench: Bench, task: str, depth: int, seed: int, chosen: Row) -> list[str]:
    """A trial's settings."""
    return [
        *TASKS[task].words,
        f"model.depth={depth}",
        f"model.width={TASKS[task].width(depth)}",
        f"model.init={chosen['init']}",
        f"optimizer.lr={chosen['rate']}",
        *(["epochs=4"] if bench.quick else []),
        *bench.seed(seed),
    ]


def _tuned(bench: Bench, depths: Sequence[int]) -> list[Row]:
    """The mean training loss of each initial weights and rate, for each task and depth."""
    seeds = TUNING[:1] if bench.quick else TUNING
    options: list[Row] = [
        {"task": task, "depth": depth, "init": init, "rate": rate}
        for task in TASKS
        for depth in depths
        for init in INITS
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


def pieces_before(bench: Bench, words: Sequence[str]) -> int:
    """Of the function that a network is before its first step."""
    from mlp_lab.insight.lessons.bench import layers_of

    return len(joints(layers_of(bench.stack([words]), 0))) + 1


def _fitted(network: Trained, before: int) -> Row:
    """A network that learnt a function. The error is sqrt(1 - R2)."""
    depth, width = network.config.model.depth, network.sizes[1]
    return {
        "depth": depth,
        "width": width,
        "units": depth * width,
        "parameters": network.parameters,
        "seed": network.config.seed,
        "error": float(np.sqrt(max(0.0, 1 - network.last("val_r2")))),
        "pieces_before": before,
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


def _gains(functions: Sequence[Row], task: str) -> Floats:
    """Error of the shallow network - error of the deep one, for each seed."""
    shallow, deep = (
        np.array(column(functions, "error", task=task, depth=depth)) for depth in (1, DEEP)
    )
    return shallow - deep


def _values(functions: Sequence[Row], digits: Sequence[Row]) -> dict[str, Sequence[float]]:
    def of(quantity: str, depth: int) -> Floats:
        return np.array(column(functions, quantity, task=FOLDS, depth=depth))

    shallow, deep = (np.array(column(digits, "accuracy", depth=depth)) for depth in (1, DEEP))
    found = {
        "folds": _gains(functions, FOLDS),
        "more_folds": _gains(functions, MANY) - _gains(functions, FEW),
        "smooth": _gains(functions, SINE),
        "digits": deep - shallow,
        "pieces": np.log2(of("pieces", DEEP) / of("pieces", 1)),
        "start_pieces": np.log2(of("pieces_before", DEEP) / of("pieces_before", 1)),
        "units": of("pieces", DEEP) / of("units", DEEP),
        "training": np.log2(of("pieces", DEEP) / of("pieces_before", DEEP)),
    }
    return {key: values.tolist() for key, values in found.items()}


def _notes(tables: Tables) -> list[str]:
    return []


def draw(tables: Tables) -> Figure:
    raise NotImplementedError
