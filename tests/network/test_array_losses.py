"""Outputs and losses by numpy against those by torch."""

from itertools import product

import numpy as np
import pytest
from array_twins import both, held_equal

from mlp_lab.network import array_losses
from mlp_lab.network.losses import COMPATIBLE_LOSSES, LOSSES, OUTPUTS
from mlp_lab.network.saved import Layers

PAIRS = sorted(
    {
        (output, loss)
        for fitting in COMPATIBLE_LOSSES.values()
        for output, losses in fitting.items()
        for loss in losses
    }
)
NUMBERS = {"delta": 0.7, "quantile": 0.3, "gamma": 2.0}


@pytest.mark.parametrize(
    ("output", "loss", "ensemble"), [(*p, k) for p, k in product(PAIRS, (1, 3))]
)
def test_outputs_and_losses(output: str, loss: str, ensemble: int) -> None:
    """Every output with every loss that fits it, of one network and of the mean of three."""
    options = {name: NUMBERS[name] for name in LOSSES[loss].numbers}
    held_equal(Layers([3, 4, 3], ["tanh"], output, loss, ensemble=ensemble, loss_options=options))


def test_every_loss_is_there() -> None:
    """And every output."""
    assert array_losses.LOSSES.keys() == LOSSES.keys()
    assert array_losses.OUTPUTS.keys() == OUTPUTS.keys()


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_too_large() -> None:
    """Infinite as in torch, and no warning."""
    ours, theirs = both(Layers([2, 1], [], "exponential", "poisson"))
    inputs = np.full((3, 2), 1e6) * [[1], [-1], [0]]
    np.testing.assert_allclose(ours.outputs(inputs), theirs.outputs(inputs))
    assert not np.isfinite(ours.outputs(inputs)).all()
