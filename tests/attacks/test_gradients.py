"""Configurations at random: `gradient=autograd` is the backward pass as written out, at kinks too.

Zero rows through zero biases put every pre-activation of theirs on a kink, as do targets that the
network meets exactly; dropout and dead units do so in deeper layers.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
import torch
from objectives import objective_of
from stacks import dataset, member, optimizer, schedule, shared
from torch import Tensor

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.architecture import INITS
from mlp_lab.network.losses import COMPATIBLE_LOSSES, Objective
from mlp_lab.network.optimizers import OPTIMIZERS

T = TypeVar("T")

CLOSE = 1e-10
MANY, FEW = 240, 50
KINKED = ("mae", "quantile")  # losses whose slope jumps where the network meets a target

DATA = {
    "regression": ("sine", "diabetes"),
    "binary": ("moons", "xor", "breast_cancer"),
    "multiclass": ("gaussians", "iris", "wine"),
}
OBJECTIVES = [
    (task, objective_of(output, loss))
    for task, outputs in COMPATIBLE_LOSSES.items()
    for output, losses in outputs.items()
    for loss in losses
    if task in DATA  # labels have the outputs and the losses of two classes
]
OBJECTIVES += [
    ("binary", Objective("sigmoid", "bce", (), 0.1)),
    ("multiclass", Objective("softmax", "cce", (), 0.1)),
]


def with_zero_rows(rows: Dataset) -> Dataset:
    """A copy in which every third training row is zero, as is its target if that is a number."""
    changed = copy.deepcopy(rows)
    changed.train.inputs[::3] = 0
    if changed.schema.target.task == "regression":
        changed.train.targets[::3] = 0
    return changed


class Draw:
    """Choices at random, the same from the same seed."""

    def __init__(self, seed: int) -> None:
        """Start the stream of a seed."""
        self.generator = np.random.default_rng(seed)

    def of(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.generator.integers(len(choices)))]


def random_stack(seed: int, at_kinks: bool = True) -> tuple[list[Member], SharedSettings]:
    """Up to four networks that could train together; every output and loss has its turn.

    Without `at_kinks`, no row begins where the slope of the loss jumps.
    """
    draw = Draw(seed)
    task, objective = OBJECTIVES[seed % len(OBJECTIVES)]
    names = list(ACTIVATIONS)
    depth = draw.of(range(4))
    activations = [names[(seed + k * draw.of(range(1, 7))) % len(names)] for k in range(depth)]
    weights = draw.of(["none", "balanced"]) if task != "regression" else "none"
    name, noise = draw.of(DATA[task]), draw.of([0, 0.2])
    if objective.output == "exponential":
        name, noise = "diabetes", 0  # of which no number is negative
    rows = dataset(name, objective.output, class_weights=weights, label_noise=noise)
    on_a_kink = at_kinks or objective.loss not in KINKED
    rule = draw.of(list(OPTIMIZERS))
    schedules = [
        schedule("constant"),
        schedule("step"),
        schedule("cosine", floor=0.1),
        schedule("cosine", per="step"),
        schedule("warmup"),
        schedule("warmup", warmup_share=0.4, per="step"),
        schedule("one_cycle"),
    ]

    normalisation = draw.of(["none", "none", "layer", "batch"])
    residual = depth > 1 and draw.of([True, False])

    def one() -> Member:
        widths = [draw.of([1, 2, 5, 16, 17]) for _ in range(depth)]
        return member(
            with_zero_rows(rows) if draw.of([True, True, False]) and on_a_kink else rows,
            widths=widths[:1] * depth if residual else widths,
            dropout=draw.of([0.0, 0.5]) if depth else 0.0,
            init=draw.of(list(INITS)),
            seed=draw.of(range(100)),
            optimizer=optimizer(
                rule,
                lr=draw.of([0.0003, 0.001, 0.01]),
                weight_decay=draw.of([0.0, 0.01, [0.02] * (depth + 1)]),
                l1=draw.of([0.0, 0.0, 0.001]),
                clip_norm=draw.of([None, 0.5]),
            ),
            schedule=draw.of(schedules),
        )

    members = [one() for _ in range(draw.of(range(1, 5)))]
    batch_size = draw.of([7, 16, None])
    return members, shared(
        activations=activations,
        objective=objective,
        batch_size=batch_size,
        normalisation=normalisation,
        residual=residual,
    )


def off(ours: Tensor, theirs: Tensor, scale: Tensor | None = None) -> float:
    """The largest difference, relative to max(1, |theirs|, scale); both are finite, or neither."""
    assert torch.equal(ours.isfinite(), theirs.isfinite())
    unit = theirs.abs().clamp_min(1)
    difference = (ours - theirs).abs() / (unit if scale is None else unit.maximum(scale))
    return float(difference[theirs.isfinite()].max())


def largest(gradients: Sequence[Tensor], members: int) -> Tensor:
    """Each member's largest finite gradient, (K, 1, 1), to hold sums of such that cancel against.

    Before a normalisation they do: nothing but rounding is left, of numbers as large as 1e25 where
    an exponential output has run away.
    """
    flat = torch.cat([each[:members].flatten(1) for each in gradients], dim=1)
    return flat.nan_to_num(0, 0, 0).abs().amax(1)[:, None, None]


def require_same_gradients(seed: int) -> None:
    """Step by step, at the weights where backpropagation as written out has come to."""
    members, settings = random_stack(seed)
    stack = Stack(members, settings)
    reference = Stack(members, replace(settings, gradient="autograd"))
    stack.optimizer.begin_epoch(stack.learning_rates.rows, [0] * len(members))
    for batch, _ in zip(stack.batches.epoch(0), range(12), strict=False):
        reference.network.layers.flat.copy_(stack.network.layers.flat)
        with torch.no_grad():
            stack._backprop(batch)
            reference._backprop(batch)
            k = len(batch.inputs)
            scale = largest(reference.gradients.learnt, k)
            for one, other in zip(stack.gradients.learnt, reference.gradients.learnt, strict=True):
                assert off(one[:k], other[:k], scale) < CLOSE, seed
            stack.optimizer.step(k)


def require_same_training(seed: int) -> None:
    """Two epochs, each by its own gradients.

    Not from a kink of the loss: there a bias of 3e-14 where the other has 0, both rounding of a
    gradient whose signs cancel, turns whole residuals from no slope to a full one. Nor normalised:
    what a mean takes away has rounding for a gradient, which adaptive rules scale up.
    """
    members, settings = random_stack(seed, at_kinks=False)
    settings = replace(settings, normalisation="none")
    explicit = Stack(members, settings)
    autograd = Stack(members, replace(settings, gradient="autograd"))
    for _ in range(2):
        explicit.train_epoch()
        autograd.train_epoch()
    assert off(explicit.network.layers.flat, autograd.network.layers.flat) < CLOSE, seed


def test_some_configurations() -> None:
    """Every output and loss, twice."""
    for seed in range(FEW):
        require_same_gradients(seed)
        require_same_training(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(k, MANY, 4) for k in range(4)], ids=str)
def test_many_configurations(seeds: range) -> None:
    """Every group's choices in all sorts of company."""
    for seed in seeds:
        require_same_gradients(seed)
        require_same_training(seed)
