"""What lessons train is what the command would train."""

import numpy as np
import pytest
import torch
from given import bench, networks
from lab import stack_of, trained, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.lessons.study import grid, varied

WORDS = ["data=iris", "model=shallow", "epochs=4", "dtype=float64"]


def test_a_network_is_the_one_that_the_command_trains() -> None:
    """In a stack with others, of other widths, in another process."""
    widths = (3, 5, 40)
    found = networks(*([*WORDS, f"model.width={width}"] for width in widths))
    for width, network in zip(widths, found, strict=True):
        values = values_of(*WORDS, f"model.width={width}")
        _, rows = trained(values)
        assert network.curve("train_loss") == pytest.approx([row["loss"] for row in rows], rel=1e-9)
        assert network.sizes == [4, width, 3]
        assert network.parameters == 4 * width + width + 3 * width + 3
        assert network.config.model.width == width


def test_studies_share_stacks_and_keep_their_order() -> None:
    """Each network carries the labels of its trial, and its settings."""
    wide = grid(WORDS, range(2), width=varied("model.width", (3, 5)))
    slow = grid([*WORDS, "model.width=3"], [7], rate=varied("optimizer.lr", (0.001, 0.01)))
    first, second = bench().train(wide, slow)
    assert [network.labels for network in first] == [trial.labels for trial in wide]
    assert [(n.config.model.width, n.config.seed) for n in first] == [
        (3, 0),
        (3, 1),
        (5, 0),
        (5, 1),
    ]
    assert [(n.config.optimizer.lr, n.config.seed) for n in second] == [(0.001, 7), (0.01, 7)]


def test_a_diverged_network_has_no_numbers_after_it() -> None:
    """And its neighbours have all of theirs."""
    words = ["data=diabetes", "model.width=8", "optimizer=sgd", "epochs=6"]
    wild, calm = networks([*words, "optimizer.lr=1000"], [*words, "optimizer.lr=0.01"])
    assert wild.outcome.diverged
    assert np.isnan(wild.last("val_loss"))
    assert wild.curve("val_loss").shape == (6,)
    assert np.isfinite(calm.curve("val_loss")).all()


def test_a_stack_of_one_is_before_its_first_step() -> None:
    """With the weights that the seed draws."""
    stack = bench().stack([*WORDS, "model.width=3"])
    expected = stack_of(read(Config, values_of(*WORDS, "model.width=3"), ""))
    assert torch.equal(stack.network.layers.flat, expected.network.layers.flat)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match=r"optimizer\.lr must be positive"):
        networks(["optimizer.lr=-1"])
