"""One optimizer that steps a whole stack, each member with numbers of its own."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.update_rules import Number, UpdateRule

NORM_FLOOR = 1e-6
"""Added to a gradient's norm before dividing by it, as torch.nn.utils.clip_grad_norm_ does."""

Penalty = float | list[float]
"""One number for all layers, or one for each."""

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
    l1: Number
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
        self._decays = _any(config.weight_decay for config in configs)
        self._sparing = _any(config.l1 for config in configs)
        self._numbers: dict[tuple[float, ...], Number] = {}
        self._penalties: dict[str, list[Penalty]] = {
            "weight_decay": [config.weight_decay for config in configs],
            "l1": [config.l1 for config in configs],
        }
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
            if block.decaying:
                if self._sparing:
                    _add(block.p.sign(), block.l1, block)
                if self._decays:
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
        if self.configs[0].rule.decoupled_decay:
            omega = block.p[: block.decaying]
            omega.mul_(1 - _part(block.lr, slice(block.decaying)) * block.weight_decay)
        else:
            _add(block.p, block.weight_decay, block)

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
            self._block(layer, slice(k), k if i < weights else 0, min(i, weights - 1))
            for i, layer in enumerate(layers)
        ]

    @property
    def _updated(self) -> list[LayerTensors]:
        return [self.parameters, self.gradients, *self.moments]

    def _block(
        self, tensors: Sequence[Tensor], part: slice, decaying: int, layer: int | None = None
    ) -> Block:
        """A part of parameters, gradients and moments, with its share of every number.

        `layer`: of which the part is one; None of a part of the flat tensors.
        """

        def share(values: Sequence[float]) -> Number:
            return _part(self._shared(values), part)

        p, g, *moments = (tensor[part] for tensor in tensors)
        rule = type(self.configs[0]).update_rule(self.configs, share)
        penalties = {
            name: _part(_part(self._penalty(name, layer), part), slice(decaying))
            for name in self._penalties
        }
        return Block(p, g, moments, part, decaying, rule, **penalties, lr=_part(self._lr, part))

    def _penalty(self, name: str, layer: int | None) -> Number:
        """Of the weights of a layer or, with None, of all of them in the flat tensors."""
        values = self._penalties[name]
        if layer is None and any(isinstance(value, list) for value in values):
            spread = self.parameters.like()
            for i, weight in enumerate(spread.weights):
                own = weight.new_tensor([_of_layer(value, i) for value in values])
                weight.copy_(own.view(-1, 1, 1).expand_as(weight))
            return spread.flat_learnt
        return self._shared([_of_layer(value, layer or 0) for value in values])

    def _shared(self, values: Sequence[float]) -> Number:
        """What `_spread` gives, made once."""
        key = tuple(values)
        if key not in self._numbers:
            self._numbers[key] = self._spread(values)
        return self._numbers[key]

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


def _any(penalties: Iterable[Penalty]) -> bool:
    return any(any(each) if isinstance(each, list) else each for each in penalties)


def _of_layer(penalty: Penalty, layer: int) -> float:
    return penalty[layer] if isinstance(penalty, list) else penalty


def _add(what: Tensor, number: Number, block: Block) -> None:
    """Add so many times something of a block's weights to their gradient."""
    gradient, own = block.g[: block.decaying], what[: block.decaying]
    if isinstance(number, float):
        gradient.add_(own, alpha=number)
    else:
        gradient.addcmul_(own, number)


def _set_rate(blocks: Sequence[Block], lr: Number) -> None:
    for block in blocks:
        block.lr = _part(lr, block.part)


def _part(number: Number, part: slice) -> Number:
    return number if isinstance(number, float) else number[part]
