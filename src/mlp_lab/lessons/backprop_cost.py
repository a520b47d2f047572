"""The cost of backpropagation: its time against the loss alone, its memory against the model's.

After "The complexity of partial derivatives" (Baur and Strassen, 1983), which bounds the first,
and "Understanding Deep Learning" (Prince, 2023, chapter 7); ten times the model's memory is a rule
of thumb of many courses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.old.lesson import Claim, Evidence, Lesson, Row, Tables, column, levels

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes, Figure

BASE = {"depth": 4, "width": 128, "batch": 128}
"""That of experiment=backprop_cost; one number at a time is varied."""

VARIED = {
    "depth": (1, 2, 4, 8, 16),
    "width": (16, 32, 64, 128, 256, 512, 1024),
    "batch": (1, 8, 32, 128, 512),
}

SMALL_DEPTH, SMALL_BATCH = 2, 32
SMALL_WIDTHS = (2, 8, 16, 32)
"""Networks whose derivatives are taken by finite differences, too."""

ROUNDS = 15
"""Timings of each network in a repetition."""

CLAIMS = {
    "as_the_loss": Claim(
        text="Backpropagation takes about as long as computing the loss.",
        measure="(time of both passes / of the loss, geometric mean of all networks) - 1",
        below=1.5,
    ),
    "multiple": Claim(
        text="The loss and all its derivatives together take a small multiple of the loss alone.",
        measure="time of both passes / of the loss, the largest of all networks",
        below=4.0,
    ),
    "depth": Claim(
        text="The multiple is the same whatever the depth.",
        measure="that multiple, deepest / one hidden layer",
        below=1.2,
    ),
    "width": Claim(
        text="And whatever the width.",
        measure="that multiple, widest / narrowest",
        below=1.2,
    ),
    "products": Claim(
        text="Matrix products say what it is: one for each layer on the way forward, two on the way"
        " back.",
        measure="|measured multiple / that of the multiplications - 1|, widest network",
        below=0.15,
    ),
    "proportion": Claim(
        text="Finite differences take as many forward passes as there are parameters.",
        measure="|time of finite differences / (parameters x time of the loss) - 1|,"
        f" {SMALL_WIDTHS[-1]} units",
        below=0.25,
    ),
    "differences": Claim(
        text="So for a small network already, backpropagation is hundreds of times faster.",
        measure=f"time of finite differences / of both passes, {SMALL_WIDTHS[-1]} units",
        above=100.0,
    ),
    "inexact": Claim(
        text="And it is exact where finite differences are not.",
        measure="log10 of the error of finite differences / of backpropagation, relative to"
        f" autograd's in double precision, {SMALL_WIDTHS[-1]} units",
        above=2.0,
    ),
    "ten": Claim(
        text="Training needs about ten times the model's memory.",
        measure="|log2| of bytes held in training with Adam / ten times those of the parameters,"
        " 4 layers of 128 units, batches of 128",
        below=1.0,
    ),
    "ten_anywhere": Claim(
        text="That is so whatever the network and the batch.",
        measure="log2 of that ratio, largest / smallest of all networks and batches",
        below=2.0,
    ),
    "activations": Claim(
        text="With large batches, what the passes keep of each layer takes most of the memory.",
        measure="share of activations and their derivatives in the bytes held, largest batch",
        above=0.5,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Every network once in each repetition, so that a repetition meets the machine as it is."""
    passes: list[Row] = []
    memory: list[Row] = []
    numeric: list[Row] = []
    for seed in bench.seeds:
        for varied, values in VARIED.items():
            for value in values[:: 2 if bench.quick else 1][: 2 if bench.quick else None]:
                own: dict[str, float | str] = {
                    "varied": varied,
                    **BASE,
                    varied: value,
                    "seed": seed,
                }
                timed, held = _network(bench, own)
                passes.append(timed)
                memory.append(held)
        widths = SMALL_WIDTHS[:2] if bench.quick else SMALL_WIDTHS
        numeric += [_differences(bench, width, seed) for width in widths]
    tables = {"passes": passes, "memory": memory, "differences": numeric}
    return Evidence(_values(tables), tables, _notes(tables))


def _network(bench: Bench, own: dict[str, float | str]) -> tuple[Row, Row]:
    """Times and bytes of one network."""
    from mlp_lab.lessons.costs import Step, in_turn, products

    words = [f"model.depth={own['depth']}", f"model.width={own['width']}"]
    stack = bench.stack([["experiment=backprop_cost", *words, *bench.seed(int(own["seed"]))]])
    step = Step(stack, int(own["batch"]))
    actions = {"loss": step.loss, "both": step.gradient}
    times = in_turn(actions, 3 if bench.quick else ROUNDS)
    forward, backward = products(stack.network.member_sizes[0])
    timed: Row = {
        **own,
        "parameters": stack.network.parameter_counts[0],
        **{f"{name}_seconds": float(np.median(found)) for name, found in times.items()},
        "multiple": float(np.median(times["both"] / times["loss"])),
        "counted": 1 + backward / forward,
    }
    return timed, {**own, **step.held()}


def _differences(bench: Bench, width: int, seed: int) -> Row:
    """Derivatives of a small network in two ways: their time, and how far off they are."""
    import torch

    from mlp_lab.lessons.costs import Step, in_turn

    words = [f"model.depth={SMALL_DEPTH}", f"model.width={width}", *bench.seed(seed)]
    stack = bench.stack([["experiment=backprop_cost", *words]])
    step = Step(stack, SMALL_BATCH)
    exact = step.exact()
    size = torch.linalg.vector_norm(exact)
    step.gradient()
    gradients = {"differences": step.differences(), "backprop": stack.gradients.flat}
    actions = {"differences": step.differences, "both": step.gradient, "loss": step.loss}
    times = in_turn(actions, 1 if bench.quick else 5)
    return {
        "width": width,
        "seed": seed,
        "parameters": len(exact),
        **{f"{name}_seconds": float(np.median(found)) for name, found in times.items()},
        "slower": float(np.median(times["differences"] / times["both"])),
        "passes": float(np.median(times["differences"] / times["loss"])),
        **{
            f"{name}_error": float(torch.linalg.vector_norm(found.double() - exact) / size)
            for name, found in gradients.items()
        },
    }


HELD = {
    "parameters": "parameters",
    "gradients": "their gradients",
    "moments": "Adam's averages",
    "best": "the best epoch's parameters",
    "activations": "activations (f and h)",
    "slopes": "their derivatives",
}
"""What training keeps beside its rows."""


def _by_level(table: Sequence[Row], varied: str, quantity: str) -> Floats:
    """A column where one number is varied, (levels, repetitions)."""
    own = [row for row in table if row["varied"] == varied]
    return np.array(
        [column(own, quantity, **{varied: level}) for level in levels(own, varied)],
    )


def memory_ratio(table: Sequence[Row], varied: str) -> Floats:
    """Bytes held / bytes of the parameters, (levels, repetitions)."""
    total = np.sum([_by_level(table, varied, kind) for kind in HELD], axis=0)
    return np.asarray(total / _by_level(table, varied, "parameters"))


def _values(tables: Tables) -> dict[str, Sequence[float]]:
    passes, memory, numeric = tables["passes"], tables["memory"], tables["differences"]
    multiple = {varied: _by_level(passes, varied, "multiple") for varied in VARIED}
    every = np.concatenate(list(multiple.values()))
    counted = _by_level(passes, "width", "counted")[-1]
    small = {
        name: np.array(column(numeric, name, width=levels(numeric, "width")[-1]))
        for name in ("parameters", "slower", "passes", "differences_error", "backprop_error")
    }
    ratios = np.concatenate([memory_ratio(memory, varied) for varied in VARIED])
    kept, total = (
        np.sum([_by_level(memory, "batch", kind)[-1] for kind in kinds], axis=0)
        for kinds in (("activations", "slopes"), HELD)
    )
    found = {
        "as_the_loss": np.exp(np.log(every).mean(axis=0)) - 1,
        "multiple": every.max(axis=0),
        "depth": multiple["depth"][-1] / multiple["depth"][0],
        "width": multiple["width"][-1] / multiple["width"][0],
        "products": np.abs(multiple["width"][-1] / counted - 1),
        "proportion": np.abs(small["passes"] / small["parameters"] - 1),
        "differences": small["slower"],
        "inexact": np.log10(small["differences_error"] / small["backprop_error"]),
        "ten": np.abs(np.log2(_at_base(memory) / 10)),
        "ten_anywhere": np.log2(ratios.max(axis=0) / ratios.min(axis=0)),
        "activations": kept / total,
    }
    return {key: values.tolist() for key, values in found.items()}


def _at_base(memory: Sequence[Row]) -> Floats:
    """The ratio of memory at BASE, (repetitions,)."""
    own = [row for row in memory if row["varied"] == "depth"]
    nearest = min(levels(own, "depth"), key=lambda depth: abs(depth - BASE["depth"]))
    return np.asarray(memory_ratio(memory, "depth")[levels(own, "depth").index(nearest)])


def _notes(tables: Tables) -> list[str]:
    passes, memory, numeric = tables["passes"], tables["memory"], tables["differences"]

    def listed(values: Floats, varied: str) -> str:
        own = levels([row for row in passes if row["varied"] == varied], varied)
        found = ", ".join(f"{value:.3g}" for value in values.mean(axis=1))
        return f"{found} at {varied} {', '.join(map(str, own))}"

    notes = [
        f"Both passes / the loss alone: {listed(_by_level(passes, varied, 'multiple'), varied)}"
        f"; by multiplications {listed(_by_level(passes, varied, 'counted'), varied)}."
        for varied in VARIED
    ]
    notes += [
        f"Bytes held / bytes of the parameters: {listed(memory_ratio(memory, varied), varied)}."
        for varied in VARIED
    ]
    notes.append(
        "Parameters, gradients, Adam's averages and the best epoch make five times the model. The"
        " rest is about 4 x rows x units / parameters: about as much again where a batch has as"
        " many rows as a layer has units, little in a wide network, most of it in a narrow one."
    )
    for width in levels(numeric, "width"):
        one = {
            name: float(np.mean(column(numeric, name, width=width)))
            for name in ("parameters", "slower", "differences_error", "backprop_error")
        }
        notes.append(
            f"{one['parameters']:,.0f} parameters: finite differences take {one['slower']:,.0f}"
            f" times as long as backpropagation; relative errors"
            f" {one['differences_error']:.1g} and {one['backprop_error']:.1g}."
        )
    return notes


def draw(tables: Tables) -> Figure:
    """Multiples of the loss's time, finite differences, and where the memory is."""
    from mlp_lab.lessons.old.figures import panels

    figure, axes = panels(6, columns=3)
    for axis, varied in zip(axes, VARIED, strict=False):
        _draw_multiple(axis, tables["passes"], varied)
    _draw_differences(axes[3], tables["differences"])
    for axis, varied in zip(axes[4:], ("width", "batch"), strict=True):
        _draw_memory(axis, tables["memory"], varied)
    return figure


AXES = {
    "depth": "hidden layers",
    "width": "units of a layer",
    "batch": "rows of a batch",
}


def _draw_multiple(axis: Axes, table: Sequence[Row], varied: str) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    own = [row for row in table if row["varied"] == varied]
    for place, (quantity, label, dashed) in enumerate(
        (("multiple", "measured", False), ("counted", "by multiplications", True))
    ):
        values = _by_level(table, varied, quantity).tolist()
        x = levels(own, varied)
        band(axis, x, values, label=label, color=COLORS[place], dashed=dashed)
    fixed = ", ".join(f"{key} {value}" for key, value in BASE.items() if key != varied)
    name(axis, f"Time, {fixed}", AXES[varied], "both passes / the loss alone", log="x")
    _halve(axis, x)
    axis.set_ylim(bottom=1)


def _draw_differences(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, GREY, band, name

    widths = levels(table, "width")
    counts = [column(table, "parameters", width=width)[0] for width in widths]
    slower = [column(table, "slower", width=width) for width in widths]
    band(axis, counts, slower, label="as both passes", color=COLORS[0])
    passes = [column(table, "passes", width=width) for width in widths]
    band(axis, counts, passes, label="as the loss alone", color=COLORS[1])
    axis.plot(counts, counts, ":", color=GREY, label="as many as parameters")
    name(axis, "Time of finite differences", "parameters", "times as long", log="xy")
    axis.set_xticks(counts, [f"{count:,.0f}" for count in counts])
    axis.minorticks_off()


def _draw_memory(axis: Axes, table: Sequence[Row], varied: str) -> None:
    """Kinds upon each other, in units of the parameters."""
    from mlp_lab.lessons.old.figures import COLORS, GREY, name

    own = [row for row in table if row["varied"] == varied]
    x = levels(own, varied)
    model = _by_level(table, varied, "parameters").mean(axis=1)
    below = np.zeros(len(x))
    for (kind, label), color in zip(HELD.items(), COLORS, strict=False):
        above = below + _by_level(table, varied, kind).mean(axis=1) / model
        axis.fill_between(x, below, above, color=color, alpha=0.5, label=label, linewidth=0)
        axis.plot(x, above, color=color, linewidth=0.8)
        below = above
    axis.axhline(10, color=GREY, linestyle=":", label="ten times the model")
    fixed = ", ".join(f"{key} {value}" for key, value in BASE.items() if key != varied)
    name(axis, f"Memory, {fixed}", AXES[varied], "bytes / bytes of the parameters")
    _halve(axis, x)
    axis.set_ylim(0, 32)  # the legend above
    axis.legend(fontsize=7, ncols=2)


def _halve(axis: Axes, x: Sequence[int]) -> None:
    """Equal steps for equal ratios, and the numbers themselves."""
    axis.set_xscale("log", base=2)
    axis.set_xticks(x, list(map(str, x)))


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
        " f and h and their derivatives), as torch stores them; what an operation needs in passing"
        f" is not counted. Finite differences are taken of {SMALL_DEPTH} layers and"
        f" {SMALL_BATCH} rows, in single precision, to one side."
    ),
    claims=CLAIMS,
    seeds=5,
    measure=measure,
    draw=draw,
)
