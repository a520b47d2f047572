"""The trace against the course's formulas by hand, and against torch over plain layers."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from objectives import OBJECTIVES, ordinal_logarithms
from torch import Tensor

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.losses import LOSSES, OUTPUTS, Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.gradient_check import by_autograd
from mlp_lab.trace.networks import set_numbers
from mlp_lab.trace.quantities import Network, Trace
from mlp_lab.trace.request import EXAMPLE

NUMBERS = {"x": 2.0, "t": 3.0, "theta_01": 0.5, "theta_02": 1.0, "theta_11": 1.0, "theta_12": -1.0}
NUMBERS |= {"phi_0": 0.5, "phi_1": 2.0, "phi_2": -1.0}
"""The example's."""

assert_close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12)


def example(**numbers: float) -> Trace:
    """The course's network, some of its numbers changed by their names."""
    mlp = MLP([[1, 2, 1]], activations=["relu"], output="linear", dtype=torch.float64)
    set_numbers(mlp, EXAMPLE | {name: [[value]] for name, value in numbers.items()})
    x, t = (
        torch.tensor([[numbers.get(name, EXAMPLE[name][0][0])]], dtype=torch.float64)
        for name in ("x", "t")
    )
    return trace(Network(mlp, Objective("linear", "mse"), x, t))


def drawn(
    activations: list[str],
    objective: Objective,
    *,
    rows: int = 4,
    outputs: int = 3,
    weighted: bool = False,
) -> Network:
    """Random weights, biases and rows; one-hot targets, which every loss takes."""
    mlp = MLP(
        [[2, *[3, 4, 2][: len(activations)], objective.pre_activations(outputs)]],
        activations=activations,
        output=objective.output,
        dtype=torch.float64,
    )
    generator = torch.Generator().manual_seed(5)
    mlp.initialise(["torch"], [generator])
    x = torch.rand(rows, 2, generator=generator, dtype=torch.float64) * 4 - 2
    label = torch.randint(outputs, (rows,), generator=generator)
    t = F.one_hot(label, outputs).double()
    weights = torch.rand(rows, generator=generator, dtype=torch.float64) if weighted else None
    return Network(mlp, objective, x, t, weights)


@pytest.mark.parametrize(
    "numbers",
    [{}, {"x": -1.5, "t": 0.25}, {"theta_12": 0.7, "phi_2": 3.1, "theta_01": -0.2}, {"x": 0.0}],
)
def test_the_course_s_formulas(numbers: dict[str, float]) -> None:
    """dL/dphi_1 = 2 dy h_1 and so on, worked out here with numbers alone."""
    found = example(**numbers)
    given = NUMBERS | numbers
    x = given["x"]
    f = [given[f"theta_0{j}"] + given[f"theta_1{j}"] * x for j in (1, 2)]
    h = [max(f_j, 0.0) for f_j in f]
    slope = [1.0 if f_j > 0 else 0.0 for f_j in f]
    phi = [given["phi_1"], given["phi_2"]]
    dy = given["phi_0"] + phi[0] * h[0] + phi[1] * h[1] - given["t"]
    by_hand = {
        "f_0": [f],
        "h_1": [h],
        "y": [[dy + given["t"]]],
        "L": [[dy**2]],
        "dL/dy": [[2 * dy]],
        "dL/dbeta_1": [[2 * dy]],
        "dL/dOmega_1": [[2 * dy * h[0]], [2 * dy * h[1]]],
        "dL/dh_1": [[2 * dy * phi[0], 2 * dy * phi[1]]],
        "dL/df_0": [[2 * dy * phi[j] * slope[j] for j in (0, 1)]],
        "dL/dbeta_0": [[2 * dy * phi[j] * slope[j] for j in (0, 1)]],
        "dL/dOmega_0": [[2 * dy * phi[j] * slope[j] * x for j in (0, 1)]],
    }
    for name, value in by_hand.items():
        assert_close(found.value(name), torch.tensor(value, dtype=torch.float64), msg=name)


def test_every_loss_is_covered() -> None:
    """A new loss or output needs a place in the list above."""
    assert {objective.loss for objective in OBJECTIVES} == set(LOSSES)
    assert {objective.output for objective in OBJECTIVES} == set(OUTPUTS)


def written_down(objective: Objective, y: Tensor, t: Tensor) -> Tensor:
    """The loss of each row, of one-hot targets."""
    numbers = dict(objective.numbers)
    right = t * y + (1 - t) * (1 - y)
    gamma, share, error = numbers.get("gamma", 0.0), numbers.get("quantile", 0.5), (y - t).abs()
    if objective.loss == "focal":
        found = -((1 - right) ** gamma) * right.log()
        return (found * t).sum(1) if objective.output == "softmax" else found.mean(1)
    delta = torch.full_like(t, numbers.get("delta", 1.0))
    return {
        "mse": (y - t).square().mean(1),
        "mae": error.mean(1),
        "huber": error.square().div(2).where(error < delta, delta * (error - delta / 2)).mean(1),
        "quantile": (error * share).where(t > y, error * (1 - share)).mean(1),
        "poisson": (y - t * y.log() - t).mean(1),  # t log t is 0 for 0 and 1
        "bce": -right.log().mean(1),
        "cce": -(t * y.log()).sum(1),
        "ordinal": -(t * y.log()).sum(1),
    }[objective.loss]


def plainly(network: Network) -> dict[str, Tensor]:
    """Every gradient by autograd, dL/dy on the way to f: products and sums written out."""
    mlp, names = network.mlp, network.mlp.activation_names
    own: dict[str, Callable[[Tensor], Tensor]] = {
        "elu": F.elu,
        "gelu": F.gelu,
        "silu": F.silu,
        "leaky_relu": F.leaky_relu,
    }
    own |= {"relu": F.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "glu": F.glu}
    own["reglu"] = lambda f: f[:, : f.shape[1] // 2] * F.relu(f[:, f.shape[1] // 2 :])
    own["geglu"] = lambda f: f[:, : f.shape[1] // 2] * F.gelu(f[:, f.shape[1] // 2 :])
    own["swiglu"] = lambda f: f[:, : f.shape[1] // 2] * F.silu(f[:, f.shape[1] // 2 :])
    seen: dict[str, Tensor] = {}
    h = network.x
    for k, (weight, bias) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        seen[f"Omega_{k}"] = weight[0].detach().requires_grad_()
        seen[f"beta_{k}"] = bias[0].detach().requires_grad_()
        seen[f"f_{k}"] = h @ seen[f"Omega_{k}"] + seen[f"beta_{k}"]
        if k < len(names):
            h = seen[f"h_{k + 1}"] = own[names[k]](seen[f"f_{k}"])
    f, t = seen[f"f_{len(names)}"], network.t
    outputs = {"linear": f, "sigmoid": f.sigmoid(), "softmax": f.softmax(-1)}
    outputs |= {"exponential": f.exp(), "ordinal": ordinal_logarithms(f).exp()}
    y = seen["y"] = outputs[network.objective.output] + 0
    rows = written_down(network.objective, y, t)
    weights = torch.ones(len(t)) if network.weights is None else network.weights
    found = torch.autograd.grad((rows * weights).sum() / len(t), list(seen.values()))
    return dict(zip(seen, found, strict=True))


def check(network: Network) -> Trace:
    """Every gradient, to 1e-12; and every difference, to what a difference can."""
    found = trace(network)
    expected, reference = plainly(network), by_autograd(network)
    assert {gradient.of for gradient in found.backward} == set(expected)
    for gradient in found.backward:
        assert_close(gradient.value, expected[gradient.of], msg=gradient.name)
        assert_close(gradient.autograd, reference[gradient.of])
        assert gradient.value.shape == gradient.autograd.shape == gradient.difference.shape
    assert found.largest_error("autograd")[0] < 1e-12
    assert found.largest_error("difference")[0] < 1e-7
    assert found.kinks == []
    return found


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: f"{o.output}-{o.loss}")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_output_and_loss(activation: str, objective: Objective) -> None:
    """Two uneven hidden layers, four rows."""
    check(drawn([activation] * 2, objective))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("depth", range(4))
def test_depths_rows_and_weights(depth: int, weighted: bool) -> None:
    """Also the linear model, and one output."""
    names = ["tanh", "relu", "silu"][:depth]
    check(drawn(names, Objective("linear", "mse"), rows=1, outputs=1, weighted=weighted))
    check(drawn(names, Objective("softmax", "cce"), weighted=weighted))


def test_a_wrong_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the two columns beside the engine's would be decoration."""
    monkeypatch.setitem(
        ACTIVATIONS,
        "tanh",
        type(ACTIVATIONS["tanh"])(value=lambda f: f.tanh(), slope=lambda f, h: 1 - h),
    )
    found = trace(drawn(["tanh"], Objective("linear", "mse")))
    assert found.largest_error("autograd")[0] > 0.01
    assert found.largest_error("difference")[0] > 0.01
    assert "0" in found.largest_error("autograd")[1]


def test_kinks_are_named() -> None:
    """A unit whose f is 0: its difference is half a slope, and is no disagreement."""
    found = example(theta_01=-2.0)
    assert float(found.value("f_0")[0, 0]) == 0
    assert found.kinks == ["dL/df_0[1, 1]", "dL/dtheta_01", "dL/dtheta_11"]
    assert found.largest_error("difference")[0] < 1e-7
    (gradient,) = [gradient for gradient in found.backward if gradient.name == "dL/df_0"]
    half = float(found.value("dL/dh_1")[0, 0]) / 2
    assert float(gradient.difference[0, 0]) == pytest.approx(half, rel=1e-4)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_engine_and_autograd_agree_at_kinks(activation: str) -> None:
    """Zero rows through zero biases: every f of the first layer is 0, and so is y - t."""
    network = drawn([activation], Objective("linear", "mae"))
    network.mlp.layers.biases[0].zero_()
    network.x.zero_()
    network.t.copy_(network.mlp(network.x)[0].detach())
    found = trace(network)
    assert found.largest_error("autograd")[0] == 0
    assert len(found.kinks) > 0


def test_the_absolute_error_has_a_kink() -> None:
    """Where the network is right."""
    network = drawn(["tanh"], Objective("linear", "mae"), rows=1, outputs=1)
    network.t.copy_(network.mlp(network.x)[0].detach())
    found = trace(network)
    assert "dL/dy[1, 1]" in found.kinks
    assert float(found.value("dL/dy")) == 0


def test_an_output_of_exactly_one() -> None:
    """dL/dy is beyond all numbers, and the engine, which starts from f, does without it."""
    network = drawn([], Objective("sigmoid", "bce"), rows=1, outputs=1)
    network.mlp.layers.biases[0].fill_(800.0)
    network.t.zero_()
    found = trace(network)
    assert not found.finite
    assert float(found.value("dL/df_0")) == 1


def test_a_large_gradient_is_sampled() -> None:
    """Of 8,192 entries 256 are held against a difference."""
    mlp = MLP([[64, 128, 10]], activations=["relu"], output="softmax", dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    mlp.initialise(["he"], [generator])
    x = torch.randn(3, 64, generator=generator, dtype=torch.float64)
    t = F.one_hot(torch.tensor([0, 4, 9]), 10).double()
    found = trace(Network(mlp, Objective("softmax", "cce"), x, t))
    taken = {g.of: int((~g.difference.isnan()).sum()) for g in found.backward}
    assert taken["Omega_0"] == 256
    assert taken["beta_0"] == 128
    assert found.largest_error("difference")[0] < 1e-7
