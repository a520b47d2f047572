"""Initialisation: how large the first weights must be, and why they must differ.

After "Understanding the difficulty of training deep feedforward neural networks" (Glorot and
Bengio, 2010) and "Delving deep into rectifiers" (He et al., 2015).
"""

from collections.abc import Callable
from itertools import product

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.initial_weights import DEPTHS, DRAWS, INITS, RATES, WIDTH, measure
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Line, Panel, band, bands, beside
from mlp_lab.lessons.tables import Level, Tables, by_seed, levels, where

SHALLOW, DEEP = DEPTHS
MARKERS = "osD^"
ACCURACY, DIVERGES = "accuracy on unseen rows", "diverges at every rate"
FACTOR = "factor from one hidden layer to the next"


def first_step(tables: Tables, column: str, weights: str) -> Floats:
    """A column of the deep networks before training, (layers, seeds); the output layer is last."""
    return by_seed(tables["first_step"], column, "layer", weights=weights, depth=DEEP)


def factor(tables: Tables, column: str, weights: str) -> list[float]:
    """By which each seed's column changes from one hidden layer to the next."""
    hidden = first_step(tables, column, weights)[:DEEP]
    return [ratio ** (1 / (DEEP - 1)) for ratio in hidden[-1] / hidden[0]]


def log_norm(tables: Tables, weights: str) -> Floats:
    """log10 of the norm of the first layer's gradient, (seeds,)."""
    return np.asarray(np.log10(first_step(tables, "norm", weights)[0]))


def best(tables: Tables, weights: str, column: str = "accuracy", **values: Level) -> Floats:
    """A column at the best rate, (seeds,): of deep networks that SGD trained, unless told."""
    own: dict[str, Level] = {"depth": DEEP, "optimizer": "sgd", "width": WIDTH, **values}
    return by_seed(where(tables["best"], weights=weights, **own), column)


def spread(tables: Tables, weights: str, depth: int) -> Floats:
    """Standard deviation of accuracy over draws, (seeds,)."""
    draws = by_seed(tables["draws"], "accuracy", "draw", weights=weights, depth=depth)
    return np.asarray(np.std(draws, axis=0, ddof=1))


CLAIMS = {
    "he_forward": Claim(
        "With He's weights pre-activations keep their variance from layer to layer.",
        f"|log2 of the mean square's {FACTOR}|, {DEEP} layers of ReLUs, before training",
        lambda tables: np.abs(np.log2(factor(tables, "signal", "he"))),
        below=0.25,
    ),
    "he_backward": Claim(
        "So do their gradients.",
        f"|log2 of the mean square's {FACTOR}|, of dL/df, {DEEP} layers, before training",
        lambda tables: np.abs(np.log2(factor(tables, "gradient", "he"))),
        below=0.25,
    ),
    "glorot_forward": Claim(
        "Glorot's weights, which reckon without the ReLU, halve it in every layer.",
        f"|log2 of the mean square's {FACTOR} + 1|, {DEEP} layers, before training",
        lambda tables: np.abs(np.log2(factor(tables, "signal", "glorot")) + 1),
        below=0.25,
    ),
    "small": Claim(
        "Half as large, they make the gradient of the first layer vanish.",
        f"log10 of its norm, half of He's weights / He's, {DEEP} layers, before training",
        lambda tables: log_norm(tables, "half") - log_norm(tables, "he"),
        below=-3.0,
    ),
    "large": Claim(
        "Twice as large, they make it explode.",
        f"log10 of its norm, twice He's weights / He's, {DEEP} layers, before training",
        lambda tables: log_norm(tables, "double") - log_norm(tables, "he"),
        above=3.0,
    ),
    "shallow": Claim(
        "With two hidden layers the scale of the weights hardly matters.",
        "accuracy on unseen rows, He's - the worst of the others, SGD, 2 layers",
        lambda tables: (
            best(tables, "he", depth=SHALLOW)
            - min((best(tables, name, depth=SHALLOW) for name in [*INITS][1:]), key=np.mean)
        ),
        below=0.02,
    ),
    "deep": Claim(
        "With twelve it decides whether anything is learnt.",
        f"accuracy on unseen rows, He's - half of them, SGD, {DEEP} layers",
        lambda tables: best(tables, "he") - best(tables, "half"),
        above=0.1,
    ),
    "torch": Claim(
        "torch.nn.Linear's own weights are too small for twelve layers of ReLUs.",
        f"accuracy on unseen rows, He's - torch's, SGD, {DEEP} layers",
        lambda tables: best(tables, "he") - best(tables, "torch"),
        above=0.1,
    ),
    "adam": Claim(
        "Adam, which divides by the gradient's size, makes good for the wrong scale.",
        f"accuracy on unseen rows, He's - half of them, Adam, {DEEP} layers",
        lambda tables: (
            best(tables, "he", optimizer="adam") - best(tables, "half", optimizer="adam")
        ),
        below=0.02,
    ),
    "symmetry": Claim(
        "Units that begin with equal weights stay equal.",
        "largest difference between weights of two units of the first layer / its largest"
        " weight, after training from equal weights, 2 layers",
        lambda tables: best(tables, "equal", "asymmetry", depth=SHALLOW),
        below=0.001,
    ),
    "one_unit": Claim(
        "So a layer of them learns no more than a single unit.",
        "accuracy on unseen rows, 64 units to a layer from equal weights - 1 unit, 2 layers",
        lambda tables: (
            best(tables, "equal", depth=SHALLOW) - best(tables, "equal", depth=SHALLOW, width=1)
        ),
        below=0.05,
    ),
    "draws": Claim(
        "With weights of the right size it hardly matters which ones are drawn.",
        f"standard deviation of accuracy over draws, on the same rows, He's, {DEEP} layers",
        lambda tables: spread(tables, "he", DEEP),
        below=0.01,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Factors beside those of theory, accuracies, and how much the draw of weights matters."""

    def listed(number: Callable[[str], float]) -> str:
        return ", ".join(f"{name} {number(name):.2g}" for name in INITS)

    forward = listed(lambda name: np.exp(np.mean(np.log(factor(tables, "signal", name)))))
    back = listed(lambda name: np.exp(-np.mean(np.log(factor(tables, "gradient", name)))))
    distinct = listed(
        lambda name: np.mean(
            (first_step(tables, "distinct", name) / first_step(tables, "signal", name))[-2]
        )
    )
    draws = tables["draws"]
    many, alone = (best(tables, "equal", depth=SHALLOW, width=width).mean() for width in (WIDTH, 1))
    spreads = ", ".join(
        f"{name} {spread(tables, name, depth).mean():.2g} with {depth} layers"
        for name, depth in product(draws["weights"].unique(), DEPTHS)
    )
    return [
        f"Mean square of pre-activations, {FACTOR}: {forward}.",
        f"Mean square of gradients, going back, {FACTOR}: {back}.",
        "Theory reckons, for wide layers: he 1, glorot 1/2, half 1/4, double 4, torch 1/6. torch's"
        " biases hold pre-activations up, but they are the same for all rows.",
        f"Share of the last hidden layer's mean square that differs between rows: {distinct}.",
        *(accuracies_in_words(tables, depth, name) for depth, name in product(DEPTHS, RATES)),
        f"Accuracy from equal weights, {SHALLOW} layers of {WIDTH} units: {many:.3f}; of 1 unit:"
        f" {alone:.3f}.",
        f"Standard deviation of accuracy over draws, on the same rows: {spreads}.",
    ]


def accuracies_in_words(tables: Tables, depth: int, optimizer: str) -> str:
    """Accuracies and best rates; a star where the rate is the largest or smallest tried."""
    found, (first, *_, last) = [], RATES[optimizer]
    for name in INITS:
        accuracy = best(tables, name, depth=depth, optimizer=optimizer).mean()
        rate = best(tables, name, "rate", depth=depth, optimizer=optimizer)[0]
        at = f"{accuracy:.3f} at {rate:g}{'*' if rate in (first, last) else ''}"
        found.append(f"{name} {at if np.isfinite(accuracy) else DIVERGES}")
    remark = " (*: an end of the grid)" if any("*" in text for text in found) else ""
    return f"Accuracy at the best rate, {depth} layers, {optimizer}: {', '.join(found)}{remark}."


def panels(tables: Tables) -> list[Panel]:
    """Mean squares by layer, accuracies by rate, initial weights, epoch and draw."""
    first, draws = tables["first_step"], tables["draws"]
    hidden = where(first[first["layer"] < DEEP], depth=DEEP)
    logs = hidden.assign(**{name: np.log10(hidden[name]) for name in ("signal", "gradient")})
    axes = ("hidden layer (0 reads the inputs)", "log10 of the mean square")
    words = f"of {DEEP} hidden layers, before training"
    sgd = where(tables["trained"], depth=DEEP, optimizer="sgd")
    diverged = [name for name in INITS if not np.isfinite(best(tables, name)).all()]
    named = sgd["weights"].replace({name: f"{name}: {DIVERGES}" for name in diverged})
    ticks = {float(place): name for place, name in enumerate(INITS)}
    own = tables["best"][tables["best"]["weights"].isin(INITS)]
    own = own.assign(place=own["weights"].map({name: place for place, name in ticks.items()}))
    at_best = beside(own, "place", ["depth", "optimizer"], "{} layers, {}")
    drawn = beside(draws, "seed", ["weights", "depth"], "{}, {} layers")
    return [
        Panel(f"Pre-activations f {words}", *axes, bands(logs, "layer", "signal", "weights")),
        Panel(f"Gradients dL/df {words}", *axes, bands(logs, "layer", "gradient", "weights")),
        Panel(
            *(f"{DEEP} layers, SGD (a line ends where a network diverges)", "learning rate"),
            *(ACCURACY, bands(sgd.assign(weights=named), "rate", "accuracy", "weights")),
            log="x",
        ),
        Panel(
            *("Each at its own best rate", "initial weights", ACCURACY),
            [
                band(part, "place", "accuracy", label, line="", marker=marker)
                for marker, (label, part) in zip(MARKERS, at_best, strict=True)
            ],
            ticks=ticks,
        ),
        Panel(
            *(f"{DEEP} layers, SGD at the best rates", "epoch", ACCURACY),
            bands(tables["epochs"], "epoch", "accuracy", "weights"),
        ),
        Panel(
            *("SGD, several draws of weights on the same rows", "seed of the rows", ACCURACY),
            [
                Line(x=part["seed"], y=part["accuracy"], label=label, line="", marker=m, alpha=0.6)
                for m, (label, part) in zip(MARKERS, drawn, strict=True)
            ],
            ticks={seed: f"{seed:g}" for seed in levels(draws, "seed")},
        ),
    ]


LESSON = Lesson(
    question="How large must the first weights be, and why must they differ?",
    method=(
        f"`experiment=initialisation`: digits, layers of {WIDTH} ReLUs, cross-entropy, 10 epochs,"
        " SGD or Adam. He's, Glorot's and torch.nn.Linear's weights are drawn as `model.init` says;"
        " half and double are He's, multiplied. Equal weights are 1 / inputs everywhere. Mean"
        " squares, theory's variances, are over units and training rows, before the first step; a"
        f" factor is the geometric mean of the {DEEP - 1} steps from one hidden layer to the next."
        " Initial weights have each their own best learning rate of those tried, by training loss,"
        " the mean over seeds; accuracy is on 539 rows that no network learns from and by which"
        " nothing is chosen (validation rows). A seed draws weights, batches and rows;"
        f" {DRAWS} draws share rows. Seeds went from 5 to 8, and the grids of rates were shifted,"
        " after first results."
    ),
    seeds=8,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5.6,
)
