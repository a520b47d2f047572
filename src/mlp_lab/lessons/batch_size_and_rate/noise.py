"""How far the gradient of a batch lies from that of all rows, and how long an epoch takes.

After "An empirical model of large-batch training" (McCandlish et al., 2018).
"""

import time
from collections.abc import Iterable

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.batch_size_and_rate.rates import BASE, ROWS, SIZES, log_slope
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.panels import GREY, Band, Line, Mark, Panel, band
from mlp_lab.lessons.study import grid, seed_settings, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, listed, table_of, where
from mlp_lab.lessons.trained import Trained
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

BATCHES = (1, 4, 16, 64, 256)
DRAWS = 200
"""Batches of each size."""

TIMED = 5
"""Epochs, the quickest of which counts."""

STATES = ("untrained", "trained")


def measure(bench: Bench, trained: Iterable[Trained]) -> Tables:
    """Draw batches for untrained and for `trained` networks, one for each seed; time epochs."""
    timed = grid(BASE, bench.seeds, batch_size=varied("batch_size", SIZES))
    return {
        "noise": table_of(row for network in trained for row in noise(bench, network)),
        "seconds": table_of({**t.labels, "seconds": seconds(bench.stack(t.words))} for t in timed),
    }


def noise(bench: Bench, network: Trained) -> Iterable[Columns]:
    """That of a network before and after training."""
    part, seed = network.problem.encoded.train, network.config.seed
    start = bench.stack([*BASE, *seed_settings(seed), "dtype=float64"]).network
    for state, stack in zip(STATES, (start, network.network()), strict=True):
        rows = gradients(stack, network.problem.objective, part.inputs, part.targets)
        yield {"state": state, "seed": seed, **of_batches(rows, seed)}


def gradients(network: MLP, objective: Objective, inputs: Array, targets: Array) -> Floats:
    """The gradient of every row's own loss, (N, parameters), by the engine's backward pass."""
    backprop = backward(network, objective, inputs, targets)
    parts = []
    for h, d_f in zip(backprop.layer_inputs, backprop.d_f, strict=True):
        own = d_f[0].numpy() * len(inputs)  # of the row's loss, not of its share in the mean
        parts += [np.einsum("ni,no->nio", h[0].numpy(), own).reshape(len(own), -1), own]
    found: Floats = np.concatenate(parts, axis=1)
    return found


def of_batches(by_row: Floats, seed: int) -> Columns:
    """Mean squared distance of batches' gradients from that of all rows; rows are drawn once."""
    whole, generator = by_row.mean(axis=0), np.random.default_rng(seed)
    variances = []
    for size in BATCHES:
        picks = np.zeros((DRAWS, len(by_row)))
        for pick in picks:
            pick[generator.permutation(len(by_row))[:size]] = 1 / size
        variances.append(((picks @ by_row - whole) ** 2).sum(axis=1).mean())
    columns = {"variance": variances, "squared_gradient": (whole**2).sum()}
    return {"batch_size": BATCHES, **columns}


def seconds(stack: Stack) -> float:
    """An epoch's steps of one network alone, without evaluation, in this process.

    Processor time of the one thread: what else the machine does counts less.
    """
    times = []
    for _ in range(TIMED):
        started = time.process_time()
        stack.train_epoch()
        times.append(time.process_time() - started)
    return min(times)


def noise_scale(table: Table, state: str) -> Floats:
    """The batch size at which noise is as long as the gradient: B variance / |g|^2, (seeds,)."""
    own, sizes = where(table, state=state), np.array(BATCHES)[:, None]
    # A batch without replacement varies by a share (N - B) / (N - 1) of one with it.
    single = sizes * by_seed(own, "variance", "batch_size") * (ROWS - 1) / (ROWS - sizes)
    signal = by_seed(own, "squared_gradient", batch_size=BATCHES[0])
    found: Floats = np.exp(np.log(single).mean(axis=0)) / signal
    return found


CLAIMS = {
    "noise": Claim(
        "The noise of a batch's gradient falls in proportion to the batch size.",
        "|slope of log variance on log batch size + 1|, before training",
        lambda tables: [
            abs(log_slope(BATCHES, own) + 1)
            for own in by_seed(tables["noise"], "variance", "batch_size", state="untrained").T
        ],
        below=0.1,
    ),
    "grown": Claim(
        "Training makes batches noisier, beside the gradient that is left.",
        "log2 of the batch size at which noise and gradient are equally long, trained / untrained",
        lambda tables: np.log2(
            noise_scale(tables["noise"], "trained") / noise_scale(tables["noise"], "untrained")
        ),
        above=0.0,
    ),
    "quicker": Claim(
        "The larger the batches, the quicker an epoch.",
        "processor seconds of an epoch of one network, largest / smallest batches",
        lambda tables: np.divide(*by_seed(tables["seconds"], "seconds", "batch_size")[[-1, 0]]),
        below=0.5,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Where noise and gradient are equally long, and seconds of an epoch."""
    start, end = (np.exp(np.log(noise_scale(tables["noise"], s)).mean()) for s in STATES)
    times = 1000 * by_seed(tables["seconds"], "seconds", "batch_size").mean(axis=1)
    return [
        f"A batch's noise is as long as the gradient at {start:.0f} rows before training, at"
        f" {end:.0f} after it: much smaller batches mostly walk at random, much larger ones repeat"
        " themselves.",
        f"An epoch of one network takes {listed(times, '.2f')} ms with batches of {listed(SIZES)},"
        " on the machine that gave this lesson.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Noise and seconds against batch size."""
    drawn: list[Band | Line | Mark] = []
    for color, state in enumerate(STATES):
        own = where(tables["noise"], state=state)
        single = by_seed(own, "variance", batch_size=BATCHES[0]).mean()
        signal = by_seed(own, "squared_gradient", batch_size=BATCHES[0]).mean()
        drawn += [
            band(own, "batch_size", "variance", f"noise, {state}", color=color),
            Line(x=BATCHES, y=single / np.array(BATCHES), color=GREY, line=":"),
            Mark(y=float(signal), label=f"gradient, {state}", color=color, line="--"),
        ]
    return [
        Panel(
            "Noise of a batch's gradient (dotted: 1 / batch size)",
            *("batch size", "squared length"),
            drawn,
            log="xy",
        ),
        Panel(
            *("Time of an epoch", "batch size", "processor seconds"),
            [band(tables["seconds"], "batch_size", "seconds", "one network alone")],
            log="xy",
        ),
    ]
