"""Averages of each network's weights over its training; the averages are what is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from mlp_lab.errors import require, require_choice

if TYPE_CHECKING:
    from mlp_lab.network.layers import LayerTensors
    from mlp_lab.network.update_rules import Number


@dataclass(kw_only=True, slots=True)
class AveragingConfig:
    """Which weights are averaged: none, or from the share `start` of the epochs on.

    `ema`: after each step, average <- decay average + (1 - decay) weights (Polyak and Juditsky,
    "Acceleration of Stochastic Approximation by Averaging", 1992, where all steps count equally).
    `swa`: the mean of the weights after each epoch (Izmailov et al., "Averaging Weights Leads to
    Wider Optima and Better Generalization", 2018).
    """

    kind: str
    decay: float
    start: float

    def __post_init__(self) -> None:
        require_choice(self.kind, "averaging.kind", ["none", "ema", "swa"])
        require(0 < self.decay < 1, "averaging.decay", "in (0, 1)", self.decay)
        require(0 <= self.start < 1, "averaging.start", "in [0, 1)", self.start)

    def after_step(self, epoch: int, epochs: int, *, first: bool) -> float:
        """The share that the weights have in the average after a step of `epoch`, from 0.

        `first`: of the epoch. The first step of all begins the average.
        """
        begins = int(self.start * epochs)
        if self.kind != "ema" or epoch < begins:
            return 0.0
        return 1.0 if first and epoch == begins else 1 - self.decay

    def after_epoch(self, epoch: int, epochs: int) -> float:
        """The same after the last step of `epoch`; before an average begins, it is the weights."""
        begins = int(self.start * epochs)
        if self.kind == "none" or epoch < begins:
            return 1.0
        return 1 / (epoch - begins + 1) if self.kind == "swa" else 0.0


class Averaging:
    """The averages of a stack; each network has its own kind, decay and start.

    All that it keeps beside the averages follows from the epoch.
    """

    def __init__(
        self,
        weights: LayerTensors,
        average: LayerTensors,
        plans: Sequence[tuple[AveragingConfig, int]],
        *,
        equal_steps: bool,
    ) -> None:
        """`plans`: what each network does, and its epochs; `equal_steps` as of an `Optimizer`."""
        self.weights, self.average = weights, average
        self._plans, self._equal_steps = list(plans), equal_steps
        self._spread_of: tuple[list[float], Number] = ([], 0.0)
        self._epoch = 0
        self._shares: Iterator[list[float]] = iter(())
        """Of the steps to come, for each network."""

    def begin_epoch(self, epoch: int) -> tuple[list[float], list[float]]:
        """Take note of the epoch that begins, counted from 0.

        Returns what each network's weights count in its average after the first and a later step.
        """
        self._epoch = epoch
        first, later = (
            [plan.after_step(epoch, epochs, first=first) for plan, epochs in self._plans]
            for first in (True, False)
        )
        self._shares = chain([first], repeat(later))
        return first, later

    def step(self, k: int) -> None:
        """Average what the first k networks are after a step."""
        self._add(next(self._shares), k)

    def end_epoch(self) -> None:
        """Average what all networks are after the epoch."""
        plans = self._plans
        self._add([plan.after_epoch(self._epoch, epochs) for plan, epochs in plans], len(plans))

    def _add(self, shares: list[float], k: int) -> None:
        """Average <- (1 - share) average + share weights: one operation on the flat tensor.

        Where the first k step without the rest, one on each layer's tensor.
        """
        if not any(shares):
            return
        share = self._spread(shares)
        if self._equal_steps:
            self.average.flat.lerp_(self.weights.flat, share)
            return
        for average, weights in zip(self.average.tensors, self.weights.tensors, strict=True):
            average[:k].lerp_(weights[:k], share if isinstance(share, float) else share[:k])

    def _spread(self, shares: list[float]) -> Number:
        """One share for all networks, or a tensor that broadcasts; the last one is kept."""
        if min(shares) == max(shares):
            return shares[0]
        if shares is not self._spread_of[0] and shares != self._spread_of[0]:
            tensor = self.weights.flat.new_tensor(shares)
            spread = self.weights.spread(tensor) if self._equal_steps else tensor.view(-1, 1, 1)
            self._spread_of = shares, spread
        return self._spread_of[1]
