"""The cost of backpropagation: its time against the loss alone, its memory against the model's.

After "The complexity of partial derivatives" (Baur and Strassen, 1983), which bounds the first,
and "Understanding Deep Learning" (Prince, 2023, chapter 7); ten times the model's memory is a rule
of thumb of many courses.
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, SHARE, Claim
from mlp_lab.lessons.costs import KEPT, ROUNDS, Step, by_differences, costs
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import GREY, Area, Drawn, Line, Mark, Panel, band
from mlp_lab.lessons.study import seed_settings
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, listed, table_of, where

BASE = {"depth": 4, "width": 128, "batch": 128}
"""Those of experiment=backprop_cost; one number at a time is varied."""

VARIED = {
    "depth": (1, 2, 4, 8, 16),
    "width": (16, 32, 64, 128, 256, 512, 1024),
    "batch": (1, 8, 32, 128, 512),
}
AXES = {"depth": "hidden layers", "width": "units of a layer", "batch": "rows of a batch"}

SMALL = {"depth": 2, "batch": 32}
"""Of networks whose derivatives are taken by finite differences, too."""

SMALL_WIDTHS = (2, 8, 16, 32)
WIDEST = f"{SMALL_WIDTHS[-1]} units"


def measure(bench: Bench) -> Tables:
    """Every network once in each repetition, so that a repetition meets the machine as it is."""

    def step(seed: int, depth: int, width: int, batch: int) -> Step:
        words = [*seed_settings(seed), f"model.depth={depth}", f"model.width={width}"]
        return Step(bench.stack(["experiment=backprop_cost", *words]), batch)

    networks: list[Columns] = []
    differences: list[Columns] = []
    for seed in bench.seeds:
        for varied, values in VARIED.items():
            for value in values[:3:2] if bench.quick else values:
                own = {**BASE, varied: value}
                found = costs(step(seed, **own), 3 if bench.quick else ROUNDS)
                networks.append({"varied": varied, **own, "seed": seed, **found})
        for width in SMALL_WIDTHS[:2] if bench.quick else SMALL_WIDTHS:
            found = by_differences(step(seed, width=width, **SMALL), 1 if bench.quick else 5)
            differences.append({"width": width, "seed": seed, **found})
    return {"networks": table_of(networks), "differences": table_of(differences)}


def along(t: Tables, varied: str, column: str) -> Floats:
    """A column where one number is varied, (levels, seeds)."""
    return by_seed(t["networks"], column, varied, varied=varied)


def of_all(t: Tables, column: str) -> Floats:
    """A column, (networks, seeds)."""
    return np.vstack([along(t, varied, column) for varied in VARIED])


def growth(t: Tables, varied: str) -> Floats:
    """The multiple of the loss's time at the greatest level / at the least, (seeds,)."""
    multiple = along(t, varied, "multiple")
    return np.asarray(multiple[-1] / multiple[0])


def widest(t: Tables, column: str) -> Floats:
    """Of the widest network whose derivatives were taken by finite differences, (seeds,)."""
    return np.asarray(by_seed(t["differences"], column, "width")[-1])


CLAIMS = {
    "as_the_loss": Claim(
        "Backpropagation takes about as long as computing the loss.",
        "(time of both passes / of the loss, geometric mean of all networks) - 1",
        lambda t: np.exp(np.log(of_all(t, "multiple")).mean(axis=0)) - 1,
        below=1.5,
    ),
    "multiple": Claim(
        "The loss and all its derivatives together take a small multiple of the loss alone.",
        "time of both passes / of the loss, the largest of all networks",
        lambda t: of_all(t, "multiple").max(axis=0),
        below=4.0,
        within=POSITIVE,
    ),
    "depth": Claim(
        "The multiple is the same whatever the depth.",
        "that multiple, deepest / one hidden layer",
        lambda t: growth(t, "depth"),
        below=1.2,
        within=POSITIVE,
    ),
    "width": Claim(
        "And whatever the width.",
        "that multiple, widest / narrowest",
        lambda t: growth(t, "width"),
        below=1.2,
        within=POSITIVE,
    ),
    "products": Claim(
        "Matrix products say what it is: one for each layer on the way forward, two back.",
        "|measured multiple / that of the multiplications - 1|, widest network",
        lambda t: np.abs(along(t, "width", "multiple_to_counted")[-1] - 1),
        below=0.15,
        within=POSITIVE,
    ),
    "proportion": Claim(
        "Finite differences take as many forward passes as there are parameters.",
        f"|time of finite differences / (parameters x the loss's) - 1|, {WIDEST}",
        lambda t: np.abs(widest(t, "forward_passes") / widest(t, "parameters") - 1),
        below=0.25,
        within=POSITIVE,
    ),
    "differences": Claim(
        "So for a small network already, backpropagation is hundreds of times faster.",
        f"time of finite differences / of both passes, {WIDEST}",
        lambda t: widest(t, "slower"),
        above=100.0,
        within=POSITIVE,
    ),
    "inexact": Claim(
        "And it is exact where finite differences are not.",
        "log10 of the error of finite differences / of backpropagation, both against autograd in"
        f" double precision, {WIDEST}",
        lambda t: np.log10(widest(t, "error_ratio")),
        above=2.0,
    ),
    "ten": Claim(
        "Training needs about ten times the model's memory.",
        "|log2| of bytes held with Adam / ten times the parameters', 4 x 128 units, batches of 128",
        lambda t: np.abs(np.log2(by_seed(t["networks"], "memory", varied="depth", depth=4) / 10)),
        below=1.0,
        exact=True,
        within=POSITIVE,
    ),
    "ten_anywhere": Claim(
        "That is so whatever the network and the batch.",
        "log2 of that ratio, largest / smallest of all networks and batches",
        lambda t: np.log2(of_all(t, "memory").max(axis=0) / of_all(t, "memory").min(axis=0)),
        below=2.0,
        exact=True,
    ),
    "activations": Claim(
        "With large batches, what the passes keep of each layer takes most of the memory.",
        "share of activations and their derivatives in the bytes held, largest batch",
        lambda t: along(t, "batch", "activation_share")[-1],
        above=0.5,
        exact=True,
        within=SHARE,
    ),
}


def notes(t: Tables) -> list[str]:
    """Ratios of time and of memory at every level, and finite differences at every width."""
    times, bytes_held = [], []
    for varied in VARIED:
        multiple, counted, memory = (
            listed(along(t, varied, column).mean(axis=1), ".3g")
            + f" at {varied} {listed(levels(where(t['networks'], varied=varied), varied))}"
            for column in ("multiple", "counted", "memory")
        )
        times.append(f"Both passes / the loss alone: {multiple}; by multiplications {counted}.")
        bytes_held.append(f"Bytes held / bytes of the parameters: {memory}.")
    return [
        *times,
        *bytes_held,
        "Parameters, gradients, Adam's averages and the best epoch make five times the model. The"
        " rest is about 4 x rows x units / parameters: about as much again where a batch has as"
        " many rows as a layer has units, little in a wide network, most of it in a narrow one.",
        *(
            f"{row.parameters:,.0f} parameters: finite differences take {row.slower:,.0f} times as"
            f" long as backpropagation; relative errors {row.differences_error:.1g} and"
            f" {row.backprop_error:.1g}."
            for row in t["differences"].groupby("width").mean().itertuples()
        ),
    ]


def varied_panel(t: Tables, varied: str, *, memory: bool) -> Panel:
    """Time against what is varied, or kinds of memory upon each other."""
    own = where(t["networks"], varied=varied)
    x = levels(own, varied)
    drawn: list[Drawn] = [
        band(own, varied, "multiple", "measured"),
        band(own, varied, "counted", "by multiplications", line="--"),
    ]
    if memory:
        means = [along(t, varied, f"{kind}_bytes").mean(axis=1) for kind in KEPT]
        tops = np.cumsum([np.zeros(len(x)), *(mean / means[0] for mean in means)], axis=0)
        drawn = [
            Area(x=x, low=low, high=high, label=kind.replace("_", " "))
            for kind, low, high in zip(KEPT, tops[:-1], tops[1:], strict=True)
        ]
        drawn.append(Mark(y=10, label="ten times the model"))
    fixed = ", ".join(f"{name} {value}" for name, value in BASE.items() if name != varied)
    return Panel(
        f"{'Memory' if memory else 'Time'}, {fixed}",
        AXES[varied],
        "bytes / bytes of the parameters" if memory else "both passes / the loss alone",
        drawn,
        log="x",
        within=POSITIVE,
        y_limits=(0, 32) if memory else (1, None),
        ticks={level: str(level) for level in x},
        legend_columns=2 if memory else 1,
        legend_size=7,
    )


def panels(t: Tables) -> list[Panel]:
    """Multiples of the loss's time, finite differences, and where the memory is."""
    small = t["differences"]
    counts = levels(small, "parameters")
    slower: list[Drawn] = [
        band(small, "parameters", "slower", "as both passes"),
        band(small, "parameters", "forward_passes", "as the loss alone"),
        Line(x=counts, y=counts, label="as many as parameters", color=GREY, line=":"),
    ]
    title, ticks = "Time of finite differences", {count: f"{count:,.0f}" for count in counts}
    return [
        *(varied_panel(t, varied, memory=False) for varied in VARIED),
        Panel(title, "parameters", "times as long", slower, log="xy", ticks=ticks),
        *(varied_panel(t, varied, memory=True) for varied in ("width", "batch")),
    ]


LESSON = Lesson(
    question="What does it cost to know all derivatives: how much time, how much memory?",
    method=(
        "`experiment=backprop_cost`: ReLU networks on digits, 4 layers of 128 units, batches of 128"
        " rows; one number at a time is varied. A seed stands for a repetition: it draws weights"
        " and rows, and times every network anew. Times are those of the engine's own passes on one"
        f" thread, by the thread's clock: in each of {ROUNDS} rounds the loss alone and both passes"
        " take turns, for at least 2 ms each; a number is the median of the rounds' ratios."
        " Multiplications are those of matrix products alone; bytes those of the tensors, as torch"
        " stores them, that training keeps beside its rows: parameters, gradients, Adam's two"
        " averages, the best epoch's parameters, every layer's f and h and their derivatives, but"
        " no temporary tensors. Finite differences are one-sided, of"
        f" {SMALL['depth']} layers and {SMALL['batch']} rows, in single precision."
    ),
    seeds=5,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)
