"""The cost of backpropagation: its time against the loss alone, its memory against the model's.

After "The complexity of partial derivatives" (Baur and Strassen, 1983), which bounds the first,
and "Understanding Deep Learning" (Prince, 2023, chapter 7); ten times the model's memory is a rule
of thumb of many courses.
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.costs import ROUNDS, Step, by_differences, kept, timed
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

SMALL_DEPTH, SMALL_BATCH, SMALL_WIDTHS = 2, 32, (2, 8, 16, 32)
"""Networks whose derivatives are taken by finite differences, too."""

KEPT = ("parameters", "gradients", "moments", "best_epoch", "activations", "activation_gradients")
"""What training keeps beside its rows; the moments are Adam's averages."""


def measure(bench: Bench) -> Tables:
    """Every network once in each repetition, so that a repetition meets the machine as it is."""
    networks: list[Columns] = []
    differences: list[Columns] = []
    for seed in bench.seeds:
        base = ["experiment=backprop_cost", *seed_settings(seed)]
        for varied, values in VARIED.items():
            for value in values[:3:2] if bench.quick else values:
                own = {**BASE, varied: value}
                words = [f"model.depth={own['depth']}", f"model.width={own['width']}"]
                step = Step(bench.stack([*base, *words]), own["batch"])
                cost = {**timed(step, 3 if bench.quick else ROUNDS), **kept(step)}
                networks.append({"varied": varied, **own, "seed": seed, **cost})
        for width in SMALL_WIDTHS[:2] if bench.quick else SMALL_WIDTHS:
            words = [f"model.depth={SMALL_DEPTH}", f"model.width={width}"]
            step = Step(bench.stack([*base, *words]), SMALL_BATCH)
            compared = by_differences(step, 1 if bench.quick else 5)
            differences.append({"width": width, "seed": seed, **compared})
    return {"networks": table_of(networks), "differences": table_of(differences)}


def along(tables: Tables, varied: str, column: str) -> Floats:
    """A column where one number is varied, (levels, seeds)."""
    return by_seed(tables["networks"], column, varied, varied=varied)


def of_all(tables: Tables, column: str) -> Floats:
    """A column, (networks, seeds)."""
    return np.vstack([along(tables, varied, column) for varied in VARIED])


def growth(tables: Tables, varied: str) -> Floats:
    """The multiple of the loss's time at the greatest level / at the least, (seeds,)."""
    least, *_, greatest = along(tables, varied, "multiple")
    return np.asarray(greatest / least)


def widest(tables: Tables, column: str) -> Floats:
    """Of the widest network whose derivatives were taken by finite differences, (seeds,)."""
    table = tables["differences"]
    return by_seed(table, column, width=levels(table, "width")[-1])


CLAIMS = {
    "as_the_loss": Claim(
        "Backpropagation takes about as long as computing the loss.",
        "(time of both passes / of the loss, geometric mean of all networks) - 1",
        lambda tables: np.exp(np.log(of_all(tables, "multiple")).mean(axis=0)) - 1,
        below=1.5,
    ),
    "multiple": Claim(
        "The loss and all its derivatives together take a small multiple of the loss alone.",
        "time of both passes / of the loss, the largest of all networks",
        lambda tables: of_all(tables, "multiple").max(axis=0),
        below=4.0,
    ),
    "depth": Claim(
        "The multiple is the same whatever the depth.",
        "that multiple, deepest / one hidden layer",
        lambda tables: growth(tables, "depth"),
        below=1.2,
    ),
    "width": Claim(
        "And whatever the width.",
        "that multiple, widest / narrowest",
        lambda tables: growth(tables, "width"),
        below=1.2,
    ),
    "products": Claim(
        "Matrix products say what it is: one for each layer on the way forward, two back.",
        "|measured multiple / that of the multiplications - 1|, widest network",
        lambda tables: np.abs(along(tables, "width", "multiple_to_counted")[-1] - 1),
        below=0.15,
    ),
    "proportion": Claim(
        "Finite differences take as many forward passes as there are parameters.",
        "|time of finite differences / (parameters x time of the loss) - 1|,"
        f" {SMALL_WIDTHS[-1]} units",
        lambda tables: np.abs(widest(tables, "forward_passes") / widest(tables, "parameters") - 1),
        below=0.25,
    ),
    "differences": Claim(
        "So for a small network already, backpropagation is hundreds of times faster.",
        f"time of finite differences / of both passes, {SMALL_WIDTHS[-1]} units",
        lambda tables: widest(tables, "slower"),
        above=100.0,
    ),
    "inexact": Claim(
        "And it is exact where finite differences are not.",
        "log10 of the error of finite differences / of backpropagation, relative to"
        f" autograd's in double precision, {SMALL_WIDTHS[-1]} units",
        lambda tables: np.log10(widest(tables, "error_ratio")),
        above=2.0,
    ),
    "ten": Claim(
        "Training needs about ten times the model's memory.",
        "|log2| of bytes held in training with Adam / ten times those of the parameters,"
        " 4 layers of 128 units, batches of 128",
        lambda t: np.abs(np.log2(by_seed(t["networks"], "memory", varied="depth", depth=4) / 10)),
        below=1.0,
    ),
    "ten_anywhere": Claim(
        "That is so whatever the network and the batch.",
        "log2 of that ratio, largest / smallest of all networks and batches",
        lambda t: np.log2(of_all(t, "memory").max(axis=0) / of_all(t, "memory").min(axis=0)),
        below=2.0,
    ),
    "activations": Claim(
        "With large batches, what the passes keep of each layer takes most of the memory.",
        "share of activations and their derivatives in the bytes held, largest batch",
        lambda tables: along(tables, "batch", "activation_share")[-1],
        above=0.5,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Ratios of time and of memory at every level, and finite differences at every width."""

    def means(varied: str, column: str) -> str:
        found = listed(along(tables, varied, column).mean(axis=1), ".3g")
        return f"{found} at {varied} {listed(levels(where(table, varied=varied), varied))}"

    table = tables["networks"]
    return [
        *(
            f"Both passes / the loss alone: {means(varied, 'multiple')}; by multiplications"
            f" {means(varied, 'counted')}."
            for varied in VARIED
        ),
        *(f"Bytes held / bytes of the parameters: {means(v, 'memory')}." for v in VARIED),
        "Parameters, gradients, Adam's averages and the best epoch make five times the model. The"
        " rest is about 4 x rows x units / parameters: about as much again where a batch has as"
        " many rows as a layer has units, little in a wide network, most of it in a narrow one.",
        *(
            f"{row.parameters:,.0f} parameters: finite differences take {row.slower:,.0f} times as"
            f" long as backpropagation; relative errors {row.differences_error:.1g} and"
            f" {row.backprop_error:.1g}."
            for row in tables["differences"].groupby("width").mean().itertuples()
        ),
    ]


def varied_panel(tables: Tables, varied: str, *, memory: bool) -> Panel:
    """Time against what is varied, or kinds of memory upon each other."""
    own = where(tables["networks"], varied=varied)
    x = levels(own, varied)
    means = [along(tables, varied, f"{kind}_bytes").mean(axis=1) for kind in KEPT]
    tops = np.cumsum([np.zeros(len(x)), *(mean / means[0] for mean in means)], axis=0)
    times: list[Drawn] = [
        band(own, varied, "multiple", "measured"),
        band(own, varied, "counted", "by multiplications", line="--"),
    ]
    bytes_held: list[Drawn] = [
        *(
            Area(x=x, low=low, high=high, label=kind.replace("_", " "))
            for kind, low, high in zip(KEPT, tops[:-1], tops[1:], strict=True)
        ),
        Mark(y=10, label="ten times the model"),
    ]
    fixed = ", ".join(f"{name} {value}" for name, value in BASE.items() if name != varied)
    return Panel(
        *(f"{'Memory' if memory else 'Time'}, {fixed}", AXES[varied]),
        "bytes / bytes of the parameters" if memory else "both passes / the loss alone",
        bytes_held if memory else times,
        log="x",
        y_limits=(0, 32) if memory else (1, None),
        ticks={level: str(level) for level in x},
        legend_columns=2 if memory else 1,
        legend_size=7,
    )


def panels(tables: Tables) -> list[Panel]:
    """Multiples of the loss's time, finite differences, and where the memory is."""
    small = tables["differences"]
    counts = levels(small, "parameters")
    return [
        *(varied_panel(tables, varied, memory=False) for varied in VARIED),
        Panel(
            *("Time of finite differences", "parameters", "times as long"),
            [
                band(small, "parameters", "slower", "as both passes"),
                band(small, "parameters", "forward_passes", "as the loss alone"),
                Line(x=counts, y=counts, label="as many as parameters", color=GREY, line=":"),
            ],
            log="xy",
            ticks={count: f"{count:,.0f}" for count in counts},
        ),
        *(varied_panel(tables, varied, memory=True) for varied in ("width", "batch")),
    ]


LESSON = Lesson(
    question="What does it cost to know all derivatives: how much time, how much memory?",
    method=(
        "`experiment=backprop_cost`: ReLU networks on digits, 4 layers of 128 units and batches of"
        " 128 rows, of which one number at a time is varied. A seed stands for a repetition: it"
        " draws weights and rows, and times every network anew. Times are those of the engine's own"
        f" forward and backward passes, one thread, by the thread's own clock: {ROUNDS} rounds in"
        " which the loss alone and both passes take turns, each for at least 2 ms; a number is the"
        " median of the ratios within a round. Counted are the multiplications of the matrix"
        " products alone. Bytes are those of the tensors that training keeps beside its rows"
        " (parameters, gradients, Adam's two averages, the best epoch's parameters, every layer's"
        " f and h and their derivatives), as torch stores them; temporary tensors within an"
        f" operation are not counted. Finite differences are one-sided, of {SMALL_DEPTH} layers and"
        f" {SMALL_BATCH} rows, in single precision."
    ),
    seeds=5,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)
