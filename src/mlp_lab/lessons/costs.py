"""What a training step costs: seconds of its passes, bytes of its tensors, finite differences."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from timeit import Timer

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.tables import Columns
from mlp_lab.network.backprop import Backprop, Batch, autograd_backprop
from mlp_lab.network.mlp import MLP

LEAST = 0.002
"""Seconds that one timing lasts at least; quicker actions are called several times."""

ROUNDS = 15
"""Timings of a network, of which a median is taken."""

KEPT = ("parameters", "gradients", "moments", "best_epoch", "activations", "activation_gradients")
"""What training keeps beside its rows; the moments are Adam's averages."""


class Step:
    """The passes of a stack of one over the first rows of its training rows."""

    def __init__(self, stack: Stack, rows: int) -> None:
        """Everything is allocated; the tensors of a backward pass are filled once."""
        part = stack.members[0].dataset.train
        self.stack = stack
        self.objective = stack.shared.objective
        self.batch = Batch(part.inputs[None, :rows], part.targets[None, :rows], None, ())
        self.passes = Backprop(stack.network, stack.gradients, self.objective, 1, rows)
        self.gradient()

    @torch.inference_mode()
    def loss(self) -> Tensor:
        """The mean loss over the rows: the forward pass alone."""
        self.passes.forward(self.batch)
        return self.objective.rows(self.passes.f[-1], self.batch.targets).mean()

    @torch.inference_mode()
    def gradient(self) -> Tensor:
        """The same, and all its derivatives: the forward and the backward pass."""
        return self.objective.rows(self.passes(self.batch), self.batch.targets).mean()

    @torch.inference_mode()
    def differences(self) -> Tensor:
        """All derivatives from finite differences: one forward pass for each parameter.

        The step is the root of the precision, about which rounding and curvature weigh the same.
        """
        flat = self.stack.network.layers.flat
        step = math.sqrt(torch.finfo(flat.dtype).eps)
        before, moved = self.loss(), []
        for place, value in enumerate(flat.tolist()):
            flat[place] = value + step
            moved.append(self.loss())
            flat[place] = value
        return (torch.stack(moved) - before) / step

    def exact(self) -> Tensor:
        """All derivatives by torch's autograd in double precision."""
        network = self.stack.network
        double = MLP(
            network.member_sizes,
            activations=network.activation_names,
            output=network.output_name,
            dtype=torch.float64,
        )
        double.layers.flat.copy_(network.layers.flat)
        gradients = double.layers.like()
        batch = Batch(self.batch.inputs.double(), self.batch.targets.double(), None, ())
        autograd_backprop(double, gradients, self.objective, batch)
        return gradients.flat

    def memory(self) -> dict[str, int]:
        """Bytes of every tensor that training keeps beside its rows, by what it is for."""
        stack, passes = self.stack, self.passes
        tensors = [
            [stack.network.layers.flat],
            [stack.gradients.flat],
            [moment.flat for moment in stack.optimizer.moments],
            [stack.best.flat],
            [*passes.f, *passes.h],
            [*passes.d_f, *passes.d_h],
        ]
        return dict(zip(KEPT, map(stored, tensors), strict=True))


def costs(step: Step, rounds: int) -> Columns:
    """Both passes / the loss alone, in time and multiplications; bytes held / the parameters'."""
    seconds = in_turn({"loss": step.loss, "gradient": step.gradient}, rounds)
    multiple = np.median(seconds["gradient"] / seconds["loss"])
    forward, backward = products(step.stack.network.member_sizes[0])
    counted = 1 + backward / forward
    memory = step.memory()
    total = sum(memory.values())
    return {
        "parameters": step.stack.network.parameter_counts[0],
        **{f"{name}_seconds": np.median(found) for name, found in seconds.items()},
        "multiple": multiple,
        "counted": counted,
        "multiple_to_counted": multiple / counted,
        **{f"{kind}_bytes": found for kind, found in memory.items()},
        "memory": total / memory["parameters"],
        "activation_share": (memory["activations"] + memory["activation_gradients"]) / total,
    }


def by_differences(step: Step, rounds: int) -> Columns:
    """Derivatives in two ways: their time, and how far off they are, relative to their norm."""
    exact, norm = step.exact(), torch.linalg.vector_norm
    derivatives = {"differences": step.differences(), "backprop": step.stack.gradients.flat}
    errors = {k: float(norm(g.double() - exact) / norm(exact)) for k, g in derivatives.items()}
    actions = {"differences": step.differences, "gradient": step.gradient, "loss": step.loss}
    seconds = in_turn(actions, rounds)
    return {
        "parameters": len(exact),
        **{f"{name}_seconds": np.median(found) for name, found in seconds.items()},
        "slower": np.median(seconds["differences"] / seconds["gradient"]),
        "forward_passes": np.median(seconds["differences"] / seconds["loss"]),
        **{f"{name}_error": error for name, error in errors.items()},
        "error_ratio": errors["differences"] / errors["backprop"],
    }


def stored(tensors: Iterable[Tensor]) -> int:
    """Bytes of the memory behind tensors; what two of them share counts once."""
    storages = [tensor.untyped_storage() for tensor in tensors]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def products(sizes: list[int]) -> tuple[int, int]:
    """Multiplications for each row of the forward pass, and of the backward pass.

    Back, each layer multiplies for its weights, and each but the first for the layer before it.
    """
    weights = [n_in * n_out for n_in, n_out in pairwise(sizes)]
    return sum(weights), 2 * sum(weights) - weights[0]


def in_turn(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Floats]:
    """Seconds of a call of each action, (rounds,), taken one after the other in every round.

    Neighbours in time meet the same machine, so ratios within a round say more than the times.
    Every second round goes backwards, so that none is always first. The clock is that of the
    thread: what other programs take from a core does not count.
    """
    timers = {name: Timer(action, timer=time.thread_time) for name, action in actions.items()}
    once = {name: timer.repeat(2, 1)[1] for name, timer in timers.items()}  # the first warms up
    calls = {name: max(1, math.ceil(LEAST / max(seconds, 1e-6))) for name, seconds in once.items()}
    found = {name: np.empty(rounds) for name in actions}
    for number in range(rounds):
        for name in list(actions)[:: -1 if number % 2 else 1]:
            found[name][number] = timers[name].timeit(calls[name]) / calls[name]
    return found
