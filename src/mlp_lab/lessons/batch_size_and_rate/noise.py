"""How far the gradient of a batch lies from that of all rows, and how long an epoch takes.

After "An empirical model of large-batch training" (McCandlish et al., 2018).
"""

from collections.abc import Iterable
from dataclasses import replace
from time import process_time
from timeit import repeat

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.batch_size_and_rate.rates import BASE, ROWS, SIZES, log_slope
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, Claim
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.panels import GREY, Drawn, Line, Mark, Panel, band
from mlp_lab.lessons.study import grid, seed_settings, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, listed, table_of, where
from mlp_lab.lessons.trained import Trained
from mlp_lab.lessons.training import layers_of

BATCHES = (1, 4, 16, 64, 256)
DRAWS = 200  # batches of each size
TIMED = 5  # epochs, the quickest counts; processor time, since other work sways it less
STATES = ("untrained", "trained")
KERNELS = {"torch": "by torch's operations", "auto": "compiled"}
"""What computes an epoch that is timed, and how it is called; `auto` where there is a compiler."""


def measure(bench: Bench, trained: Iterable[Trained]) -> Tables:
    """Draw batches for untrained and for `trained` networks, one for each seed; time epochs."""
    noise: list[Columns] = []
    for network in trained:
        seed = network.config.seed
        start = bench.stack([*BASE, *seed_settings(seed), "dtype=float64"])
        untrained = replace(network.outcome, layers=layers_of(start, 0))
        for state, outcome in zip(STATES, (untrained, network.outcome), strict=True):
            by_row = gradients(replace(network, outcome=outcome))
            noise.append({"state": state, "seed": seed, **of_batches(by_row, seed)})
    seconds: list[Columns] = []
    kernels, sizes = varied("kernel", list(KERNELS)), varied("batch_size", SIZES)
    for trial in grid(BASE, bench.seeds, kernel=kernels, batch_size=sizes):
        epoch = bench.stack(trial.words).train_epoch
        times = repeat(epoch, timer=process_time, number=1, repeat=TIMED)
        seconds.append({**trial.labels, "seconds": min(times)})
    return {"noise": table_of(noise), "seconds": table_of(seconds)}


def gradients(of: Stack | Trained) -> Floats:
    """The gradient of every row's own loss, (N, parameters), by the engine's backward pass."""
    passes = backward(of)
    parts = []
    for h, d_f in zip(passes.layer_inputs, passes.d_f, strict=True):
        own = d_f[0].numpy() * d_f.shape[1]  # of the row's loss, not of its share in the mean
        parts += [np.einsum("ni,no->nio", h[0].numpy(), own).reshape(len(own), -1), own]
    return np.concatenate(parts, axis=1)


def of_batches(by_row: Floats, seed: int) -> Columns:
    """Mean squared distance of batches' gradients from that of all rows; rows are drawn once."""
    whole, generator = by_row.mean(axis=0), np.random.default_rng(seed)
    variances = []
    for size in BATCHES:
        picks = np.zeros((DRAWS, len(by_row)))
        for pick in picks:
            pick[generator.permutation(len(by_row))[:size]] = 1 / size
        variances.append(((picks @ by_row - whole) ** 2).sum(axis=1).mean())
    signal = (whole**2).sum()
    return {"batch_size": BATCHES, "variance": variances, "squared_gradient": signal}


def noise_scale(table: Table, state: str) -> Floats:
    """The batch size at which noise is as long as the gradient: B variance / |g|^2, (seeds,)."""
    own, sizes = where(table, state=state), np.array(BATCHES)[:, None]
    # A batch without replacement varies by a share (N - B) / (N - 1) of one with it.
    single = sizes * by_seed(own, "variance", "batch_size") * (ROWS - 1) / (ROWS - sizes)
    signal = by_seed(own, "squared_gradient", batch_size=BATCHES[0])
    return np.asarray(np.exp(np.log(single).mean(axis=0)) / signal)


CLAIMS = {
    "noise": Claim(
        "The noise of a batch's gradient falls in proportion to the batch size.",
        "|slope of log variance on log batch size + 1|, before training",
        lambda t: np.abs(
            log_slope(BATCHES, by_seed(t["noise"], "variance", "batch_size", state="untrained")) + 1
        ),
        below=0.1,
        within=POSITIVE,
    ),
    "grown": Claim(
        "Training makes batches noisier, beside the gradient that is left.",
        "log2 of the batch size at which noise and gradient are equally long, trained / untrained",
        lambda t: np.log2(np.divide(*(noise_scale(t["noise"], state) for state in STATES[::-1]))),
        above=0.0,
    ),
    "quicker": Claim(
        "The larger the batches, the quicker an epoch.",
        "processor seconds of an epoch of one network, by torch's operations, largest / smallest"
        " batches",
        lambda t: np.divide(*epoch_seconds(t, "torch")[[-1, 0]]),
        below=0.5,
        within=POSITIVE,
    ),
}


def epoch_seconds(tables: Tables, kernel: str) -> Floats:
    """Of one network, (batch sizes, seeds)."""
    return by_seed(where(tables["seconds"], kernel=kernel), "seconds", "batch_size")


def notes(tables: Tables) -> list[str]:
    """Where noise and gradient are equally long, and seconds of an epoch."""
    start, end = (np.exp(np.log(noise_scale(tables["noise"], s)).mean()) for s in STATES)
    times = {kernel: 1000 * epoch_seconds(tables, kernel).mean(axis=1) for kernel in KERNELS}
    torch, auto = (listed(own, ".2f") for own in times.values())
    return [
        f"A batch's noise is as long as the gradient at {start:.0f} rows before training, {end:.0f}"
        " after it: much smaller batches mostly walk at random, much larger repeat themselves.",
        f"An epoch of one network takes {torch} ms with batches of {listed(SIZES)} by torch's"
        f" operations, {auto} ms compiled (kernel=auto), on the machine that gave this lesson. Its"
        " arithmetic is the same with all of them: what large batches save is mostly the price of"
        " calling each operation of a step, which a compiled step does not pay.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Noise and seconds against batch size."""
    noise: list[Drawn] = []
    for color, state in enumerate(STATES):
        own = where(tables["noise"], state=state)
        single = where(own, batch_size=BATCHES[0]).mean(numeric_only=True)
        y, signal = single["variance"] / np.array(BATCHES), float(single["squared_gradient"])
        noise += [
            band(own, "batch_size", "variance", f"noise, {state}", color=color),
            Line(x=BATCHES, y=y, color=GREY, line=":"),
            Mark(y=signal, label=f"gradient, {state}", color=color, line="--"),
        ]
    title, size = "Noise of a batch's gradient (dotted: 1 / batch size)", "batch size"
    times = [
        band(where(tables["seconds"], kernel=kernel), "batch_size", "seconds", name, color=color)
        for color, (kernel, name) in enumerate(KERNELS.items())
    ]
    return [
        Panel(title, size, "squared length", noise, log="xy"),
        Panel("Time of an epoch of one network", size, "processor seconds", times, log="xy"),
    ]
