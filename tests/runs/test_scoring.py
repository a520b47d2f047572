"""A network's scores on every part, against scikit-learn and NumPy."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss
from stacks import dataset

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.scoring import score_model, scored, scores_of


def network(rows: Dataset, output: str) -> MLP:
    """With weights that are drawn."""
    made = MLP(
        [[rows.train.inputs.shape[1], 5, rows.schema.target.outputs]],
        activations=["tanh"],
        output=output,
        dtype=torch.float64,
        device=torch.device("cpu"),
    )
    made.initialise(["glorot"], [torch.Generator().manual_seed(0)])
    return made


def test_each_part_is_scored_on_its_own_rows() -> None:
    """As scikit-learn scores them."""
    rows = dataset("iris", "softmax")
    model = network(rows, "softmax")
    found = scores_of(score_model(model, rows, Objective("softmax", "cce")))
    assert list(found) == ["train", "val", "test"]
    for name, part in (("train", rows.train), ("val", rows.val), ("test", rows.test)):
        shares, truth = model(part.inputs)[0].detach().numpy(), part.targets.argmax(1).numpy()
        assert found[name]["loss"] == pytest.approx(log_loss(truth, shares, labels=[0, 1, 2]))
        assert found[name]["accuracy"] == pytest.approx(accuracy_score(truth, shares.argmax(1)))


def test_a_part_without_rows_has_no_scores() -> None:
    """Not a loss of nothing."""
    rows = dataset("diabetes", val_fraction=0.0)
    found = scores_of(score_model(network(rows, "linear"), rows, Objective("linear", "mse")))
    assert found["val"] == {}
    assert found["train"]["loss"] > 0


def test_weights_count() -> None:
    """Those of the loss in the loss, the others in metrics; in the target's own units."""
    rows = dataset("diabetes")
    target, model = rows.schema.target, network(rows, "linear")
    draw = torch.Generator().manual_seed(1)
    weights, loss_weights = torch.rand(2, len(rows.test), generator=draw, dtype=torch.float64)
    part = Part(rows.test.inputs, rows.test.targets, weights, loss_weights)
    found = scored(model, part, Objective("linear", "mse"), target).scores()
    wrong = (model(part.inputs)[0] - part.targets).detach().numpy()[:, 0]
    assert found["loss"] == pytest.approx(np.average(wrong**2, weights=loss_weights))
    truth = target.truth(part.targets.numpy())
    unit = np.std(truth) / np.std(part.targets.numpy())
    rmse = unit * np.sqrt(np.average(wrong**2, weights=weights))
    assert found["rmse"] == pytest.approx(rmse)
