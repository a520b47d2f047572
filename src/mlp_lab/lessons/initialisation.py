"""Initialisation: how large the first weights must be, and why they must differ.

After "Understanding the difficulty of training deep feedforward neural networks" (Glorot and
Bengio, 2010) and "Delving deep into rectifiers" (He et al., 2015).
"""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, SHARE, Claim
from mlp_lab.lessons.initial_weights import (
    DEEP,
    DEPTHS,
    DRAWS,
    INITS,
    RATES,
    SHALLOW,
    WIDTH,
    measure,
)
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Line, Panel, band, bands, beside
from mlp_lab.lessons.tables import Level, Tables, by_seed, levels, where

MARKERS = "osD^"
ACCURACY, DIVERGES = "accuracy on unseen rows", "diverges at every rate"
FACTOR = "factor from one hidden layer to the next"
UNTRAINED = f"{DEEP} layers, before training"


def first_step(t: Tables, column: str, weights: str) -> Floats:
    """A column of the deep networks before training, (layers, seeds); the output layer is last."""
    return by_seed(t["first_step"], column, "layer", weights=weights, depth=DEEP)


def factor(t: Tables, column: str, weights: str) -> list[float]:
    """By which each seed's column changes from one hidden layer to the next."""
    hidden = first_step(t, column, weights)[:DEEP]
    return [ratio ** (1 / (DEEP - 1)) for ratio in hidden[-1] / hidden[0]]


def log_norm(t: Tables, weights: str) -> Floats:
    """log10 of the norm of the first layer's gradient, (seeds,)."""
    return np.asarray(np.log10(first_step(t, "norm", weights)[0]))


def best(t: Tables, weights: str, column: str = "accuracy", **values: Level) -> Floats:
    """A column at the best rate, (seeds,): of deep networks that SGD trained, unless told."""
    own: dict[str, Level] = {"depth": DEEP, "optimizer": "sgd", "width": WIDTH, **values}
    return by_seed(where(t["best"], weights=weights, **own), column)


def spread(t: Tables, weights: str, depth: int) -> Floats:
    """Standard deviation of accuracy over draws, (seeds,)."""
    draws = by_seed(t["draws"], "accuracy", "draw", weights=weights, depth=depth)
    return np.asarray(np.std(draws, axis=0, ddof=1))


CLAIMS = {
    "he_forward": Claim(
        "With He's weights pre-activations keep their variance from layer to layer.",
        f"|log2 of the mean square's {FACTOR}|, {DEEP} layers of ReLUs, before training",
        lambda t: np.abs(np.log2(factor(t, "signal", "he"))),
        below=0.25,
        within=POSITIVE,
    ),
    "he_backward": Claim(
        "So do their gradients.",
        f"|log2 of the mean square's {FACTOR}|, of dL/df, {UNTRAINED}",
        lambda t: np.abs(np.log2(factor(t, "gradient", "he"))),
        below=0.25,
        within=POSITIVE,
    ),
    "glorot_forward": Claim(
        "Glorot's weights, which reckon without the ReLU, halve it in every layer.",
        f"|log2 of the mean square's {FACTOR} + 1|, {UNTRAINED}",
        lambda t: np.abs(np.log2(factor(t, "signal", "glorot")) + 1),
        below=0.25,
        within=POSITIVE,
    ),
    "small": Claim(
        "Half as large, they make the gradient of the first layer vanish.",
        f"log10 of its norm, half of He's weights / He's, {UNTRAINED}",
        lambda t: log_norm(t, "half") - log_norm(t, "he"),
        below=-3.0,
    ),
    "large": Claim(
        "Twice as large, they make it explode.",
        f"log10 of its norm, twice He's weights / He's, {UNTRAINED}",
        lambda t: log_norm(t, "double") - log_norm(t, "he"),
        above=3.0,
    ),
    "shallow": Claim(
        "With two hidden layers the scale of the weights hardly matters.",
        f"{ACCURACY}, He's - the worst of the others, SGD, 2 layers",
        lambda t: (
            best(t, "he", depth=SHALLOW)
            - min((best(t, name, depth=SHALLOW) for name in [*INITS][1:]), key=np.mean)
        ),
        below=0.02,
        within=DIFFERENCE,
    ),
    "deep": Claim(
        "With twelve it decides whether anything is learnt.",
        f"{ACCURACY}, He's - half of them, SGD, {DEEP} layers",
        lambda t: best(t, "he") - best(t, "half"),
        above=0.1,
        within=DIFFERENCE,
    ),
    "torch": Claim(
        "torch.nn.Linear's own weights are too small for twelve layers of ReLUs.",
        f"{ACCURACY}, He's - torch's, SGD, {DEEP} layers",
        lambda t: best(t, "he") - best(t, "torch"),
        above=0.1,
        within=DIFFERENCE,
    ),
    "adam": Claim(
        "Adam, which divides by the gradient's size, makes good for the wrong scale.",
        f"{ACCURACY}, He's - half of them, Adam, {DEEP} layers",
        lambda t: best(t, "he", optimizer="adam") - best(t, "half", optimizer="adam"),
        below=0.02,
        within=DIFFERENCE,
    ),
    "symmetry": Claim(
        "Units that begin with equal weights stay equal.",
        "largest difference between weights of two units of the first layer / its largest"
        " weight, after training from equal weights, 2 layers",
        lambda t: best(t, "equal", "asymmetry", depth=SHALLOW),
        below=0.001,
        within=POSITIVE,
    ),
    "one_unit": Claim(
        "So a layer of them learns no more than a single unit.",
        f"{ACCURACY}, 64 units to a layer from equal weights - 1 unit, 2 layers",
        lambda t: best(t, "equal", depth=SHALLOW) - best(t, "equal", depth=SHALLOW, width=1),
        below=0.05,
        within=DIFFERENCE,
    ),
    "draws": Claim(
        "With weights of the right size it hardly matters which ones are drawn.",
        f"standard deviation of accuracy over draws, on the same rows, He's, {DEEP} layers",
        lambda t: spread(t, "he", DEEP),
        below=0.01,
    ),
}


def notes(t: Tables) -> list[str]:
    """Factors beside those of theory, accuracies, and how much the draw of weights matters."""

    def each(number: Callable[[str], float]) -> str:
        return ", ".join(f"{name} {number(name):.2g}" for name in INITS)

    forward = each(lambda name: np.exp(np.mean(np.log(factor(t, "signal", name)))))
    back = each(lambda name: np.exp(-np.mean(np.log(factor(t, "gradient", name)))))
    distinct = each(
        lambda name: np.mean((first_step(t, "distinct", name) / first_step(t, "signal", name))[-2])
    )
    many, one = (best(t, "equal", depth=SHALLOW, width=width).mean() for width in (WIDTH, 1))
    spreads = (
        f"{name} {spread(t, name, depth).mean():.2g} with {depth} layers"
        for name, depth in product(t["draws"]["weights"].unique(), DEPTHS)
    )
    return [
        f"Mean square of pre-activations, {FACTOR}: {forward}.",
        f"Mean square of gradients, going back, {FACTOR}: {back}.",
        "Theory reckons, for wide layers: he 1, glorot 1/2, half 1/4, double 4, torch 1/6. torch's"
        " biases hold pre-activations up, but they are the same for all rows.",
        f"Share of the last hidden layer's mean square that differs between rows: {distinct}.",
        *(accuracies_in_words(t, depth, name) for depth, name in product(DEPTHS, RATES)),
        f"Accuracy from equal weights, {SHALLOW} layers of {WIDTH} units: {many:.3f}; of 1 unit:"
        f" {one:.3f}.",
        f"Standard deviation of accuracy over draws, on the same rows: {', '.join(spreads)}.",
    ]


def accuracies_in_words(t: Tables, depth: int, optimizer: str) -> str:
    """Accuracies and best rates; a star where the rate is the largest or smallest tried."""
    found, ends = [], (RATES[optimizer][0], RATES[optimizer][-1])
    for name in INITS:
        accuracy = best(t, name, depth=depth, optimizer=optimizer).mean()
        rate = best(t, name, "rate", depth=depth, optimizer=optimizer)[0]
        at = f"{accuracy:.3f} at {rate:g}{'*' if rate in ends else ''}"
        found.append(f"{name} {at if np.isfinite(accuracy) else DIVERGES}")
    remark = " (*: an end of the grid)" if "*" in "".join(found) else ""
    return f"Accuracy at the best rate, {depth} layers, {optimizer}: {', '.join(found)}{remark}."


def panels(t: Tables) -> list[Panel]:
    """Mean squares by layer, accuracies by rate, initial weights, epoch and draw."""
    hidden = where(t["first_step"][t["first_step"]["layer"] < DEEP], depth=DEEP)
    logs = hidden.assign(signal=np.log10(hidden["signal"]), gradient=np.log10(hidden["gradient"]))
    sgd = where(t["trained"], depth=DEEP, optimizer="sgd")
    diverged = [name for name in INITS if not np.isfinite(best(t, name)).all()]
    named = sgd.replace({"weights": {name: f"{name}: {DIVERGES}" for name in diverged}})
    ticks: dict[float, str] = dict(enumerate(INITS))
    places = t["best"]["weights"].map({name: place for place, name in ticks.items()})
    own = t["best"].assign(place=places).dropna(subset="place")
    at_best = beside(own, "place", ["depth", "optimizer"], "{} layers, {}")
    bars = [
        band(part, "place", "accuracy", label, line="", marker=marker)
        for marker, (label, part) in zip(MARKERS, at_best, strict=True)
    ]
    drawn = beside(t["draws"], "seed", ["weights", "depth"], "{}, {} layers")
    points = [
        Line(x=part["seed"], y=part["accuracy"], label=label, line="", marker=marker, alpha=0.6)
        for marker, (label, part) in zip(MARKERS, drawn, strict=True)
    ]
    rates = bands(named, "rate", "accuracy", "weights")
    epochs = bands(t["epochs"], "epoch", "accuracy", "weights")
    seeds = {seed: f"{seed:g}" for seed in levels(t["draws"], "seed")}
    draws = "SGD, several draws of weights on the same rows"
    rate = f"{DEEP} layers, SGD (a line ends where a network diverges)"
    words = f"of {DEEP} hidden layers, before training"
    squares = partial(Panel, x="hidden layer (0 reads the inputs)", y="log10 of the mean square")
    accuracy = partial(Panel, y=ACCURACY, within=SHARE)
    return [
        squares(f"Pre-activations f {words}", drawn=bands(logs, "layer", "signal", "weights")),
        squares(f"Gradients dL/df {words}", drawn=bands(logs, "layer", "gradient", "weights")),
        accuracy(rate, "learning rate", drawn=rates, log="x"),
        accuracy("Each at its own best rate", "initial weights", drawn=bars, ticks=ticks),
        accuracy(f"{DEEP} layers, SGD at the best rates", "epoch", drawn=epochs),
        accuracy(draws, "seed of the rows", drawn=points, ticks=seeds),
    ]


LESSON = Lesson(
    question="How large must the first weights be, and why must they differ?",
    method=(
        f"`experiment=initialisation`: digits, layers of {WIDTH} ReLUs, cross-entropy, 10 epochs,"
        " SGD or Adam. He's, Glorot's and torch.nn.Linear's weights are drawn as `model.init` says;"
        " half and double multiply He's; equal weights are 1 / inputs. Mean squares (theory's"
        " variances) are over units and training rows, before the first step; a factor is the"
        f" geometric mean of the {DEEP - 1} steps from one hidden layer to the next. Initial"
        " weights have each their own best learning rate of those tried, by the training loss, the"
        " mean over seeds. Accuracy is on 539 validation rows, from which nothing is learnt and by"
        f" which nothing is chosen. A seed draws weights, batches and rows; {DRAWS} draws share"
        " rows. After first results seeds went from 5 to 8 and the grids of rates were shifted."
    ),
    seeds=8,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5.6,
)
