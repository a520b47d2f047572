"""What the network has to beat: a constant prediction, and a model without hidden layers."""

from collections.abc import Callable

import torch
from torch import Tensor

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.network import ordinal
from mlp_lab.network.losses import NARROW, OUTPUTS, Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.constant_prediction import constant_pre_activation
from mlp_lab.runs.linear_baseline import LinearBaseline

GRADIENT_TOLERANCE = 1e-6
NEWTON_STEPS = 50
CONJUGATE_STEPS = 200
MOST_NUMBERS = 2**24
"""Rows times inputs that the second one is fitted on, rows evenly over all: 130 MB."""

SHORTEST_STEP = 1e-6


def baselines(dataset: Dataset, objective: Objective) -> dict[str, MLP]:
    """Networks without hidden layers, fitted on the training rows: `constant` and a second one.

    That is `linear`, or `poisson` where outputs are exponential, `logistic` where probabilities.
    """
    second = {"linear": "linear", "exponential": "poisson"}.get(objective.output, "logistic")
    return {
        "constant": constant_model(dataset.train, objective),
        second: linear_model(dataset.train, objective),
    }


def kept_model(name: str, model: MLP) -> LinearBaseline | None:
    """What is kept of a model without hidden layers; None of a constant, and of a wide one."""
    if name == "constant":
        return None
    weights, biases = model.layers.weights[0][0], model.layers.biases[0][0, 0]
    return LinearBaseline.of(name, *(own.double().cpu().numpy() for own in (weights, biases)))


def constant_model(train: Part, objective: Objective) -> MLP:
    """Predicts that constant of which the loss is least."""
    targets, weights = train.targets.double(), row_weights(train)
    tiny = torch.finfo(train.targets.dtype).tiny
    bias = constant_pre_activation(targets, weights, objective, tiny)
    return _depth_zero(train, objective, torch.zeros(train.inputs.shape[1], len(bias)), bias)


def row_weights(train: Part) -> Tensor:
    """What each row counts in the loss, (N,) in double precision."""
    if train.loss_weights is None:
        return torch.ones(len(train), dtype=torch.float64, device=train.targets.device)
    return train.loss_weights.double()


def linear_model(train: Part, objective: Objective) -> MLP:
    """Least squares for linear outputs, Poisson regression for exponential ones, else logistic.

    The penalty of the latter two is |Omega|^2 / 2 over the weight of all rows, as scikit-learn
    has it for logistic regression, none on the biases. Fitted in double precision on the CPU by
    Newton's method, on at most `MOST_NUMBERS`; see `newton`.
    """
    train = train.some(max(1, MOST_NUMBERS // max(1, train.inputs.shape[1])))
    inputs, weights = train.inputs.double().cpu(), row_weights(train).cpu()
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=inputs.dtype)], 1)
    penalty = torch.full((inputs.shape[1], 1), 1 / float(weights.sum()), dtype=inputs.dtype)
    penalty[-1] = 0
    if objective.output == "linear":
        penalty.zero_()
    targets, weights = train.targets.double().cpu(), weights / weights.sum()
    if objective.output == "ordinal":
        fitted = _continuation_ratios(inputs, targets, weights, penalty)
    else:
        fitted = newton(inputs, targets, weights, objective.output, penalty)
    return _depth_zero(train, objective, fitted[:-1], fitted[-1])


def _continuation_ratios(
    inputs: Tensor, targets: Tensor, weights: Tensor, penalty: Tensor
) -> Tensor:
    """A logistic regression for each step from one class to the next, of the rows that reach it.

    Shape:
        As of `newton`, but for what it gives: (D, C - 1).
    """
    found = []
    for further, here in zip(ordinal.beyond(targets).T, targets.T, strict=False):
        reached = further + here  # 1 or 0 of each row
        steps = newton(inputs, further.unsqueeze(1), weights * reached, "sigmoid", penalty)
        found.append(steps)
    return torch.cat(found, 1)


CANONICAL_LOSS = {"linear": "mse", "sigmoid": "bce", "softmax": "cce", "exponential": "poisson"}
"""The loss whose gradient by f is proportional to y - t."""


def newton(
    inputs: Tensor, targets: Tensor, weights: Tensor, output: str, penalty: Tensor
) -> Tensor:
    """Minimise the output's canonical loss plus penalty W^2 / 2, from W = 0.

    Each step is solved by conjugate gradients from products with the Hessian,
    X^T R J (X v) + penalty v with the rows' weights R and the output's Jacobian J, and halved
    until the loss falls (Nocedal and Wright, Numerical Optimization, 2006, section 7.1).

    Shape:
        inputs (N, D), targets (N, C), weights (N,) of sum 1, penalty (D, 1) -> (D, C)
    """
    classes = targets.shape[1]
    share = weights.unsqueeze(1)
    objective = Objective(output, CANONICAL_LOSS[output])
    # What turns the loss into one whose gradient by f is y - t: undo means over outputs.
    unit = {"linear": classes / 2, "softmax": 1.0}.get(output, float(classes))

    def loss(w: Tensor) -> float:
        value = objective.rows(_product(inputs, w), targets)
        return unit * (weights @ value).item() + (penalty * w.square()).sum().item() / 2

    fitted = inputs.new_zeros(inputs.shape[1], classes)
    now = loss(fitted)
    for _ in range(NEWTON_STEPS):
        y = objective.predict(_product(inputs, fitted))
        gradient = _product(inputs.t(), share * (y - targets)) + penalty * fitted
        size = gradient.abs().max().item()
        if size < GRADIENT_TOLERANCE:
            break

        def hessian(v: Tensor, y: Tensor = y) -> Tensor:
            curved = OUTPUTS[output].pullback(y, _product(inputs, v))
            return _product(inputs.t(), share * curved) + penalty * v

        step = conjugate_gradients(hessian, -gradient, tolerance=min(0.1, size**0.5))
        length = 1.0
        while (then := loss(fitted + length * step)) > now and length > SHORTEST_STEP:
            length /= 2
        if then > now:
            break
        fitted, now = fitted + length * step, then
    return fitted


def _product(a: Tensor, b: Tensor) -> Tensor:
    """a b, (r, m) x (m, c) -> (r, c); of few columns so that each lies side by side.

    Sums over classes, and what is between the products, then take a third of the time.
    """
    return a @ b if b.shape[1] >= NARROW else (b.t() @ a.t()).t()


def conjugate_gradients(
    product: Callable[[Tensor], Tensor], target: Tensor, tolerance: float
) -> Tensor:
    """Solve product(x) = target for a symmetric, positive semidefinite product.

    Stops when the residual is at `tolerance` of the target's norm (Hestenes and Stiefel, 1952).
    """
    x = torch.zeros_like(target)
    residual, direction = target.clone(), target.clone()
    squared = residual.square().sum()
    goal = (tolerance**2) * squared
    for _ in range(CONJUGATE_STEPS):
        image = product(direction)
        curvature = (direction * image).sum()
        if squared <= goal or curvature <= 0:
            break
        length = squared / curvature
        x += length * direction
        residual -= length * image
        previous, squared = squared, residual.square().sum()
        direction = residual + (squared / previous) * direction
    return x


def _depth_zero(train: Part, objective: Objective, weight: Tensor, bias: Tensor) -> MLP:
    """A stack of one network without hidden layers."""
    model = MLP(
        [[train.inputs.shape[1], len(bias)]],
        activations=[],
        output=objective.output,
        dtype=train.inputs.dtype,
        device=train.inputs.device,
    )
    model.layers.weights[0].copy_(weight.unsqueeze(0))
    model.layers.biases[0].copy_(bias.view(1, 1, -1))
    return model
