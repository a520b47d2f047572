"""The logistic baseline with outputs whose penalty or loss scikit-learn counts differently."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from stacks import dataset

from mlp_lab.data.dataset import Part
from mlp_lab.network.losses import Objective
from mlp_lab.runs.baselines import linear_model


@pytest.mark.parametrize("name", ["iris", "wine", "gaussians"])
def test_several_sigmoid_outputs(name: str) -> None:
    """Each output is a logistic regression of its own: one class against the rest."""
    rows = dataset(name, "sigmoid")
    expected = OneVsRestClassifier(LogisticRegression(tol=1e-10, max_iter=10_000))
    expected.fit(rows.train.inputs.numpy(), rows.train.targets.argmax(1).numpy())
    inputs = rows.test.inputs.numpy()
    wanted = np.column_stack([one.predict_proba(inputs)[:, 1] for one in expected.estimators_])
    with torch.no_grad():
        found = linear_model(rows.train, Objective("sigmoid", "mse"))(rows.test.inputs)[0]
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)


def test_two_softmax_outputs() -> None:
    """Two columns share the penalty, so that scikit-learn needs twice its C for the same model."""
    rows = dataset("moons", "softmax")
    expected = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000)
    expected.fit(rows.train.inputs.numpy(), rows.train.targets.argmax(1).numpy())
    with torch.no_grad():
        found = linear_model(rows.train, Objective("softmax", "cce"))(rows.test.inputs)[0]
    wanted = expected.predict_proba(rows.test.inputs.numpy())
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("rows", [5, 30])
def test_least_squares_of_dependent_columns(rows: int) -> None:
    """A column twice, a constant one, or fewer rows than columns: the predictions are the same."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(rows, 4, generator=generator, dtype=torch.float64)
    targets = 3 + x[:, :1] + torch.randn(rows, 1, generator=generator, dtype=torch.float64)
    inputs = torch.cat([x, x, torch.zeros(rows, 1, dtype=torch.float64)], 1)
    design = np.column_stack([inputs.numpy(), np.ones(rows)])
    wanted = design @ np.linalg.lstsq(design, targets.numpy(), rcond=None)[0]
    with torch.no_grad():
        found = linear_model(Part(inputs, targets), Objective("linear", "mse"))(inputs)[0]
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)
