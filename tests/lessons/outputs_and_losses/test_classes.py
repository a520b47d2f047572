"""Gradients by autograd, epochs by hand, rates by leaving a seed out."""

import numpy as np
import pytest
import torch
from given import bench, evidence
from lab import configure, stack_of

from mlp_lab.lessons.outputs_and_losses import classes
from mlp_lab.lessons.study import Trial
from mlp_lab.lessons.tables import Columns, by_seed, table_of, where

NAME = "outputs_and_losses"


def test_epochs_to_a_value_lie_on_the_line_between_epochs() -> None:
    curve = np.array([0.5, 0.9, 0.8, 1.0])
    assert classes.epochs_to(curve, 0.7) == pytest.approx(1.5)
    assert classes.epochs_to(curve, 0.25) == pytest.approx(0.5)
    assert classes.epochs_to(curve, 0.95) == pytest.approx(3.75)
    assert classes.epochs_to(curve, 1.1) == float("inf")
    assert classes.epochs_to(np.array([np.nan, np.nan]), 0.5) == float("inf")


@pytest.mark.parametrize("loss", classes.SOFTMAX)
def test_gradients_of_wrong_weights_are_autograds(loss: str) -> None:
    """Of a plain torch network whose bias was raised, and torch's own losses."""
    words = [*classes.SETTINGS, *classes.LOSSES[loss]]
    stack = stack_of(configure(*words, "seed=1", "data.split_seed=1"))
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    f = part.inputs
    for layer in list(plain)[:3]:  # without the output function
        f = layer(f)
    f = f + torch.eye(10)[0] * classes.WRONG
    labels = part.targets.argmax(1)
    if loss == classes.ENTROPY:
        value = torch.nn.functional.cross_entropy(f, labels)
    else:
        value = torch.nn.functional.mse_loss(f.softmax(1), part.targets)
    gradients = torch.autograd.grad(value, list(plain.parameters()))
    expected = sum(float(gradient.square().sum()) for gradient in gradients) ** 0.5
    found = by_seed(evidence(NAME).tables["gradients"], "norm", loss=loss, bias=classes.WRONG)
    assert found[1] == pytest.approx(expected, rel=1e-3)


def test_wrong_weights_are_sure_and_wrong() -> None:
    """Networks that hardly move take every row for the first class, the usual ones do not."""
    words = [*classes.SETTINGS, *classes.LOSSES[classes.ENTROPY], "epochs=1", "optimizer.lr=1e-12"]
    ((usual,),), ((misled,),) = (
        bench().train([Trial({}, words)], change=change)
        for change in (None, classes.sure_and_wrong)
    )
    val = usual.problem.encoded.val
    assert (usual.outputs(val.inputs).argmax(1) != 0).any()
    y = misled.outputs(val.inputs)
    assert y[:, 0].min() > 0.95
    assert misled.last("val_accuracy") == pytest.approx(val.targets[:, 0].mean())


def test_never_is_later_than_ever() -> None:
    """A rate that is fast for one other seed and never arrives for another is not the best."""
    epochs = {0.1: (1.0, 1.0, np.inf), 1.0: (9.0, 9.0, 9.0)}
    others: Columns = {"start": "usual", "seed": range(3), "most_epochs": 10, "accuracy": 0.5}
    table = table_of(
        {**others, "loss": loss, "rate": rate, "epochs": own}
        for loss in classes.SOFTMAX
        for rate, own in epochs.items()
    )
    rows = classes.at_best_rates({"losses": table}, "epochs")
    assert by_seed(rows, "epochs", loss=classes.ENTROPY).tolist() == [9, 9, np.inf]
    assert np.isnan(classes.compared({"losses": table}, np.divide, "epochs")[2])


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = where(found.tables["losses"], start="wrong")
    ends = {}
    for loss in classes.SOFTMAX:
        own = where(table, loss=loss)
        for seed in range(2):
            other = where(own, seed=1 - seed).sort_values("rate")
            rate = other["rate"].iloc[other["accuracy"].argmax()]
            (ends[loss, seed],) = where(own, seed=seed, rate=rate)["accuracy"]
    gaps = [ends[classes.ENTROPY, seed] - ends[classes.SQUARED, seed] for seed in range(2)]
    assert found.findings["stuck"].values == pytest.approx(gaps)
