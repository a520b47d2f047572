"""What lessons train is what the command would train."""

import numpy as np
import pytest
import torch
from given import bench
from lab import stack_of, trained, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError

WORDS = ["data=iris", "model=shallow", "epochs=4", "dtype=float64"]


def test_a_network_is_the_one_that_the_command_trains() -> None:
    """In a stack with others, of other widths, in another process."""
    widths = (3, 5, 40)
    found = bench().train([[*WORDS, f"model.width={width}"] for width in widths])
    for width, network in zip(widths, found, strict=True):
        values = values_of(*WORDS, f"model.width={width}")
        _, rows = trained(values)
        assert network.curve("train_loss") == pytest.approx([row["loss"] for row in rows], rel=1e-9)
        assert network.sizes == [4, width, 3]
        assert network.parameters == 4 * width + width + 3 * width + 3
        assert network.config.model.width == width


def test_what_it_predicts_is_what_its_last_epoch_scored() -> None:
    """The weights are those after the last epoch, and rows are encoded as in training."""
    (network,) = bench().train([[*WORDS, "model.width=6"]])
    val = network.problem.encoded.val
    right = network.outputs(val.inputs).argmax(1) == val.targets.argmax(1)
    assert right.mean() == pytest.approx(network.last("val_accuracy"))
    rows = bench().train([["data=diabetes", "model.width=6", "epochs=3", "dtype=float64"]])[0]
    val = rows.problem.encoded.val
    truth = rows.problem.encoded.schema.target.decode(val.targets)
    rmse = np.sqrt(np.mean((rows.predicted(val.inputs) - truth) ** 2))
    assert rmse == pytest.approx(rows.last("val_rmse"))


def test_a_probe_is_asked_before_and_after_each_epoch() -> None:
    """And for each network apart."""
    found = bench().train(
        [[*WORDS, "model.width=3", f"seed={seed}"] for seed in range(2)], probe=_first_weight
    )
    for seed, network in enumerate(found):
        weights = network.outcome.probes["first"]
        assert weights.shape == (5,)
        config = read(Config, values_of(*WORDS, "model.width=3", seed=seed), "")
        assert weights[0] == float(stack_of(config).network.layers.weights[0][0, 0, 0])
        assert weights[-1] == network.outcome.layers[0][0][0, 0]


def _first_weight(stack: "object") -> dict[str, torch.Tensor]:
    from mlp_lab.engine.stack import Stack

    assert isinstance(stack, Stack)
    return {"first": stack.network.layers.weights[0][:, 0, 0]}


def test_a_diverged_network_has_no_numbers_after_it() -> None:
    """And its neighbours have all of theirs."""
    words = ["data=diabetes", "model.width=8", "optimizer=sgd", "epochs=6"]
    wild, calm = bench().train([[*words, "optimizer.lr=1000"], [*words, "optimizer.lr=0.01"]])
    assert wild.outcome.diverged
    assert np.isnan(wild.last("val_loss"))
    assert wild.curve("val_loss").shape == (6,)
    assert np.isfinite(calm.curve("val_loss")).all()


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match=r"optimizer\.lr must be positive"):
        bench().train([["optimizer.lr=-1"]])
