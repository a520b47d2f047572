"""Which networks of many predict best together.

Greedy forward selection with replacement, begun with the best ones and repeated on bags of rows,
since few rows would else choose by chance (Caruana et al., Ensemble Selection from Libraries of
Models, 2004; there bags are of models).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.dataset import Part
from mlp_lab.network import ordinal
from mlp_lab.network.losses import Objective

LEAST = 1e-30
"""Of a probability or a rate: its logarithm stays finite."""

FEWEST_ROWS = 32
"""Rows below which nothing is chosen: the best are kept, each once."""

BAGS, BAGGED_ROWS = 20, 200_000
"""Bags of rows, drawn with replacement, and what they hold together at most."""

INVERSE: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda y: y,
    "sigmoid": lambda y: y.clamp_min(LEAST).log() - (1 - y).clamp_min(LEAST).log(),
    "softmax": lambda y: y.clamp_min(LEAST).log(),
    "exponential": lambda y: y.clamp_min(LEAST).log(),
    "ordinal": lambda y: ordinal.pre_activations(y, LEAST),
}
"""Output -> pre-activations f that give outputs y, in double precision."""


def row_losses(y: Tensor, rows: Part, objective: Objective) -> Tensor:
    """What each row adds to the mean loss of outputs y, (N, C) -> (N,), as it is weighted."""
    losses = objective.rows(INVERSE[objective.output](y), rows.targets.to(y))
    if rows.loss_weights is None:
        return losses / len(rows)
    weights = rows.loss_weights.to(y)
    return losses * weights / weights.sum()


def mean_loss(y: Tensor, rows: Part, objective: Objective) -> float:
    """The loss of outputs y, (N, C), over some rows."""
    return row_losses(y, rows, objective).sum().item()


def selected(
    outputs: Sequence[Tensor], rows: Part, objective: Objective, most: int
) -> dict[int, int]:
    """Positions of the networks whose mean output has the least loss, and how often each counts.

    Args:
        outputs: y of each network on the rows, (N, C), on the CPU in double precision.
        rows: what they are measured on; none of them was trained on.
        objective: the output and the loss.
        most: networks of the ensemble, repeats counted.
    """
    losses = torch.stack([row_losses(y, rows, objective) for y in outputs])  # (M, N)
    if len(rows) < FEWEST_ROWS or most == 1:
        return dict.fromkeys(losses.sum(1).argsort(stable=True)[:most].tolist(), 1)
    counts: Counter[int] = Counter()
    generator = np.random.default_rng(0)
    bags = max(1, min(BAGS, BAGGED_ROWS // len(rows)))
    for _ in range(bags):
        drawn = generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
        times = torch.from_numpy(drawn) if bags > 1 else torch.ones(len(rows))
        times = times.to(losses)
        by_weighted_rows = _Loss(rows, objective, times)
        ranked: list[int] = (losses @ times).argsort(stable=True)[:most].tolist()
        counts.update(_greedy(outputs, ranked, by_weighted_rows, most))
    return _shared_out(counts, most)


@dataclass(frozen=True, slots=True)
class _Loss:
    """The loss of outputs, (N, C), where row n counts `times[n]`."""

    rows: Part
    objective: Objective
    times: Tensor

    def __call__(self, y: Tensor) -> float:
        return (row_losses(y, self.rows, self.objective) @ self.times).item()


def _greedy(
    outputs: Sequence[Tensor], ranked: Sequence[int], loss: Callable[[Tensor], float], most: int
) -> dict[int, float]:
    """Weight of each network that is picked, which add to 1; first the best of the `ranked`."""
    sums = torch.stack([outputs[k] for k in ranked]).cumsum(0)
    means = [loss(total / (n + 1)) for n, total in enumerate(sums)]
    first = min(range(len(means)), key=means.__getitem__)
    picks, total, best = list(ranked[: first + 1]), sums[first], means[first]
    while len(picks) < most:
        tried = [loss((total + y) / (len(picks) + 1)) for y in outputs]
        k = min(range(len(tried)), key=tried.__getitem__)
        if not tried[k] < best:
            break
        best, total = tried[k], total + outputs[k]
        picks.append(k)
    return {k: count / len(picks) for k, count in Counter(picks).items()}


def _shared_out(weights: Counter[int], most: int) -> dict[int, int]:
    """Whole numbers in proportion to weights, `most` together (by largest remainders)."""
    whole = sum(weights.values())
    shares = {k: most * weight / whole for k, weight in weights.items()}
    counts = {k: int(share) for k, share in shares.items()}
    rest = most - sum(counts.values())
    for k in sorted(shares, key=lambda k: (counts[k] - shares[k], k))[:rest]:
        counts[k] += 1
    return {k: count for k, count in counts.items() if count}
