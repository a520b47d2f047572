"""Initialisation: how large the first weights must be, and why they must differ.

After "Understanding the difficulty of training deep feedforward neural networks" (Glorot and
Bengio, 2010) and "Delving deep into rectifiers" (He et al., 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.gradient_flow import by_layer
from mlp_lab.lessons.initial_weights import CHANGES, INITS, STARTS
from mlp_lab.lessons.old.lesson import Claim, Evidence, Lesson, Row, Tables, column, levels
from mlp_lab.lessons.tables import table_of

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes, Figure
    from mlp_lab.lessons.trained import Trained

WRONG = STARTS[1:]

SHALLOW, DEEP, WIDTH = 2, 12, 64

RATES = {
    "sgd": (1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0),
    "adam": (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03),
}

DRAWS = 5
"""Networks that learn from the same rows and begin with other weights."""

REPEATED = ("he", "torch")

ACCURACY = "accuracy on unseen rows"
DIVERGES = "diverges at every rate"

FACTOR = "factor from one hidden layer to the next"

CLAIMS = {
    "he_forward": Claim(
        text="With He's weights pre-activations keep their variance from layer to layer.",
        measure=f"|log2 of the mean square's {FACTOR}|, {DEEP} layers of ReLUs, before training",
        below=0.25,
    ),
    "he_backward": Claim(
        text="So do their gradients.",
        measure=f"|log2 of the mean square's {FACTOR}|, of dL/df, {DEEP} layers, before training",
        below=0.25,
    ),
    "glorot_forward": Claim(
        text="Glorot's weights, which reckon without the ReLU, halve it in every layer.",
        measure=f"|log2 of the mean square's {FACTOR} + 1|, {DEEP} layers, before training",
        below=0.25,
    ),
    "small": Claim(
        text="Half as large, they make the gradient of the first layer vanish.",
        measure=f"log10 of its norm, half of He's weights / He's, {DEEP} layers, before training",
        below=-3.0,
    ),
    "large": Claim(
        text="Twice as large, they make it explode.",
        measure=f"log10 of its norm, twice He's weights / He's, {DEEP} layers, before training",
        above=3.0,
    ),
    "shallow": Claim(
        text="With two hidden layers the scale of the weights hardly matters.",
        measure="accuracy on unseen rows, He's - the worst of the others, SGD, 2 layers",
        below=0.02,
    ),
    "deep": Claim(
        text="With twelve it decides whether anything is learnt.",
        measure=f"accuracy on unseen rows, He's - half of them, SGD, {DEEP} layers",
        above=0.1,
    ),
    "torch": Claim(
        text="torch.nn.Linear's own weights are too small for twelve layers of ReLUs.",
        measure=f"accuracy on unseen rows, He's - torch's, SGD, {DEEP} layers",
        above=0.1,
    ),
    "adam": Claim(
        text="Adam, which divides by the gradient's size, makes good for the wrong scale.",
        measure=f"accuracy on unseen rows, He's - half of them, Adam, {DEEP} layers",
        below=0.02,
    ),
    "symmetry": Claim(
        text="Units that begin with equal weights stay equal.",
        measure="largest difference between weights of two units of the first layer / its largest"
        " weight, after training from equal weights, 2 layers",
        below=0.001,
    ),
    "one_unit": Claim(
        text="So a layer of them learns no more than a single unit.",
        measure="accuracy on unseen rows, 64 units to a layer from equal weights - 1 unit, 2"
        " layers",
        below=0.05,
    ),
    "draws": Claim(
        text="With weights of the right size it hardly matters which ones are drawn.",
        measure=f"standard deviation of accuracy over draws, on the same rows, He's, {DEEP} layers",
        below=0.01,
    ),
}


Key = tuple[str, int, str, int]
"""Start, depth, optimizer and width: what has a best rate of its own."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network to train. Its rows are those of `seed`; `draw` is what weights and batches add."""

    start: str
    seed: int
    depth: int = DEEP
    optimizer: str = "sgd"
    rate: float = 0.1
    width: int = WIDTH
    draw: int = 0

    @property
    def key(self) -> Key:
        """What it has its best rate by."""
        return self.start, self.depth, self.optimizer, self.width

    def words(self) -> list[str]:
        """As settings."""
        return [
            "experiment=initialisation",
            f"model.init={INITS.get(self.start, 'he')}",
            f"model.depth={self.depth}",
            f"model.width={self.width}",
            f"optimizer={self.optimizer}",
            f"optimizer.lr={self.rate:g}",
            f"seed={self.seed * DRAWS + self.draw}",
            f"data.split_seed={self.seed}",
        ]


def measure(bench: Bench) -> Evidence:
    """Look at first steps, train from every start at every rate, then some again and again."""
    first = [
        row
        for start, depth, seed in product(STARTS, (SHALLOW, DEEP), bench.seeds)
        for row in _first_step(bench, Trial(start, seed, depth))
    ]
    trials = _grid(bench)
    trained = _trained(bench, trials)
    ends = [_end(trial, network) for trial, network in zip(trials, trained, strict=True)]
    best = best_rates(ends)
    curves = [
        row
        for trial, network in zip(trials, trained, strict=True)
        if trial == Trial(trial.start, trial.seed, rate=best[trial.key])
        for row in _curve(trial, network)
    ]
    draws = range(2 if bench.quick else DRAWS)
    again = [
        Trial(start, seed, depth, rate=best[start, depth, "sgd", WIDTH], draw=draw)
        for start, depth, seed, draw in product(REPEATED, (SHALLOW, DEEP), bench.seeds, draws)
    ]
    drawn = [
        _end(trial, network) for trial, network in zip(again, _trained(bench, again), strict=True)
    ]
    tables = {"first_step": first, "trained": ends, "epochs": curves, "draws": drawn}
    return Evidence(_values(tables, bench.seeds), tables, _notes(tables))


def _first_step(bench: Bench, trial: Trial) -> list[Row]:
    own: Row = {"start": trial.start, "depth": trial.depth, "seed": trial.seed}
    stack = bench.stack([trial.words()], CHANGES.get(trial.start))
    layers = table_of([by_layer(stack)]).to_dict("records")
    return [{**own, **{str(name): value for name, value in row.items()}} for row in layers]


def _grid(bench: Bench) -> list[Trial]:
    """Every start at every rate; from equal weights two layers alone, of many units and of 1."""
    rates = {name: (of[0], of[-3]) if bench.quick else of for name, of in RATES.items()}
    trials = [
        Trial(start, seed, depth, optimizer, rate)
        for start in STARTS
        for depth in (SHALLOW, DEEP)
        for optimizer in RATES
        for rate in rates[optimizer]
        for seed in bench.seeds
    ]
    return trials + [
        Trial("equal", seed, SHALLOW, "sgd", rate, width)
        for width in (WIDTH, 1)
        for rate in rates["sgd"]
        for seed in bench.seeds
    ]


def _trained(bench: Bench, trials: Sequence[Trial]) -> list[Trained]:
    """The network of each trial; those whose weights are changed alike train together."""
    found: dict[int, Trained] = {}
    for change in dict.fromkeys(CHANGES.get(trial.start) for trial in trials):
        own = [n for n, trial in enumerate(trials) if CHANGES.get(trial.start) is change]
        epochs = ["epochs=1"] if bench.quick else []
        words = [[*trials[n].words(), *epochs] for n in own]
        found |= zip(own, bench.train(words, start=change), strict=True)
    return [found[n] for n in range(len(trials))]


def _end(trial: Trial, network: Trained) -> Row:
    return {
        "start": trial.start,
        "depth": trial.depth,
        "optimizer": trial.optimizer,
        "rate": trial.rate,
        "width": trial.width,
        "seed": trial.seed,
        "draw": trial.draw,
        "train_loss": network.last("train_loss"),
        "accuracy": network.last("val_accuracy"),
        "asymmetry": asymmetry(network),
    }


def asymmetry(network: Trained) -> float:
    """How far units of the first layer differ: 0 where all have the same weights.

    The largest difference between two units' weights of one input, over the largest weight.
    """
    omega, _ = network.outcome.layers[0]
    return float(np.ptp(omega, axis=1).max() / np.abs(omega).max())


def best_rates(ends: Sequence[Row]) -> dict[Key, float]:
    """Those of the least training loss, the mean over seeds, with which no seed diverged."""
    losses: dict[Key, dict[float, list[float]]] = {}
    for row in ends:
        key = (str(row["start"]), int(row["depth"]), str(row["optimizer"]), int(row["width"]))
        rates = losses.setdefault(key, {})
        rates.setdefault(float(row["rate"]), []).append(float(row["train_loss"]))
    return {
        key: min(rates, key=lambda rate: _or_infinite(float(np.mean(rates[rate]))))
        for key, rates in losses.items()
    }


def _or_infinite(loss: float) -> float:
    return loss if np.isfinite(loss) else np.inf


def _curve(trial: Trial, network: Trained) -> list[Row]:
    return [
        {"start": trial.start, "seed": trial.seed, "epoch": epoch, "accuracy": accuracy}
        for epoch, accuracy in enumerate(network.curve("val_accuracy").tolist(), start=1)
    ]


def factor(first: Sequence[Row], quantity: str, start: str, seed: int) -> float:
    """By which a quantity changes from one hidden layer to the next, of the deep network."""
    of = column(first, quantity, start=start, depth=DEEP, seed=seed)[:DEEP]
    return float((of[-1] / of[0]) ** (1 / (DEEP - 1)))


def at_best(
    ends: Sequence[Row],
    start: str,
    depth: int,
    *,
    optimizer: str = "sgd",
    width: int = WIDTH,
    quantity: str = "accuracy",
) -> Floats:
    """A column of the networks with their best rate, for each seed."""
    rate = best_rates(ends)[start, depth, optimizer, width]
    own: dict[str, float | str] = {"optimizer": optimizer, "width": width, "rate": rate}
    return np.array(column(ends, quantity, start=start, depth=depth, **own))


def spreads(drawn: Sequence[Row], start: str, depth: int) -> list[float]:
    """Standard deviation of accuracy over draws, for each seed."""
    return [
        float(np.std(column(drawn, "accuracy", start=start, depth=depth, seed=seed), ddof=1))
        for seed in levels(drawn, "seed")
    ]


def _values(tables: Tables, seeds: Sequence[int]) -> dict[str, Sequence[float]]:
    first, ends = tables["first_step"], tables["trained"]

    def logs(quantity: str, start: str) -> Floats:
        return np.log2([factor(first, quantity, start, seed) for seed in seeds])

    def norms(start: str) -> Floats:
        return np.log10(column(first, "norm", start=start, depth=DEEP, layer=0))

    worst = min(WRONG, key=lambda start: float(at_best(ends, start, SHALLOW).mean()))
    he, he_adam = (at_best(ends, "he", DEEP, optimizer=name) for name in RATES)
    one_unit = at_best(ends, "equal", SHALLOW, width=1)
    found = {
        "he_forward": np.abs(logs("signal", "he")),
        "he_backward": np.abs(logs("gradient", "he")),
        "glorot_forward": np.abs(logs("signal", "glorot") + 1),
        "small": norms("half") - norms("he"),
        "large": norms("double") - norms("he"),
        "shallow": at_best(ends, "he", SHALLOW) - at_best(ends, worst, SHALLOW),
        "deep": he - at_best(ends, "half", DEEP),
        "torch": he - at_best(ends, "torch", DEEP),
        "adam": he_adam - at_best(ends, "half", DEEP, optimizer="adam"),
        "symmetry": at_best(ends, "equal", SHALLOW, quantity="asymmetry"),
        "one_unit": at_best(ends, "equal", SHALLOW) - one_unit,
        "draws": np.array(spreads(tables["draws"], "he", DEEP)),
    }
    return {key: values.tolist() for key, values in found.items()}


def _notes(tables: Tables) -> list[str]:
    ends, drawn = tables["trained"], tables["draws"]
    alone, many = (at_best(ends, "equal", SHALLOW, width=width).mean() for width in (1, WIDTH))
    found = ", ".join(
        f"{start} {np.mean(spreads(drawn, start, depth)):.2g} with {depth} layers"
        for start, depth in product(REPEATED, (SHALLOW, DEEP))
    )
    return [
        *_factors_in_words(tables["first_step"]),
        *(
            _accuracies_in_words(ends, depth, optimizer)
            for depth, optimizer in product((SHALLOW, DEEP), RATES)
        ),
        f"Accuracy from equal weights, {SHALLOW} layers of {WIDTH} units: {many:.3f}; of 1 unit:"
        f" {alone:.3f}.",
        f"Standard deviation of accuracy over draws, on the same rows: {found}.",
    ]


def _factors_in_words(first: Sequence[Row]) -> list[str]:
    """What theory says stands beside what was found; and how much of it tells rows apart."""
    seeds = levels(first, "seed")
    lines = []
    for quantity, words in (("signal", "pre-activations"), ("gradient", "gradients, going back")):
        means = {
            start: np.exp(np.mean([np.log(factor(first, quantity, start, seed)) for seed in seeds]))
            for start in STARTS
        }
        found = ", ".join(
            f"{start} {mean if quantity == 'signal' else 1 / mean:.2g}"
            for start, mean in means.items()
        )
        lines.append(f"Mean square of {words}, {FACTOR}: {found}.")
    last: dict[str, float | str] = {"depth": DEEP, "layer": DEEP - 1}
    apart = {
        start: np.array(column(first, "distinct", start=start, **last))
        / column(first, "signal", start=start, **last)
        for start in STARTS
    }
    shares = ", ".join(f"{start} {share.mean():.2g}" for start, share in apart.items())
    theory = (
        "Theory reckons, for wide layers: he 1, glorot 1/2, half 1/4, double 4, torch 1/6. torch's"
        " biases hold pre-activations up, but they are the same for all rows."
    )
    return [
        *lines,
        theory,
        f"Share of the last hidden layer's mean square that differs between rows: {shares}.",
    ]


def _accuracies_in_words(ends: Sequence[Row], depth: int, optimizer: str) -> str:
    """Each start's accuracy and rate; a star where the rate is the largest or smallest tried."""
    best, tried = best_rates(ends), RATES[optimizer]
    found = []
    for start in STARTS:
        rate = best[start, depth, optimizer, WIDTH]
        accuracy = at_best(ends, start, depth, optimizer=optimizer).mean()
        if not np.isfinite(accuracy):
            found.append(f"{start} {DIVERGES}")
            continue
        star = "*" if rate in (tried[0], tried[-1]) else ""
        found.append(f"{start} {accuracy:.3f} at {rate:g}{star}")
    remark = " (*: an end of the grid)" if any("*" in text for text in found) else ""
    return f"Accuracy at the best rate, {depth} layers, {optimizer}: {', '.join(found)}{remark}."


def draw(tables: Tables) -> Figure:
    """Variances by layer, accuracies by rate, start, epoch and draw."""
    from mlp_lab.lessons.old.figures import panels

    figure, (signal, gradient, rates, starts, epochs, drawn) = panels(6, columns=2, size=5.6)
    _draw_layers(signal, tables["first_step"], "signal", "Pre-activations f")
    _draw_layers(gradient, tables["first_step"], "gradient", "Gradients dL/df")
    _draw_rates(rates, tables["trained"])
    _draw_starts(starts, tables["trained"])
    _draw_epochs(epochs, tables["epochs"])
    _draw_draws(drawn, tables["draws"])
    return figure


def _draw_layers(axis: Axes, first: Sequence[Row], quantity: str, words: str) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    layers = list(range(DEEP))
    for start, color in zip(STARTS, COLORS, strict=False):
        logs = [
            np.log10(column(first, quantity, start=start, depth=DEEP, layer=layer)).tolist()
            for layer in layers
        ]
        band(axis, layers, logs, label=start, color=color)
    title = f"{words} of {DEEP} hidden layers, before training"
    name(axis, title, "hidden layer (0 reads the inputs)", "log10 of the mean square")


def _draw_rates(axis: Axes, ends: Sequence[Row]) -> None:
    """Only where no seed diverged."""
    from mlp_lab.lessons.old.figures import COLORS, band, name

    rates = sorted({float(row["rate"]) for row in ends if row["optimizer"] == "sgd"})
    for start, color in zip(STARTS, COLORS, strict=False):
        own: dict[str, float | str] = {"start": start, "depth": DEEP, "optimizer": "sgd"}
        found = {rate: column(ends, "accuracy", rate=rate, **own) for rate in rates}
        kept = [rate for rate in rates if np.isfinite(found[rate]).all()]
        if kept:
            band(axis, kept, [found[rate] for rate in kept], label=start, color=color)
        else:
            axis.plot([], [], color=color, label=f"{start}: {DIVERGES}")
    title = f"{DEEP} layers, SGD (a line ends where a network diverges)"
    name(axis, title, "learning rate", ACCURACY, log="x")


def _draw_starts(axis: Axes, ends: Sequence[Row]) -> None:
    from mlp_lab.lessons.claims import t_interval
    from mlp_lab.lessons.old.figures import COLORS, MARKERS, name

    for place, (depth, optimizer) in enumerate(product((SHALLOW, DEEP), RATES)):
        accuracies = [at_best(ends, start, depth, optimizer=optimizer) for start in STARTS]
        means = [float(of.mean()) for of in accuracies]
        reach = [t_interval(of.tolist())[1] - of.mean() for of in accuracies]
        axis.errorbar(
            np.arange(len(STARTS)) + 0.12 * (place - 1.5),
            means,
            reach,
            fmt=MARKERS[place],
            color=COLORS[place],
            label=f"{depth} layers, {optimizer}",
        )
    axis.set_xticks(range(len(STARTS)), STARTS)
    name(axis, "Each at its own best rate", "initial weights", ACCURACY)


def _draw_epochs(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    epochs = levels(table, "epoch")
    for start, color in zip(STARTS, COLORS, strict=False):
        by_seed = [column(table, "accuracy", start=start, epoch=epoch) for epoch in epochs]
        band(axis, epochs, by_seed, label=start, color=color)
    name(axis, f"{DEEP} layers, SGD at the best rates", "epoch", ACCURACY)


def _draw_draws(axis: Axes, drawn: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, MARKERS, name

    for place, (start, depth) in enumerate(product(REPEATED, (SHALLOW, DEEP))):
        own = [row for row in drawn if row["start"] == start and row["depth"] == depth]
        seeds = np.array(column(own, "seed")) + 0.12 * (place - 1.5)
        axis.plot(
            seeds,
            column(own, "accuracy"),
            MARKERS[place],
            color=COLORS[place],
            label=f"{start}, {depth} layers",
            alpha=0.6,
        )
    axis.set_xticks(levels(drawn, "seed"))
    name(axis, "SGD, several draws of weights on the same rows", "seed of the rows", ACCURACY)


LESSON = Lesson(
    question="How large must the first weights be, and why must they differ?",
    method=(
        f"`experiment=initialisation`: digits, layers of {WIDTH} ReLUs, cross-entropy, 10 epochs,"
        " SGD or Adam. He's, Glorot's and torch.nn.Linear's weights are drawn as `model.init` says;"
        " half and double are He's, multiplied. Equal weights are 1 / inputs everywhere. Mean"
        " squares, theory's variances, are over units and training rows, before the first step; a"
        f" factor is the geometric mean of the {DEEP - 1} steps from one hidden layer to the next."
        " Each start has its own best learning rate of those tried, by training loss, the mean over"
        " seeds; accuracy is on 539 rows that no network learns from and by which nothing is chosen"
        f" (validation rows). A seed draws weights, batches and rows; {DRAWS} draws share rows."
        " Seeds went from 5 to 8, and the grids of rates were shifted, after first results."
    ),
    claims=CLAIMS,
    seeds=8,
    measure=measure,
    draw=draw,
)
