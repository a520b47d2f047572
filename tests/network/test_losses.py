"""Losses against torch's own, and which of them are allowed to meet which task."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mlp_lab.errors import UserError
from mlp_lab.network.losses import (
    COMPATIBLE_LOSSES,
    LOSSES,
    OUTPUTS,
    LossConfig,
    Objective,
    choose_objective,
)

CLASSES = 4
PAIRS = [
    *(Objective(output, loss) for output in OUTPUTS for loss in ("mse", "mae")),
    Objective("sigmoid", "bce"),
    Objective("softmax", "cce"),
]


def torch_rows(objective: Objective, f: Tensor, target: Tensor) -> Tensor:
    """The same loss by torch, (K, B)."""
    outputs: dict[str, Callable[[Tensor], Tensor]] = {
        "linear": lambda f: f,
        "sigmoid": torch.sigmoid,
        "softmax": lambda f: F.softmax(f, -1),
    }
    y = outputs[objective.output](f)
    if objective.loss == "mse":
        return F.mse_loss(y, target, reduction="none").mean(-1)
    if objective.loss == "mae":
        return F.l1_loss(y, target, reduction="none").mean(-1)
    if objective.loss == "bce":
        return F.binary_cross_entropy_with_logits(f, target, reduction="none").mean(-1)
    flat = F.cross_entropy(f.flatten(0, 1), target.flatten(0, 1), reduction="none")
    return flat.view(f.shape[:2])


def pre_activations(scale: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Random f, (2, 9, C), and one-hot targets."""
    generator = torch.Generator().manual_seed(3)
    f = scale * torch.randn(2, 9, CLASSES, generator=generator, dtype=torch.float64)
    label = torch.randint(CLASSES, (2, 9), generator=generator)
    return f.to(dtype), F.one_hot(label, CLASSES).to(dtype)


@pytest.mark.parametrize("objective", PAIRS, ids=lambda o: f"{o.output}-{o.loss}")
def test_loss_gradient_and_output(objective: Objective) -> None:
    """Values and gradients to 1e-12 of what torch says."""
    f, target = pre_activations(2.0, torch.float64)
    f.requires_grad_()
    expected = torch_rows(objective, f, target)
    torch.autograd.backward(expected.sum())
    with torch.no_grad():
        loss, gradient = objective.rows(f, target), objective.gradient(f, target)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, f.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objective", PAIRS, ids=lambda o: f"{o.output}-{o.loss}")
def test_extreme_pre_activations_stay_finite(objective: Objective, dtype: torch.dtype) -> None:
    """At f of -1000 and 1000, where every probability is 0 or 1, values are finite and torch's."""
    corners = [[1000.0, -1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0, 0.0], [0.0] * 4]
    f = torch.tensor([corners], dtype=dtype).repeat(2, 1, 1)
    target = torch.zeros_like(f)
    target[0, :, 0] = 1
    target[1, :, 1] = 1
    loss, gradient = objective.rows(f, target), objective.gradient(f, target)
    assert loss.isfinite().all()
    assert gradient.isfinite().all()
    torch.testing.assert_close(loss, torch_rows(objective, f, target), rtol=1e-6, atol=1e-6)
    if objective.loss in ("bce", "cce"):
        assert loss.max() >= 250  # a confident error is not cut off


@pytest.mark.parametrize(
    ("task", "output", "loss", "expected"),
    [
        ("regression", "auto", "auto", ("linear", "mse")),
        ("regression", "linear", "auto", ("linear", "mse")),
        ("regression", "auto", "mae", ("linear", "mae")),
        ("binary", "auto", "auto", ("sigmoid", "bce")),
        ("binary", "auto", "mse", ("sigmoid", "mse")),
        ("binary", "auto", "cce", ("softmax", "cce")),
        ("binary", "softmax", "auto", ("softmax", "cce")),
        ("binary", "linear", "auto", ("linear", "mse")),
        ("binary", "linear", "mae", ("linear", "mae")),
        ("multiclass", "auto", "auto", ("softmax", "cce")),
        ("multiclass", "auto", "mae", ("softmax", "mae")),
        ("multiclass", "sigmoid", "auto", ("sigmoid", "mse")),
        ("multiclass", "linear", "auto", ("linear", "mse")),
    ],
)
def test_auto(task: str, output: str, loss: str, expected: tuple[str, str]) -> None:
    """What was left open follows from the task and from what was set."""
    assert choose_objective(task, output, loss) == Objective(*expected)


@pytest.mark.parametrize("task", COMPATIBLE_LOSSES)
def test_every_combination_is_chosen_or_refused(task: str) -> None:
    """What is set is kept; a refusal is one line that names an alternative which is accepted."""
    for output, loss in product(["auto", *OUTPUTS], ["auto", *LOSSES]):
        fits = any(
            output in ("auto", candidate) and (loss == "auto" or loss in losses)
            for candidate, losses in COMPATIBLE_LOSSES[task].items()
        )
        if fits:
            chosen = choose_objective(task, output, loss)
            assert chosen.loss in COMPATIBLE_LOSSES[task][chosen.output]
            assert output in ("auto", chosen.output)
            assert loss in ("auto", chosen.loss)
        else:
            with pytest.raises(UserError) as refusal:
                choose_objective(task, output, loss)
            accepts_an_alternative(task, output, loss, str(refusal.value))


def accepts_an_alternative(task: str, output: str, loss: str, message: str) -> None:
    """Every choice that the message offers leads on, at the latest with the other setting open."""
    assert "\n" not in message
    assert (f"model.output={output}" in message) or (f"loss={loss}" in message)
    advice = message.rpartition("use ")[2]
    words = set(advice.replace("=", " ").replace(",", " ").split())
    offered_losses, offered_outputs = words & set(LOSSES), words & set(OUTPUTS)
    assert offered_losses | offered_outputs, message
    if f"model.output={output} does not fit a" in message:
        for offered in offered_outputs:
            choose_objective(task, offered, "auto")
    else:
        for offered in offered_losses:
            choose_objective(task, output, offered)
        for offered in offered_outputs:
            choose_objective(task, offered, loss)


def test_which_pairs_never_fit() -> None:
    """Cross-entropies need their own output; numbers have no classes."""
    for task, output, loss in [
        ("regression", "sigmoid", "mse"),
        ("regression", "softmax", "auto"),
        ("regression", "auto", "bce"),
        ("regression", "linear", "cce"),
        ("binary", "linear", "bce"),
        ("binary", "sigmoid", "cce"),
        ("multiclass", "auto", "bce"),
        ("multiclass", "sigmoid", "cce"),
        ("multiclass", "sigmoid", "bce"),
    ]:
        with pytest.raises(UserError):
            choose_objective(task, output, loss)


def test_unknown_loss() -> None:
    """A typing error is answered with the nearest name."""
    with pytest.raises(UserError, match="did you mean 'mse'"):
        LossConfig(name="msee")


@pytest.mark.parametrize("outputs", [1, 3, 20])
@pytest.mark.parametrize("objective", PAIRS, ids=lambda o: f"{o.output}-{o.loss}")
def test_autograd_takes_the_same_slope_at_zero(objective: Objective, outputs: int) -> None:
    """Where f is 0: exactly where |f| and max(f, 0) have their kinks."""
    f = torch.zeros(1, 2, outputs, dtype=torch.float64, requires_grad=True)
    target = torch.zeros_like(f)
    target[0, 0, 0] = target[0, 1, -1] = 1
    (slope,) = torch.autograd.grad(objective.rows(f, target).sum(), f)
    torch.testing.assert_close(slope, objective.gradient(f.detach(), target))
