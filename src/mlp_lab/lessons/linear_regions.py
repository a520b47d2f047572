"""Linear regions: where the slope of a network of ReLUs with one input changes, exactly."""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.trained import Layers

SAME = 1e-10
"""Slopes that differ by no more, as a share of the steepest, are one slope: rounding is smaller."""


def breakpoints(layers: Layers) -> Floats:
    """Inputs between -1 and 1 at which the slope changes, ascending.

    Between two breakpoints of a layer every pre-activation of the next is a straight line, so that
    where it crosses zero is known; crossings that no later layer passes on are left out.
    """
    ends = np.array([-1.0, 1.0])
    slopes, offsets = layers[0][0], layers[0][1][None, :]  # (regions, units): f = slope x + offset
    for omega, beta in layers[1:]:
        with np.errstate(divide="ignore", invalid="ignore"):
            zeros = -offsets / slopes  # infinite, or not a number, for a unit that is constant
        inside = zeros[(zeros > ends[:-1, None]) & (zeros < ends[1:, None])]
        cut = np.unique(np.concatenate([ends, inside]))
        middles = (cut[:-1] + cut[1:]) / 2
        region = np.searchsorted(ends, middles) - 1
        slopes, offsets, ends = slopes[region], offsets[region], cut
        active = slopes * middles[:, None] + offsets > 0
        slopes, offsets = (active * slopes) @ omega, (active * offsets) @ omega + beta
    changes = np.abs(np.diff(slopes, axis=0)).max(axis=1)
    found: Floats = ends[1:-1][changes > SAME * np.abs(slopes).max()]
    return found


def max_regions(width: int, depth: int) -> int:
    """What no network exceeds: each layer cuts each region at most `width` times.

    width^(depth - 1) (width + 1) are possible ("On the number of linear regions of deep neural
    networks", Montufar et al., 2014).
    """
    return int((width + 1) ** depth)


def folding(depth: int) -> Layers:
    """Layers of two units each of which folds [-1, 1] in the middle: 2^depth regions.

    A fold is y -> 1 - 2 |y| = relu(2 y + 2) - 2 relu(2 y) - 1 ("Benefits of depth in neural
    networks", Telgarsky, 2016).
    """
    fold, start = np.array([[2.0, 2.0]]), np.array([2.0, 0.0])
    unite, end = np.array([[1.0], [-2.0]]), np.array([-1.0])
    between = (unite @ fold, end @ fold + start)  # the end of a fold and the start of the next
    return [(fold, start), *[between] * (depth - 1), (unite, end)]
