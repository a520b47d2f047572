"""What a network has to beat, against scikit-learn and NumPy."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import prepared_dataset
from several import LABELS, NUMBERS, words
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.multiclass import OneVsRestClassifier
from stacks import dataset
from torch import Tensor

from mlp_lab.data.dataset import Part
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.baselines import baselines, conjugate_gradients, constant_model, linear_model

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def predictions(model: MLP, inputs: Tensor) -> Floats:
    """Outputs of the one network in the stack, (N, C)."""
    with torch.no_grad():
        outputs: Floats = model(inputs)[0].double().numpy()
    return outputs


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("moons", "sigmoid"),
        ("breast_cancer", "sigmoid"),
        ("iris", "softmax"),
        ("wine", "softmax"),
        ("gaussians", "softmax"),
    ],
)
def test_logistic_is_scikit_learns(name: str, output: str, dtype: torch.dtype) -> None:
    """Probabilities of test rows to 1e-3 of LogisticRegression's, at its default penalty."""
    rows = dataset(name, output, dtype=dtype)
    targets = rows.train.targets.numpy()
    label = targets[:, 0] if output == "sigmoid" else targets.argmax(1)
    logistic = import_module("sklearn.linear_model").LogisticRegression  # it has no types
    theirs = logistic(max_iter=10_000, tol=1e-8)
    theirs.fit(rows.train.inputs.double().numpy(), label)
    expected = theirs.predict_proba(rows.test.inputs.double().numpy())
    model = linear_model(rows.train, Objective(output, "bce" if output == "sigmoid" else "cce"))
    found = predictions(model, rows.test.inputs)
    if output == "sigmoid":
        expected = expected[:, 1:]
    assert found == pytest.approx(expected, abs=1e-3)
    assert model.layers.flat.dtype == dtype


def test_ordered_classes_are_a_logistic_regression_a_step() -> None:
    """Of the rows that reach a class, whether they go beyond it; with weights of rows."""
    rows = dataset("gaussians", "ordinal", dtype=torch.float64, classes=4).train
    rows = replace(rows, loss_weights=torch.linspace(0.5, 1.5, len(rows), dtype=torch.float64))
    found = linear_model(rows, Objective("ordinal", "ordinal"))
    logistic = import_module("sklearn.linear_model").LogisticRegression  # it has no types
    label, inputs = rows.targets.argmax(1).numpy(), rows.inputs.numpy()
    assert rows.loss_weights is not None
    for k in range(3):
        reached = label >= k
        theirs = logistic(max_iter=10_000, tol=1e-9)
        weights = rows.loss_weights.numpy()[reached]
        theirs.fit(inputs[reached], label[reached] > k, sample_weight=weights)
        ours = found.layers.weights[0][0, :, k].numpy()
        assert ours == pytest.approx(theirs.coef_[0], abs=1e-3)


@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize(
    ("name", "output"), [("diabetes", "linear"), ("sine", "linear"), ("wine", "linear")]
)
def test_linear_is_least_squares(name: str, output: str, loss: str) -> None:
    """Numbers and one-hot classes; the loss that is trained on does not matter."""
    rows = dataset(name, output)
    x = np.concatenate([rows.train.inputs.numpy(), np.ones((len(rows.train), 1))], 1)
    expected, *_ = np.linalg.lstsq(x, rows.train.targets.numpy())
    model = linear_model(rows.train, Objective(output, loss))
    test = np.concatenate([rows.test.inputs.numpy(), np.ones((len(rows.test), 1))], 1)
    assert predictions(model, rows.test.inputs) == pytest.approx(test @ expected, abs=1e-4)


def test_poisson_regression() -> None:
    """scikit-learn's, whose penalty is alpha |Omega|^2 / 2."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(200, 3, generator=generator, dtype=torch.float64)
    rates = (x @ torch.tensor([[0.8], [-0.4], [0.0]], dtype=torch.float64) + 0.5).exp()
    counts = torch.poisson(rates, generator)
    model = linear_model(Part(x, counts), Objective("exponential", "poisson"))
    expected = PoissonRegressor(alpha=1 / 200, tol=1e-10, max_iter=10_000)
    expected.fit(x.numpy(), counts.numpy()[:, 0])
    found = predictions(model, x)[:, 0]
    assert found == pytest.approx(expected.predict(x.numpy()), rel=1e-4)
    constant = constant_model(Part(x, counts), Objective("exponential", "poisson"))
    assert predictions(constant, x) == pytest.approx(counts.mean().item())


@pytest.mark.parametrize(("loss", "statistic"), [("mse", np.mean), ("mae", np.median)])
def test_constant_number(loss: str, statistic: Callable[..., Floats]) -> None:
    """The mean, or under absolute error the median."""
    rows = dataset("diabetes")
    model = constant_model(rows.train, Objective("linear", loss))
    expected = float(statistic(rows.train.targets.numpy()))
    assert predictions(model, rows.test.inputs) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "output", "loss"),
    [
        ("breast_cancer", "sigmoid", "bce"),
        ("breast_cancer", "softmax", "cce"),
        ("wine", "softmax", "cce"),
        ("wine", "sigmoid", "mse"),
        ("wine", "linear", "mse"),
    ],
)
def test_constant_shares(name: str, output: str, loss: str) -> None:
    """Each class's share of the training rows, whatever the inputs."""
    rows = dataset(name, output)
    model = constant_model(rows.train, Objective(output, loss))
    shares = rows.train.targets.numpy().mean(0)
    assert predictions(model, rows.test.inputs) == pytest.approx(
        np.tile(shares, (len(rows.test), 1))
    )


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_constant_of_a_missing_class_is_finite(output: str) -> None:
    """A class without training rows has share zero, and its loss is a number."""
    rows = dataset("gaussians", output)
    rows.train.targets[:, 1] += rows.train.targets[:, 0]
    rows.train.targets[:, 0] = 0
    model = constant_model(rows.train, Objective(output, "mse"))
    assert model.layers.flat.isfinite().all()
    assert predictions(model, rows.test.inputs)[:, 0].max() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "objective", "names"),
    [
        ("sine", Objective("linear", "mse"), ["constant", "linear"]),
        ("moons", Objective("sigmoid", "bce"), ["constant", "logistic"]),
        ("iris", Objective("softmax", "cce"), ["constant", "logistic"]),
        ("iris", Objective("linear", "mse"), ["constant", "linear"]),
        ("diabetes", Objective("exponential", "poisson"), ["constant", "poisson"]),
    ],
)
def test_which_baselines(name: str, objective: Objective, names: list[str]) -> None:
    """Each is a stack of one network without hidden layers."""
    rows = dataset(name, objective.output)
    models = baselines(rows, objective)
    assert list(models) == names
    for model in models.values():
        assert model.member_sizes == [[rows.train.inputs.shape[1], rows.schema.target.outputs]]
        assert model.output_name == objective.output


def test_separable_classes_end() -> None:
    """Where the classes can be told apart without error the penalty keeps weights finite."""
    rows = dataset("gaussians", noise=0.01, classes=2)
    model = linear_model(rows.train, Objective("sigmoid", "bce"))
    assert model.layers.flat.isfinite().all()
    right = (model(rows.test.inputs)[0] > 0.5) == (rows.test.targets > 0.5)
    assert right.all()


def test_conjugate_gradients_solve() -> None:
    """A positive definite system, to the tolerance that was asked for."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    a = a @ a.t() + torch.eye(8, dtype=torch.float64)
    b = torch.randn(8, 1, generator=generator, dtype=torch.float64)
    x = conjugate_gradients(lambda v: a @ v, b, tolerance=1e-10)
    torch.testing.assert_close(x, torch.linalg.solve(a, b), rtol=1e-7, atol=1e-7)
    rough = conjugate_gradients(lambda v: a @ v, b, tolerance=0.1)
    assert (a @ rough - b).norm() <= 0.1 * b.norm()


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


@pytest.mark.parametrize("kind", [NUMBERS, LABELS])
def test_each_of_several_targets_has_its_own_model(kind: tuple[str, ...], tmp_path: Path) -> None:
    """As scikit-learn's of each alone; the constant is the mean, or the share, of each."""
    prepared, rows = prepared_dataset(*words(tmp_path, *kind))
    found = baselines(rows, prepared.objective)
    constant, model = found.values()
    inputs, targets = rows.train.inputs.numpy(), rows.train.targets.numpy()
    assert predictions(constant, rows.test.inputs)[0] == pytest.approx(targets.mean(0), abs=1e-9)
    for t in range(2):
        if kind == NUMBERS:
            wanted = LinearRegression().fit(inputs, targets[:, t]).predict(rows.test.inputs.numpy())
        else:
            label = LogisticRegression(C=1.0, tol=1e-10).fit(inputs, targets[:, t])
            wanted = label.predict_proba(rows.test.inputs.numpy())[:, 1]
        np.testing.assert_allclose(predictions(model, rows.test.inputs)[:, t], wanted, atol=1e-4)
