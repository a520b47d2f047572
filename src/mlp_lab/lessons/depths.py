"""Networks of many depths with equal numbers of parameters: what `why_deep` measures."""

from collections.abc import Iterable
from itertools import count, product

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.preprocessing import EncodedData
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.linear_regions import breakpoints, max_regions
from mlp_lab.lessons.study import Study, Trial, Words, seed_settings
from mlp_lab.lessons.tables import (
    SEED,
    Columns,
    Level,
    Tables,
    at_best,
    averaged,
    best_for_all,
    table_of,
)
from mlp_lab.lessons.trained import Trained, measured
from mlp_lab.lessons.training import layers_of
from mlp_lab.network.architecture import count_parameters

WHY_DEEP, SINE, DIGITS = "experiment=why_deep", "sine", "digits"
ZIGZAGS = {f"zigzag of {2 * n} pieces": [WHY_DEEP, f"data.periods={n}"] for n in (2, 8, 16)}
FEW, FOLDS, MANY = ZIGZAGS
FUNCTIONS = (*ZIGZAGS, SINE)
TASKS: dict[str, Words] = {
    **ZIGZAGS,
    SINE: [WHY_DEEP, "data=sine", "data.periods=2"],
    DIGITS: ["experiment=activations"],
}
PARAMETERS = {**dict.fromkeys(FUNCTIONS, 481), DIGITS: 4810}
"""At most so many, of networks of every depth."""

DEPTHS = (1, 2, 3, 5)
DEEP = DEPTHS[-1]
RATES = (0.003, 0.01, 0.03)
INITS = ("he", "torch")

TUNING = range(1000, 1005)
"""Seeds that choose learning rates and initial weights; none of them is measured."""

Settings = tuple[str, int, str, float]
LABELS = ["task", "depth", "init", "rate"]
"""What the settings are, and columns of most tables."""

POINTS = np.linspace(-1, 1, 801)


def layer_sizes(task: str, depth: int, width: int) -> list[int]:
    """Of a network, inputs first."""
    inputs, outputs = (64, 10) if task == DIGITS else (1, 1)
    return [inputs, *[width] * depth, outputs]


def greatest_width(task: str, depth: int) -> int:
    """Units of each layer: as many as the parameters allow."""
    sizes = (layer_sizes(task, depth, width + 1) for width in count())
    return next(n for n, own in enumerate(sizes) if count_parameters(own) > PARAMETERS[task])


def study(bench: Bench, settings: Iterable[Settings], seeds: Iterable[int]) -> Study:
    """Networks of some settings, as wide as the parameters of their task allow."""
    trials = []
    for (task, depth, init, rate), seed in product(settings, seeds):
        shape = [f"model.depth={depth}", f"model.width={greatest_width(task, depth)}"]
        words = [*TASKS[task], *shape, f"model.init={init}", f"optimizer.lr={rate}"]
        words += [*seed_settings(seed), *(["epochs=3"] if bench.quick else [])]
        labels: dict[str, Level] = {"task": task, "depth": depth, "init": init, "rate": rate}
        trials.append(Trial({**labels, SEED: seed}, words))
    return trials


def measure(bench: Bench) -> Tables:
    """Choose settings on some seeds, train every depth on others, and count linear regions."""
    thorough, quick = (DEPTHS, INITS, RATES, TUNING), ((1, DEEP), INITS[:1], RATES[1:2], TUNING[:1])
    depths, inits, rates, seeds = quick if bench.quick else thorough
    (tried,) = bench.train(study(bench, product(TASKS, depths, inits, rates), seeds))
    tuning = measured(tried, lambda network: {"train_loss": network.last("train_loss")})
    best = at_best(tuning, LABELS[2:], "train_loss", each=LABELS[:2], choose=best_for_all)
    settings = best[LABELS].drop_duplicates().itertuples(index=False, name=None)
    (networks,) = bench.train(study(bench, settings, bench.seeds))
    functions = [own for own in networks if own.labels["task"] != DIGITS]
    digits = [own for own in networks if own.labels["task"] == DIGITS]
    shallow, deep = ([own for own in functions if own.labels["depth"] == n] for n in (1, DEEP))
    drawn = [own for own in (*shallow, *deep) if own.labels["seed"] == bench.seeds[0]]
    untrained = study(bench, product([FOLDS], depths, INITS, RATES[:1]), bench.seeds)
    return {
        "functions": measured(functions, fitted),
        "digits": measured(digits, accuracy),
        "untrained": table_of(
            {**trial.labels, "regions": len(breakpoints(layers_of(stack, 0))) + 1}
            for trial, stack in ((trial, bench.stack(trial.words)) for trial in untrained)
        ),
        "least_squares": table_of(solved(bench, network) for network in shallow),
        "rates": averaged(tuning, LABELS, ["train_loss"]),
        "fits": measured(drawn, lambda network: network.fit(POINTS)),
        "breakpoints": measured(drawn, fitted_breakpoints),
    }


def fitted(network: Trained) -> Columns:
    """A network that has learnt a function. The error is sqrt(1 - R2)."""
    depth, width = network.config.model.depth, network.sizes[1]
    return {
        "width": width,
        "units": depth * width,
        "parameters": network.parameters,
        "error": np.sqrt(max(0.0, 1 - network.last("val_r2"))),
        "regions": len(breakpoints(network.outcome.layers)) + 1,
        "max_regions": max_regions(width, depth),
    }


def accuracy(network: Trained) -> Columns:
    """A network that has learnt digits."""
    columns = {"width": network.sizes[1], "parameters": network.parameters}
    return {**columns, "accuracy": network.last("val_accuracy")}


def fitted_breakpoints(network: Trained) -> Columns:
    """Breakpoints, ascending, between the ends of the line, and the network's output there."""
    x = np.concatenate([[-1.0], breakpoints(network.outcome.layers), [1.0]])
    return {"x": x, "fit": network.predicted(x[:, None])}


def solved(bench: Bench, network: Trained) -> Columns:
    """A shallow network as it begins with torch's weights, but for its last layer."""
    task, seed = str(network.labels["task"]), int(network.labels["seed"])
    (trial,) = study(bench, [(task, 1, "torch", RATES[0])], [seed])
    first, _ = layers_of(bench.stack(trial.words), 0)
    return {"task": task, "seed": seed, "error": least_squares(first, network.problem.encoded)}


def least_squares(first: tuple[Floats, Floats], rows: EncodedData) -> float:
    """Error / spread of units that stay as they are, under the best last layer for these rows."""

    def units(inputs: Array) -> Floats:
        h = np.maximum(inputs.astype(float) @ first[0] + first[1], 0)
        return np.hstack([h, np.ones((len(h), 1))])

    last = np.linalg.lstsq(units(rows.train.inputs), rows.train.targets)[0]
    wrong = units(rows.val.inputs) @ last - rows.val.targets
    return float(np.sqrt(np.mean(wrong**2)) / rows.val.targets.std())
