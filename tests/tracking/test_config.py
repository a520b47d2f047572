"""What may be chosen of what is recorded."""

from dataclasses import replace

import pytest

from mlp_lab.errors import UserError
from mlp_lab.tracking.config import TrackingConfig

CONFIG = TrackingConfig(
    tensorboard=True,
    histograms=0,
    gradient_norms=False,
    checkpoint_share=0.0,
    report=True,
    boosting="auto",
)


def test_bounds_are_allowed() -> None:
    """Never, and all of the time."""
    assert replace(CONFIG, checkpoint_share=1.0).checkpoint_share == 1


def test_what_cannot_be() -> None:
    """One line each."""
    with pytest.raises(UserError, match=r"tracking\.histograms must be 0 or more, got -1"):
        replace(CONFIG, histograms=-1)
    with pytest.raises(UserError, match=r"tracking\.checkpoint_share must be in"):
        replace(CONFIG, checkpoint_share=1.5)
    with pytest.raises(
        UserError, match=r"unknown tracking\.boosting 'alway': did you mean 'always'"
    ):
        replace(CONFIG, boosting="alway")
