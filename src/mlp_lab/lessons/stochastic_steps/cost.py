"""What descent costs against the number of rows, in row-gradients.

After "Large-scale machine learning with stochastic gradient descent" (Bottou, 2010).
"""

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, Claim
from mlp_lab.lessons.panels import GREY, Drawn, Line, Panel, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, listed, table_of
from mlp_lab.network.backprop import Backprop, Batch

ROWS = (1024, 2048, 4096, 8192, 16384)
UNSEEN = 2048
NOISE = 0.2  # standard deviation of both coordinates of a point
UNITS, BATCH, RATE = 16, 16, 1.0
GOAL = 0.25  # cross-entropy of unseen rows
EVERY = 5  # steps from one look at the unseen rows to the next
LIMIT = 4000
WAYS = {"all rows": 0, f"batches of {BATCH}": BATCH}

SETTINGS = (
    *("data=moons", f"data.noise={NOISE}", f"data.rows={ROWS[-1] + UNSEEN}"),
    *("data.test_fraction=0", f"data.val_fraction={UNSEEN / (ROWS[-1] + UNSEEN)}"),
    *("model=shallow", f"model.width={UNITS}", "optimizer=sgd", f"optimizer.lr={RATE}"),
)


def measure(bench: Bench) -> Tables:
    """Descend on every number of rows, with all of them and with few in a step."""
    rows = varied("data.train_rows", ROWS[:2] if bench.quick else ROWS)
    trials = grid(SETTINGS, bench.seeds, way={way: [] for way in WAYS}, rows=rows)
    found: list[Columns] = [
        {**trial.labels, **descended(bench.stack(trial.words), WAYS[str(trial.labels["way"])])}
        for trial in trials
    ]
    return {"cost": table_of(found)}


@torch.inference_mode()
def descended(stack: Stack, batch: int) -> Columns:
    """Steps and row-gradients until the goal, infinite without; a batch of 0 is all rows."""
    member, network, objective = stack.members[0], stack.network, stack.shared.objective
    rows, unseen = member.dataset.train, member.dataset.val
    count = len(rows.inputs)
    size, generator = batch or count, torch_generator(member.seed, Stream.ORDER)
    passes = Backprop(network, stack.gradients, objective, 1, size)
    order, place, steps = torch.arange(count), 0, 0

    def loss() -> float:
        return float(objective.rows(network.pre_activation(unseen.inputs), unseen.targets).mean())

    while loss() > GOAL:
        if steps >= LIMIT:
            return {"steps": np.inf, "row_gradients": np.inf}
        for _ in range(EVERY):
            if batch and (place + size > count or steps == 0):
                order, place = torch.randperm(count, generator=generator), 0
            chosen = order[place : place + size] if batch else slice(None)
            place += size
            passes(Batch(rows.inputs[None, chosen], rows.targets[None, chosen], None, ()))
            network.layers.flat.sub_(stack.gradients.flat, alpha=RATE)
            steps += 1
    return {"steps": steps, "row_gradients": steps * size}


def cost(tables: Tables, way: str, value: str = "row_gradients") -> Floats:
    """Row-gradients, or steps, of one way, (numbers of rows, seeds)."""
    return by_seed(tables["cost"], value, "rows", way=way)


def growth(tables: Tables, way: str) -> Floats:
    """Slope of log row-gradients on log rows, (seeds,)."""
    rows = levels(tables["cost"], "rows")
    slope: Floats = np.polyfit(np.log(rows), np.log(cost(tables, way)), 1)[0]
    return slope


FULL, FEW = WAYS
SLOPE = f"slope of log row-gradients to a loss of {GOAL:g} on log rows"

CLAIMS = {
    "full_grows": Claim(
        "What full-batch descent costs grows in proportion to the rows.",
        f"{SLOPE}, {FULL}",
        lambda t: growth(t, FULL),
        above=0.8,
    ),
    "few_stays": Claim(
        "What stochastic descent costs does not.",
        f"{SLOPE}, {FEW}",
        lambda t: growth(t, FEW),
        below=0.2,
    ),
    "dearer": Claim(
        "On many rows, a way to the same loss costs the full steps a hundred times as much.",
        f"row-gradients to it with the most rows, {FULL} / {FEW}",
        lambda t: cost(t, FULL)[-1] / cost(t, FEW)[-1],
        above=100.0,
        within=POSITIVE,
    ),
    "as_many_steps": Claim(
        "For a step on few rows is worth nearly as much as one on all of them.",
        f"steps to the loss with the most rows, {FEW} / {FULL}",
        lambda t: cost(t, FEW, "steps")[-1] / cost(t, FULL, "steps")[-1],
        below=2.0,
        within=POSITIVE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Row-gradients and steps of both ways."""
    rows = levels(tables["cost"], "rows")
    found = []
    for way in WAYS:
        spent, steps = (cost(tables, way, v).mean(axis=1) for v in ("row_gradients", "steps"))
        found.append(
            f"Row-gradients to the loss with {way}, of {listed(rows, ',.0f')} rows:"
            f" {listed(spent, ',.0f')}; steps: {listed(steps, ',.0f')}."
        )
    return found


def panels(tables: Tables) -> list[Panel]:
    """Row-gradients and steps against the number of rows."""
    rows, start = np.array(levels(tables["cost"], "rows")), cost(tables, FULL)[0].mean()
    spent: list[Drawn] = [
        *bands(tables["cost"], "rows", "row_gradients", "way"),
        Line(x=rows, y=start * rows / rows[0], label="in proportion", color=GREY, line="--"),
    ]
    steps = bands(tables["cost"], "rows", "steps", "way")
    x, title = "training rows", f"To a loss of {GOAL:g} on unseen rows"
    return [
        Panel(title, x, "row-gradients", spent, log="xy"),
        Panel("The same in steps", x, "steps", steps, log="x", within=POSITIVE, y_limits=(0, None)),
    ]
