"""How far the gradient of a batch lies from that of all rows, and how long an epoch takes.

After "An empirical model of large-batch training" (McCandlish et al., 2018).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.lessons.batch_size_and_rate.rates import ROWS, SIZES
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.old.lesson import Claim, Part, Row, Tables, column, levels

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained
    from mlp_lab.network.losses import Objective
    from mlp_lab.network.mlp import MLP

BATCHES = (1, 4, 16, 64, 256)
DRAWS = 200
"""Batches of each size."""

TIMED = 5
"""Epochs, the quickest of which counts."""

CLAIMS = {
    "noise": Claim(
        text="The noise of a batch's gradient falls in proportion to the batch size.",
        measure="|slope of log variance on log batch size + 1|, before training",
        below=0.1,
    ),
    "grown": Claim(
        text="Training makes batches noisier, beside the gradient that is left.",
        measure="log2 of the batch size at which noise and gradient are equally long, trained /"
        " untrained",
        above=0.0,
    ),
    "quicker": Claim(
        text="The larger the batches, the quicker an epoch.",
        measure="processor seconds of an epoch of one network, largest / smallest batches",
        below=0.5,
    ),
}


def measure(bench: Bench, trained: Sequence[Trained]) -> Part:
    """Draw batches for untrained and for `trained` networks, one for each seed; time epochs."""
    rows = [row for network in trained for row in _noises(bench, network)]
    tables = {
        "noise": rows,
        "seconds": [_seconds(bench, size, seed) for seed in bench.seeds for size in SIZES],
    }
    return _values(tables), tables, _notes(tables)


def _noises(bench: Bench, network: Trained) -> list[Row]:
    """Of a network after training, and of the same before."""
    part, seed = network.problem.encoded.train, network.config.seed
    words = ["experiment=batch_size_and_rate", f"data.train_rows={ROWS}", *bench.seed(seed)]
    start = bench.stack([[*words, "dtype=float64"]])
    return [
        {"state": state, "seed": seed, **row}
        for state, stack in (("untrained", start.network), ("trained", network.network()))
        for row in of_batches(
            gradients(stack, network.problem.objective, part.inputs, part.targets), seed
        )
    ]


def gradients(network: MLP, objective: Objective, inputs: Array, targets: Array) -> Floats:
    """The gradient of every row's own loss, (N, parameters), by the engine's backward pass."""
    passes = backward(network, objective, inputs, targets)
    parts = []
    for carried, d_f in zip(passes.layer_inputs, passes.d_f, strict=True):
        own = d_f[0].numpy() * len(inputs)  # of the row's loss, not of its share in the mean
        parts += [np.einsum("ni,no->nio", carried[0].numpy(), own).reshape(len(own), -1), own]
    found: Floats = np.concatenate(parts, axis=1)
    return found


def of_batches(by_row: Floats, seed: int) -> list[Row]:
    """Mean squared distance of batches' gradients from that of all rows; rows are drawn once."""
    whole, generator = by_row.mean(axis=0), np.random.default_rng(seed)
    found: list[Row] = []
    for size in BATCHES:
        picks = np.zeros((DRAWS, len(by_row)))
        for pick in picks:
            pick[generator.permutation(len(by_row))[:size]] = 1 / size
        distance = ((picks @ by_row - whole) ** 2).sum(axis=1)
        found.append(
            {
                "batch_size": size,
                "variance": float(distance.mean()),
                "squared_gradient": float((whole**2).sum()),
            }
        )
    return found


def _seconds(bench: Bench, size: int, seed: int) -> Row:
    """An epoch's steps of one network alone, without evaluation, in this process.

    Processor time of the one thread: what else the machine does counts less.
    """
    words = ["experiment=batch_size_and_rate", f"data.train_rows={ROWS}", f"batch_size={size}"]
    stack = bench.stack([[*words, *bench.seed(seed)]])
    times = []
    for _ in range(TIMED):
        started = time.process_time()
        stack.train_epoch()
        times.append(time.process_time() - started)
    return {"batch_size": size, "seed": seed, "seconds": min(times)}


def _log_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def noise_scale(table: Sequence[Row], state: str, seed: int) -> float:
    """The batch size at which a batch's noise is as long as the gradient: B variance / |g|^2."""
    own: dict[str, float | str] = {"state": state, "seed": seed}
    sizes, variances = (np.array(column(table, name, **own)) for name in ("batch_size", "variance"))
    # A batch without replacement varies by a share (N - B) / (N - 1) of one with it.
    single = sizes * variances * (ROWS - 1) / (ROWS - sizes)
    return _log_mean(single.tolist()) / column(table, "squared_gradient", **own)[0]


def _values(tables: Tables) -> dict[str, Sequence[float]]:
    table, seconds = tables["noise"], tables["seconds"]
    seeds = levels(table, "seed")
    logs = [np.log(column(table, "variance", state="untrained", seed=seed)) for seed in seeds]
    slopes = [float(np.polyfit(np.log(BATCHES), own, 1)[0]) for own in logs]
    slow, quick = (column(seconds, "seconds", batch_size=size) for size in (SIZES[0], SIZES[-1]))
    scales = {
        state: np.array([noise_scale(table, state, seed) for seed in seeds])
        for state in ("untrained", "trained")
    }
    return {
        "noise": [abs(slope + 1) for slope in slopes],
        "grown": np.log2(scales["trained"] / scales["untrained"]).tolist(),
        "quicker": [b / a for a, b in zip(slow, quick, strict=True)],
    }


def _notes(tables: Tables) -> list[str]:
    table, seconds = tables["noise"], tables["seconds"]
    seeds = levels(table, "seed")
    start, end = (
        _log_mean([noise_scale(table, state, seed) for seed in seeds])
        for state in ("untrained", "trained")
    )
    times = ", ".join(
        f"{1000 * np.mean(column(seconds, 'seconds', batch_size=size)):.2f}" for size in SIZES
    )
    return [
        f"A batch's noise is as long as the gradient at {start:.0f} rows before training, at"
        f" {end:.0f} after it: much smaller batches mostly walk at random, much larger ones repeat"
        " themselves.",
        f"An epoch of one network takes {times} ms with batches of"
        f" {', '.join(map(str, SIZES))}, on the machine that gave this lesson.",
    ]


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Noise against batch size; seconds against batch size."""
    from mlp_lab.lessons.old.figures import COLORS, GREY, band, name

    table = tables["noise"]
    for state, color in zip(("untrained", "trained"), COLORS, strict=False):
        found = [column(table, "variance", state=state, batch_size=size) for size in BATCHES]
        band(axes[0], BATCHES, found, label=f"noise, {state}", color=color)
        line = [float(np.mean(found[0])) / size for size in BATCHES]
        axes[0].plot(BATCHES, line, ":", color=GREY)
        signal = float(np.mean(column(table, "squared_gradient", state=state)))
        axes[0].axhline(signal, color=color, linestyle="--", label=f"gradient, {state}")
    title = "Noise of a batch's gradient (dotted: 1 / batch size)"
    name(axes[0], title, "batch size", "squared length", log="xy")
    seconds = tables["seconds"]
    times = [column(seconds, "seconds", batch_size=size) for size in SIZES]
    band(axes[1], SIZES, times, label="one network alone", color=COLORS[0])
    name(axes[1], "Time of an epoch", "batch size", "processor seconds", log="xy")
