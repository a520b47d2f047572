"""The loss around a network's weights, over two directions through them.

After Li et al., "Visualizing the loss landscape of neural nets" (2018): directions are drawn at
random and given, filter by filter, the length of the weights, so that a step of 1 changes every
unit as much as its weights are long. All points of the grid are members of one stack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_lab.network.backprop import Batch
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

LARGEST = 2**23
"""Numbers of a layer's pre-activations at once: a stack takes as many points as that allows."""


@dataclass(frozen=True, slots=True)
class LossSurface:
    """Losses on a square grid of steps along two directions.

    Shape:
        - steps: (S,), the same along both; losses: (S, S), first direction first
    """

    steps: Tensor
    losses: Tensor

    @property
    def centre(self) -> float:
        """The loss of the network itself."""
        middle = len(self.steps) // 2
        return float(self.losses[middle, middle])

    @property
    def lowest(self) -> tuple[float, float, float]:
        """The least loss, and the steps to it along both directions."""
        place = int(self.losses.nan_to_num(nan=torch.inf).argmin())
        first, second = divmod(place, len(self.steps))
        least = float(self.losses[first, second])
        return least, float(self.steps[first]), float(self.steps[second])

    @property
    def highest(self) -> float:
        """The largest loss that is finite."""
        return float(self.losses[self.losses.isfinite()].max())


def filter_normalised(layers: LayerTensors, generator: torch.Generator) -> LayerTensors:
    """A direction in which every unit's incoming weights are as long as its own, of a stack of one.

    Biases, gains and embeddings do not move.

    Examples:
        >>> layers = LayerTensors(1, [2, 1], dtype=torch.float64, device=torch.device("cpu"))
        >>> layers.weights[0][0, :, 0] = torch.tensor([3.0, 4.0])
        >>> direction = filter_normalised(layers, torch.Generator().manual_seed(0))
        >>> float(direction.weights[0].norm())
        5.0
    """
    direction = layers.like()
    for drawn, weight in zip(direction.weights, layers.weights, strict=True):
        drawn.copy_(torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
        drawn.mul_(weight.norm(dim=1, keepdim=True) / drawn.norm(dim=1, keepdim=True))
    return direction


@torch.inference_mode()
def loss_surface(
    network: MLP, objective: Objective, rows: Batch, *, points: int, reach: float, seed: int
) -> LossSurface:
    """The mean loss of rows on a grid around a stack of one, without dropout.

    Args:
        network: a stack of one, on the CPU.
        objective: its output and its loss.
        rows: all of them, without dropout; weights have a mean of 1.
        points: of the grid along each direction, odd, so that the network is one of them.
        reach: the grid's last step in both directions; 1 is as long as the weights.
        seed: of the directions.
    """
    assert network.members == 1
    assert points % 2 == 1
    generator = torch.Generator().manual_seed(seed)
    directions = [filter_normalised(network.layers, generator) for _ in range(2)]
    half = points // 2
    steps = torch.arange(-half, half + 1, dtype=network.layers.flat.dtype) * (reach / half)
    grid = torch.cartesian_prod(steps, steps)
    outputs = (bias.shape[-1] for bias in network.layers.biases)
    widest = rows.inputs.shape[1] * max(network.layers.sizes[0], *outputs)
    losses = [
        _losses(network, objective, rows, directions, some)
        for some in torch.split(grid, max(1, LARGEST // widest))
    ]
    return LossSurface(steps, torch.cat(losses).view(points, points))


def _losses(
    network: MLP,
    objective: Objective,
    rows: Batch,
    directions: Sequence[LayerTensors],
    steps: Tensor,
) -> Tensor:
    """Losses at some points, (P, 2) -> (P,): a stack with a member for each."""
    stack = network.take([0] * len(steps))
    for direction, along in zip(directions, steps.T, strict=True):
        for weight, own in zip(stack.layers.weights, direction.weights, strict=True):
            weight.addcmul_(along.view(-1, 1, 1), own)
    f = stack.pre_activation(rows.inputs.expand(len(steps), -1, -1))  # (P, N, C)
    losses = objective.rows(f, rows.targets.expand(len(steps), -1, -1))
    return (losses if rows.weights is None else losses * rows.weights).mean(1)
