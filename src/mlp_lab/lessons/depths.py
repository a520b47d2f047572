"""Networks of many depths with equal numbers of parameters: what `why_deep` measures."""

from collections.abc import Iterable
from itertools import chain, count

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.preprocessing import EncodedData
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.linear_regions import breakpoints, max_regions
from mlp_lab.lessons.study import Study, Trial, Words, grid, varied
from mlp_lab.lessons.tables import Columns, Level, Tables, at_best, averaged, best_for_all, table_of
from mlp_lab.lessons.trained import Layers, Trained, measured
from mlp_lab.lessons.training import layers_of
from mlp_lab.network.architecture import count_parameters

ZIGZAGS = FEW, FOLDS, MANY = tuple(f"zigzag of {pieces} pieces" for pieces in (4, 16, 32))
SINE, DIGITS = "sine", "digits"
FUNCTIONS = (*ZIGZAGS, SINE)

TASKS: dict[str, Words] = {
    FEW: ["experiment=why_deep", "data.periods=2"],
    FOLDS: ["experiment=why_deep", "data.periods=8"],
    MANY: ["experiment=why_deep", "data.periods=16"],
    SINE: ["experiment=why_deep", "data=sine", "data.periods=2"],
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

POINTS = np.linspace(-1, 1, 801)


def layer_sizes(task: str, depth: int, width: int) -> list[int]:
    """Of a network, inputs first."""
    inputs, outputs = (64, 10) if task == DIGITS else (1, 1)
    return [inputs, *[width] * depth, outputs]


def greatest_width(task: str, depth: int) -> int:
    """Units of each layer: as many as the parameters allow."""
    sizes = (layer_sizes(task, depth, width + 1) for width in count())
    return next(n for n, own in enumerate(sizes) if count_parameters(own) > PARAMETERS[task])


def study(
    bench: Bench,
    task: str,
    depths: Iterable[int],
    *,
    seeds: Iterable[int] | None = None,
    inits: Iterable[str] = INITS,
    rates: Iterable[float] = RATES[:1],
) -> Study:
    """Networks that learn a task, as wide as its parameters allow."""
    shapes: dict[Level, Words] = {
        depth: [f"model.depth={depth}", f"model.width={greatest_width(task, depth)}"]
        for depth in depths
    }
    return grid(
        [*TASKS[task], *(["epochs=3"] if bench.quick else [])],
        bench.seeds if seeds is None else seeds,
        task={task: ()},
        depth=shapes,
        init=varied("model.init", inits),
        rate=varied("optimizer.lr", rates),
    )


def measure(bench: Bench) -> Tables:
    """Choose settings on some seeds, train every depth on others, and count linear regions."""
    quick, depths = bench.quick, (1, DEEP) if bench.quick else DEPTHS
    seeds, inits = (TUNING[:1], INITS[:1]) if quick else (TUNING, INITS)
    rates = RATES[1:2] if quick else RATES
    tried = bench.train(
        *(study(bench, task, depths, seeds=seeds, inits=inits, rates=rates) for task in TASKS)
    )
    tuning = measured(chain(*tried), lambda network: {"train_loss": network.last("train_loss")})
    names = ["task", "depth", "init", "rate"]
    best = at_best(tuning, names[2:], "train_loss", each=names[:2], choose=best_for_all)
    settings = best[names].drop_duplicates().itertuples(index=False, name=None)
    trained = bench.train(
        *(
            study(bench, task, [depth], inits=[init], rates=[rate])
            for task, depth, init, rate in settings
        )
    )
    networks = list(chain(*trained))
    digits = [own for own in networks if own.labels["task"] == DIGITS]
    functions = [own for own in networks if own.labels["task"] != DIGITS]
    shallow = [own for own in functions if own.labels["depth"] == 1]
    deep = [own for own in functions if own.labels["depth"] == DEEP]
    drawn = [own for own in (*shallow, *deep) if own.labels["seed"] == bench.seeds[0]]
    return {
        "functions": measured(functions, fitted),
        "digits": measured(digits, accuracy),
        "untrained": table_of(
            {**trial.labels, "regions": len(breakpoints(initial_layers(bench, trial))) + 1}
            for trial in study(bench, FOLDS, depths)
        ),
        "least_squares": table_of(solved(bench, network) for network in shallow),
        "rates": averaged(tuning, names, ["train_loss"]),
        "fits": measured(drawn, lambda network: network.fit(POINTS)),
        "breakpoints": measured(drawn, fitted_breakpoints),
    }


def initial_layers(bench: Bench, trial: Trial) -> Layers:
    """What a network has before its first step."""
    return layers_of(bench.stack(trial.words), 0)


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
    return {
        "width": network.sizes[1],
        "parameters": network.parameters,
        "accuracy": network.last("val_accuracy"),
    }


def fitted_breakpoints(network: Trained) -> Columns:
    """Breakpoints, ascending, between the ends of the line, and the network's output there."""
    x = np.concatenate([[-1.0], breakpoints(network.outcome.layers), [1.0]])
    return {"x": x, "fit": network.predicted(x[:, None])}


def solved(bench: Bench, network: Trained) -> Columns:
    """A shallow network as it begins with torch's weights, but for its last layer."""
    task, seed = str(network.labels["task"]), int(network.labels["seed"])
    (trial,) = study(bench, task, [1], seeds=[seed], inits=["torch"])
    first = initial_layers(bench, trial)[0]
    return {"task": task, "seed": seed, "error": least_squares(first, network.problem.encoded)}


def least_squares(first: tuple[Floats, Floats], rows: EncodedData) -> float:
    """Error / spread of units that stay as they are, under the best last layer for these rows."""

    def units(inputs: Array) -> Floats:
        h = np.maximum(inputs.astype(float) @ first[0] + first[1], 0)
        return np.hstack([h, np.ones((len(h), 1))])

    last = np.linalg.lstsq(units(rows.train.inputs), rows.train.targets)[0]
    wrong = units(rows.val.inputs) @ last - rows.val.targets
    return float(np.sqrt(np.mean(wrong**2)) / rows.val.targets.std())
