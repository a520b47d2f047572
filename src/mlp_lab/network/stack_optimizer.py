"""One optimizer that steps a whole stack, each member with numbers of its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.update_rules import Number, UpdateRule

NORM_FLOOR = 1e-6
"""Added to a gradient's norm before dividing by it, as torch.nn.utils.clip_grad_norm_ does."""

PIECE = 2**17
"""Numbers that are updated at once: 512 KB of each tensor, so that a rule's operations find them in
the cache; larger ones also get their temporaries from the system, page by page, in every step."""


@dataclass(slots=True)
class Block:
    """Tensors that one call of an update rule changes, and the numbers that it is called with."""

    p: Tensor
    g: Tensor
    moments: list[Tensor]
    part: slice
    """Where the block's share of a number lies that differs between members."""
    decaying: int
    """How much of the beginning of p and g is Omega."""
    rule: UpdateRule
    weight_decay: Number
    lr: Number = 0.0


class Optimizer:
    """One update rule applied to the members of a stack, each with its own numbers.

    While all members take equally many steps, a step updates the flat tensors, piece by piece.
    Members with fewer rows take fewer: then the first k step without the rest, layer by layer.
    """

    def __init__(
        self,
        parameters: LayerTensors,
        gradients: LayerTensors,
        configs: Sequence[OptimizerConfig],
        *,
        equal_steps: bool = True,
    ) -> None:
        """Moments at their start. Clipping and weight decay change the gradients.

        `equal_steps`: whether all members take equally many steps in an epoch.

        Raises:
            ValueError: the members do not share the rule and its switches.
        """
        if len({(type(config), config.moments) for config in configs}) > 1:
            raise ValueError("the members of a stack share their optimizer and its switches")
        self.parameters = parameters
        self.gradients = gradients
        self.configs = list(configs)
        self.equal_steps = equal_steps
        self.moments = [parameters.like() for _ in range(configs[0].moments)]
        starts = [config.initial_moment for config in configs]
        if any(starts):
            self.moments[0].flat.copy_(parameters.spread(parameters.flat.new_tensor(starts)))
        clips = [math.inf if c.clip_norm is None else c.clip_norm for c in configs]
        self._clip = parameters.flat.new_tensor(clips) if min(clips) < math.inf else None
        self._decays = any(config.weight_decay for config in configs)
        self._numbers: dict[tuple[float, ...], Number] = {}
        self._lr: Number = 0.0
        self._rates: Iterator[Number] = iter(())
        """Of the steps to come, where they differ."""
        self._spread_rate: LayerTensors | None = None
        """Room for one of them, for each entry of the flat tensors."""
        self._t: Number = 0.0
        members = len(configs)
        self._blocks = {members: self._pieces() if equal_steps else self._layers(members)}
        """By how many members step."""

    def begin_epoch(self, lr: Tensor, steps_taken: Sequence[int]) -> None:
        """Set the scheduled learning rates, and how many steps each member has behind it.

        Shape:
            - lr: (steps, K), a row for each step, or (1, K) for all steps of the epoch
        """
        self._t = float(steps_taken[0]) if self.equal_steps else self._spread(steps_taken)
        self._rates = iter(())
        if len(lr) == 1:
            self._lr = self._spread(lr[0].tolist())
            for blocks in self._blocks.values():
                _set_rate(blocks, self._lr)
        elif self.equal_steps and bool((lr == lr[:, :1]).all()):
            self._rates = iter(lr[:, 0].tolist())
        else:
            by_step = lr.to(self.parameters.flat)  # to the device once, not in every step
            self._rates = iter(by_step[:, :, None, None].unbind())

    def step(self, k: int) -> None:
        """Update the first k members from their gradients."""
        if k not in self._blocks:
            self._blocks[k] = self._layers(k)
        rate = next(self._rates, None)
        if rate is not None:
            _set_rate(self._blocks[k], self._broadcasting(rate))
        if self._clip is not None:
            norms = self.gradients.squared_norms().sqrt_()
            factors = (self._clip / (norms + NORM_FLOOR)).clamp_max_(1).view(-1, 1, 1)
            for gradient in self.gradients.learnt:
                gradient.mul_(factors)
        t = self._advance(k)
        for block in self._blocks[k]:
            if self._decays and block.decaying:
                self._decay(block)
            block.rule(block.p, block.g, *block.moments, lr=block.lr, t=t)

    def _broadcasting(self, rate: Number) -> Number:
        """A step's rate, a float or (K, 1, 1), as it broadcasts against what is updated."""
        if isinstance(rate, float) or not self.equal_steps:
            return rate
        if self._spread_rate is None:
            self._spread_rate = self.parameters.like()
        for tensor in self._spread_rate.learnt:
            tensor.copy_(rate)
        return self._spread_rate.flat_learnt

    def _advance(self, k: int) -> Number:
        """The number of this step, from 1."""
        if isinstance(self._t, float):
            self._t += 1
            return self._t
        return self._t[:k].add_(1)  # in place: the others' counts stay

    def _decay(self, block: Block) -> None:
        omega, gradient = block.p[: block.decaying], block.g[: block.decaying]
        decay = block.weight_decay
        if self.configs[0].rule.decoupled_decay:
            omega.mul_(1 - _part(block.lr, slice(block.decaying)) * decay)
        elif isinstance(decay, float):
            gradient.add_(omega, alpha=decay)
        else:
            gradient.addcmul_(omega, decay)

    def _pieces(self) -> list[Block]:
        """The flat tensors in pieces; on a GPU, whose caches are no help, in one."""
        flat = [layers.flat_learnt for layers in self._updated]
        numbers, weights = len(flat[0]), len(self.parameters.flat_weights)
        length = PIECE if flat[0].is_cpu else numbers
        parts = [slice(*ends) for ends in pairwise([*range(0, numbers, length), numbers])]
        return [
            self._block(flat, part, max(0, min(weights, part.stop) - part.start)) for part in parts
        ]

    def _layers(self, k: int) -> list[Block]:
        """The first k members of each layer."""
        weights = len(self.parameters.weights)
        layers = zip(*(layers.learnt for layers in self._updated), strict=True)
        return [
            self._block(layer, slice(k), k if i < weights else 0) for i, layer in enumerate(layers)
        ]

    @property
    def _updated(self) -> list[LayerTensors]:
        return [self.parameters, self.gradients, *self.moments]

    def _block(self, tensors: Sequence[Tensor], part: slice, decaying: int) -> Block:
        """A part of parameters, gradients and moments, with its share of every number."""

        def share(values: Sequence[float]) -> Number:
            key = tuple(values)
            if key not in self._numbers:
                self._numbers[key] = self._spread(values)
            return _part(self._numbers[key], part)

        p, g, *moments = (tensor[part] for tensor in tensors)
        rule = type(self.configs[0]).update_rule(self.configs, share)
        decay = share([config.weight_decay for config in self.configs])
        decay = _part(decay, slice(decaying))
        return Block(p, g, moments, part, decaying, rule, decay, _part(self._lr, part))

    def _spread(self, values: Sequence[float]) -> Number:
        """One number for all members, or a tensor that broadcasts against what is updated.

        Shape:
            - with equal steps that of the flat tensors, else (K, 1, 1)
        """
        if self.equal_steps and all(value == values[0] for value in values):
            return float(values[0])
        tensor = self.parameters.flat.new_tensor(values)
        if not self.equal_steps:
            return tensor.view(-1, 1, 1)
        return self.parameters.spread(tensor)[: len(self.parameters.flat_learnt)]


def _set_rate(blocks: Sequence[Block], lr: Number) -> None:
    for block in blocks:
        block.lr = _part(lr, block.part)


def _part(number: Number, part: slice) -> Number:
    return number if isinstance(number, float) else number[part]
