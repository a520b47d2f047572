"""What a network's errors on validation rows say of the rows: their order, and their spread."""

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.data.dataset import Part
from mlp_lab.data.rows import by_target
from mlp_lab.data.schema import Target
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.member import Run
from mlp_lab.runs.scoring import scored

SORTED = 0.95
"""Share of the steps from row to row that go up, or down, of a file that is sorted by a number."""
CHANGES = 2
"""By the number of classes, steps to another class of a file that may be sorted by it."""
ROUNDING = 1e-6
"""By the largest number, how far a whole one may be off that was scaled and back."""
FEWEST = 1
"""The least of numbers that count something; what is measured may begin anywhere."""
MOST, MOST_ROWS = 0.02, 3
"""Share of the rows, or rows, with the largest number: more have the top of a scale."""
DISPERSION = 100
"""Squared errors by predictions, of Poisson counts 1: what has more is in a unit of its own, as an
income in whole euros."""


def neighbours_correlation(run: Run, network: MLP) -> tuple[float, int]:
    """Correlation of the errors on validation rows with those on their neighbours in the file.

    The neighbours are training rows. The correlation is that of ranks, of several outputs the mean;
    also the number of pairs. (0, 0) where they are not known, or the file is sorted by its target,
    so that neighbours err alike whatever is learnt.

    Shape:
        - network: a stack of one, at the weights that were kept
    """
    found, own = run.prepared.overview, run.validation.get("network")
    if found is None or not found.side_by_side or own is None:
        return 0.0, 0
    if is_sorted(by_target(own.truth)[:, 0], own.each[0].target):
        return 0.0, 0
    of_val, of_train = np.array(found.side_by_side).T
    positions, place = np.unique(of_train, return_inverse=True)
    part = run.dataset.train.at(torch.as_tensor(positions))
    other = scored(network, part, run.prepared.objective, own.target)
    errors = (own.outputs - _targets(run.dataset.val))[of_val]
    beside = (other.outputs - _targets(part))[place]
    each = [rank_correlation(*both) for both in zip(errors.T, beside.T, strict=True)]
    return float(np.mean(each)), len(of_val)


def _targets(part: Part) -> Floats:
    """As the network is to give them, (N, C)."""
    targets: Floats = part.targets.double().cpu().numpy()
    return targets


def is_sorted(truth: Floats, target: Target) -> bool:
    """Whether rows with these values of a target, in the order of the file, are sorted by it."""
    steps = np.diff(truth)
    moves = steps[steps != 0]
    if target.classes is not None:
        return len(moves) < CHANGES * len(target.classes)
    rising = float(np.mean(moves > 0)) if len(moves) else 1.0
    return not 1 - SORTED < rising < SORTED


def spread_of_counts(run: Run) -> float:
    """Correlation of ranks of the sizes of errors with predictions, if the target may be counts.

    Of non-negative whole numbers, some of them small, that a network learns by squared errors; 0
    for any other target.
    """
    own = run.validation.get("network")
    if own is None or run.prepared.objective.loss != "mse" or not isinstance(own.target, Target):
        return 0.0
    predicted, truth = own.target.decode(own.outputs), own.truth
    known = np.concatenate([truth, own.target.decode(_targets(run.dataset.train))])
    if own.target.transform != "none" or not _may_count(known):
        return 0.0
    errors = np.abs(predicted - truth)
    if np.mean(errors**2) > DISPERSION * max(float(truth.mean()), np.finfo(float).tiny):
        return 0.0
    return rank_correlation(predicted, errors)


def _may_count(values: Floats) -> bool:
    """Whether numbers are whole, some of them small, and few as large as they can be."""
    tolerance, whole = ROUNDING * float(np.abs(values).max()), values.round()
    if np.abs(values - whole).max() > tolerance or tolerance >= 0.1:
        return False
    most = int(np.count_nonzero(whole == whole.max()))
    return 0 <= float(whole.min()) <= FEWEST and most <= max(MOST_ROWS, MOST * len(values))


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's, with the mean rank of equal values; 0 where all of one are equal.

    >>> round(rank_correlation(np.array([1.0, 2, 2, 9]), np.array([0.0, 5, 5, 6])), 9)
    1.0
    """
    ranks = np.stack([_ranks(one), _ranks(other)])
    ranks -= ranks.mean(1, keepdims=True)
    size = np.sqrt((ranks**2).sum(1)).prod()
    return float(ranks[0] @ ranks[1] / size) if size > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks
