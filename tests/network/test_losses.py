"""Losses against torch's own, and which of them are allowed to meet which task."""

from collections.abc import Collection
from itertools import product

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from objectives import OBJECTIVES, loss_settings, torch_rows
from sklearn import metrics
from torch import Tensor

from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.network.losses import (
    COMPATIBLE_LOSSES,
    LOSS_CONFIGS,
    LOSSES,
    NUMBERS,
    OUTPUTS,
    LossConfig,
    Objective,
    choose_objective,
)

CLASSES = 4


def pre_activations(scale: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Random f, (2, 9, C), and one-hot targets."""
    generator = torch.Generator().manual_seed(3)
    f = scale * torch.randn(2, 9, CLASSES, generator=generator, dtype=torch.float64)
    label = torch.randint(CLASSES, (2, 9), generator=generator)
    return f.to(dtype), F.one_hot(label, CLASSES).to(dtype)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: f"{o.output}-{o.loss}")
def test_loss_gradient_and_output(objective: Objective) -> None:
    """Values and gradients to 1e-12 of what torch says."""
    f, target = pre_activations(2.0, torch.float64)
    f = f[..., : objective.pre_activations(CLASSES)].contiguous().requires_grad_()
    expected = torch_rows(objective, f, target)
    torch.autograd.backward(expected.sum())
    with torch.no_grad():
        loss, gradient = objective.rows(f, target), objective.gradient(f, target)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, f.grad, rtol=1e-12, atol=1e-12)


BOUNDED = [objective for objective in OBJECTIVES if objective.output != "exponential"]
"""An exponential of 1000 is infinite, and says so: the training has diverged."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objective", BOUNDED, ids=lambda o: f"{o.output}-{o.loss}")
def test_extreme_pre_activations_stay_finite(objective: Objective, dtype: torch.dtype) -> None:
    """At f of -1000 and 1000, where every probability is 0 or 1, values are finite and torch's."""
    corners = [[1000.0, -1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0, 0.0], [0.0] * 4]
    f = torch.tensor([corners], dtype=dtype).repeat(2, 1, 1)
    target = torch.zeros_like(f)
    target[0, :, 0] = 1
    target[1, :, 1] = 1
    f = f[..., : objective.pre_activations(CLASSES)]
    loss, gradient = objective.rows(f, target), objective.gradient(f, target)
    assert loss.isfinite().all()
    assert gradient.isfinite().all()
    torch.testing.assert_close(loss, torch_rows(objective, f, target), rtol=1e-6, atol=1e-6)
    if objective.loss in ("bce", "cce", "focal", "ordinal"):
        assert loss.max() >= 250  # a confident error is not cut off


@pytest.mark.parametrize(
    ("task", "output", "loss", "expected"),
    [
        ("regression", "auto", "auto", ("linear", "mse")),
        ("regression", "linear", "auto", ("linear", "mse")),
        ("regression", "auto", "mae", ("linear", "mae")),
        ("regression", "auto", "huber", ("linear", "huber")),
        ("regression", "auto", "poisson", ("exponential", "poisson")),
        ("regression", "exponential", "auto", ("exponential", "poisson")),
        ("binary", "auto", "focal", ("sigmoid", "focal")),
        ("binary", "softmax", "focal", ("softmax", "focal")),
        ("multiclass", "auto", "focal", ("softmax", "focal")),
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
        ("multiclass", "auto", "ordinal", ("ordinal", "ordinal")),
        ("multiclass", "ordinal", "auto", ("ordinal", "ordinal")),
    ],
)
def test_auto(task: str, output: str, loss: str, expected: tuple[str, str]) -> None:
    """What was left open follows from the task and from what was set."""
    found = choose_objective(task, output, loss_settings(loss))
    assert (found.output, found.loss) == expected
    assert found.label_smoothing == 0


@pytest.mark.parametrize("task", COMPATIBLE_LOSSES)
def test_every_combination_is_chosen_or_refused(task: str) -> None:
    """What is set is kept; a refusal is one line that names an alternative which is accepted."""
    for output, loss in product(["auto", *OUTPUTS], ["auto", *LOSSES]):
        fits = any(
            output in ("auto", candidate) and (loss == "auto" or loss in losses)
            for candidate, losses in COMPATIBLE_LOSSES[task].items()
        )
        if fits:
            chosen = choose_objective(task, output, loss_settings(loss))
            assert chosen.loss in COMPATIBLE_LOSSES[task][chosen.output]
            assert output in ("auto", chosen.output)
            assert loss in ("auto", chosen.loss)
        else:
            with pytest.raises(UserError) as refusal:
                choose_objective(task, output, loss_settings(loss))
            accepts_an_alternative(task, output, loss, str(refusal.value))


def named(text: str, choices: Collection[str]) -> set[str]:
    """Which of them a text names: "ordinal" is an output as well as a loss."""
    return set(text.replace("=", " ").replace(",", " ").split()) & set(choices)


def accepts_an_alternative(task: str, output: str, loss: str, message: str) -> None:
    """Every choice that the message offers leads on, at the latest with the other setting open."""
    assert "\n" not in message
    assert (f"model.output={output}" in message) or (f"loss={loss}" in message)
    advice = message.rpartition("use ")[2]
    losses, _, outputs = advice.partition("model.output=")
    if message.startswith("model.output=") and "=" not in advice:
        losses, outputs = "", advice
    offered_losses, offered_outputs = named(losses, LOSSES), named(outputs, OUTPUTS)
    assert offered_losses | offered_outputs, message
    if f"model.output={output} does not fit a" in message:
        for offered in offered_outputs:
            choose_objective(task, offered, loss_settings("auto"))
    else:
        for offered in offered_losses:
            choose_objective(task, output, loss_settings(offered))
        for offered in offered_outputs:
            choose_objective(task, offered, loss_settings(loss))


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
        ("multiclass", "sigmoid", "focal"),
        ("multiclass", "softmax", "huber"),
        ("regression", "linear", "poisson"),
        ("regression", "exponential", "mse"),
    ]:
        with pytest.raises(UserError):
            choose_objective(task, output, loss_settings(loss))


def test_unknown_loss() -> None:
    """A typing error is answered with the nearest name."""
    with pytest.raises(UserError, match="did you mean 'mse'"):
        read(LossConfig, {"name": "msee"}, "loss")


@pytest.mark.parametrize("outputs", [1, 3, 20])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: f"{o.output}-{o.loss}")
def test_autograd_takes_the_same_slope_at_zero(objective: Objective, outputs: int) -> None:
    """Where f is 0: exactly where |f| and max(f, 0) have their kinks."""
    target = torch.zeros(1, 2, outputs, dtype=torch.float64)
    f = torch.zeros(1, 2, objective.pre_activations(outputs), dtype=torch.float64)
    f.requires_grad_()
    target[0, 0, 0] = target[0, 1, -1] = 1
    (slope,) = torch.autograd.grad(objective.rows(f, target).sum(), f)
    torch.testing.assert_close(slope, objective.gradient(f.detach(), target))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_focal_loss_of_any_targets(output: str, gamma: float) -> None:
    """Of shares, too, the gradient is autograd's; without gamma it is the cross-entropy."""
    objective = Objective(output, "focal", (("gamma", gamma),))
    f, target = pre_activations(2.0, torch.float64)
    target = target * 0.7 + 0.3 / CLASSES
    f.requires_grad_()
    loss = objective.rows(f, target)
    (truth,) = torch.autograd.grad(loss.sum(), f)
    gradient = objective.gradient(f.detach(), target)
    torch.testing.assert_close(gradient, truth, rtol=1e-12, atol=1e-12)
    slope = objective.slope(objective.predict(f.detach()), target)
    pulled = OUTPUTS[output].pullback(objective.predict(f.detach()), slope)
    torch.testing.assert_close(pulled, truth, rtol=1e-9, atol=1e-9)
    if gamma == 0:
        entropy = Objective(output, {"sigmoid": "bce", "softmax": "cce"}[output])
        torch.testing.assert_close(loss, entropy.rows(f, target))


def test_losses_that_scikit_learn_has() -> None:
    """The pinball loss, and half the Poisson deviance of counts."""
    generator = torch.Generator().manual_seed(1)
    f = torch.randn(50, 1, generator=generator, dtype=torch.float64)
    count = torch.randint(5, (50, 1), generator=generator).double()
    quantile = Objective("linear", "quantile", (("quantile", 0.9),))
    expected = metrics.mean_pinball_loss(count, f, alpha=0.9)
    assert quantile.rows(f, count).mean().item() == pytest.approx(expected, rel=1e-12)
    deviance = metrics.mean_poisson_deviance(count, f.exp())
    poisson = Objective("exponential", "poisson")
    assert poisson.rows(f, count).mean().item() == pytest.approx(deviance / 2, rel=1e-12)
    assert poisson.rows(count[count > 0].log(), count[count > 0]).abs().max() < 1e-12


def test_torch_has_the_same_poisson_and_huber_loss() -> None:
    """As modules: the first but for what no prediction changes."""
    f, target = pre_activations(1.0, torch.float64)
    ours = Objective("exponential", "poisson").rows(f, target).mean()
    theirs = torch.nn.PoissonNLLLoss()(f, target) - target.mean()  # t - t log t is t for 0 and 1
    torch.testing.assert_close(ours, theirs)
    huber = Objective("linear", "huber", (("delta", 0.4),))
    torch.testing.assert_close(
        huber.rows(f, target).mean(), torch.nn.HuberLoss(delta=0.4)(f, target)
    )


@pytest.mark.parametrize(("output", "loss"), [("softmax", "cce"), ("sigmoid", "bce")])
def test_label_smoothing(output: str, loss: str) -> None:
    """It is torch's in training, and not there in what is reported."""
    objective, plain = Objective(output, loss, (), 0.2), Objective(output, loss)
    f, target = pre_activations(2.0, torch.float64)
    f.requires_grad_()
    if output == "softmax":
        flat, wanted = f.flatten(0, 1), target.flatten(0, 1)
        rows = F.cross_entropy(flat, wanted, reduction="none", label_smoothing=0.2)
        expected = rows.view(f.shape[:2])
    else:
        expected = torch_rows(plain, f, target * 0.8 + 0.1)
    torch.testing.assert_close(objective.training_rows(f, target), expected)
    (truth,) = torch.autograd.grad(expected.sum(), f)
    torch.testing.assert_close(objective.gradient(f.detach(), target), truth)
    torch.testing.assert_close(objective.rows(f, target), plain.rows(f, target))


@pytest.mark.parametrize(
    ("task", "output", "name"), [("regression", "auto", "auto"), ("binary", "linear", "auto")]
)
def test_label_smoothing_is_for_cross_entropies(task: str, output: str, name: str) -> None:
    """`auto` may be none."""
    with pytest.raises(UserError, match=r"^loss.label_smoothing=0.1 is for cross-entropies"):
        choose_objective(task, output, loss_settings(name, label_smoothing=0.1))
    smoothed = choose_objective("multiclass", "auto", loss_settings(name, label_smoothing=0.1))
    assert smoothed == Objective("softmax", "cce", (), 0.1)


@pytest.mark.parametrize(
    ("loss", "number", "value", "rule"),
    [
        ("huber", "delta", 0.0, "in [1e-30, 1e30]"),
        ("huber", "delta", -1.0, "in [1e-30, 1e30]"),
        ("quantile", "quantile", 0.0, "in (0, 1)"),
        ("quantile", "quantile", 1.0, "in (0, 1)"),
        ("focal", "gamma", -0.5, "in [0, 1000]"),
        ("cce", "label_smoothing", 1.0, "in [0, 1)"),
        ("auto", "label_smoothing", -0.1, "in [0, 1)"),
    ],
)
def test_numbers_out_of_range(loss: str, number: str, value: float, rule: str) -> None:
    """One line with the key, the rule and the value."""
    with pytest.raises(UserError) as refusal:
        loss_settings(loss, **{number: value})
    assert str(refusal.value) == f"loss.{number} must be {rule}, got {value}"


def test_an_objective_has_the_numbers_of_its_loss() -> None:
    """And says them."""
    found = choose_objective("regression", "auto", loss_settings("huber", delta=2.5))
    assert found == Objective("linear", "huber", (("delta", 2.5),))
    assert found.title == "huber (delta 2.5)"
    assert Objective("linear", "mse").title == "mse"
    assert set(LOSS_CONFIGS) == {"auto", *LOSSES}
    named = {number for loss in LOSSES.values() for number in loss.numbers}
    assert set(NUMBERS) == {*named, "label_smoothing"}
