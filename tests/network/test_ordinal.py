"""Classes in an order: probabilities written out, gradients by autograd, and inverses."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mlp_lab.network import ordinal

assert_close = torch.testing.assert_close


def pre_activations(scale: float = 2.0, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Random f, (2, 9, C - 1), and one-hot targets, (2, 9, C)."""
    generator = torch.Generator().manual_seed(3)
    f = scale * torch.randn(2, 9, classes - 1, generator=generator, dtype=torch.float64)
    label = torch.randint(classes, (2, 9), generator=generator)
    return f, F.one_hot(label, classes).double()


def test_by_hand() -> None:
    """Half of all rows go beyond the first class, a fourth of these beyond the second."""
    f = torch.tensor([0.0, -torch.log(torch.tensor(3.0))])
    assert_close(ordinal.probabilities(f), torch.tensor([0.5, 0.375, 0.125]))
    assert_close(ordinal.beyond(torch.tensor([1.0, 2, 4])), torch.tensor([6.0, 4]))


def test_two_classes_are_those_of_a_sigmoid() -> None:
    """And the loss is the binary cross-entropy."""
    f, target = pre_activations(classes=2)
    assert_close(ordinal.probabilities(f)[..., 1:], f.sigmoid())
    expected = F.binary_cross_entropy_with_logits(f, target[..., 1:], reduction="none")
    assert_close(ordinal.row_losses(f, target), expected[..., 0])


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_and_its_gradient(smoothing: float) -> None:
    """The cross-entropy of the probabilities, of shares as well."""
    f, target = pre_activations()
    target = (1 - smoothing) * target + smoothing / target.shape[-1]
    f.requires_grad_()
    y = ordinal.probabilities(f)
    assert_close(y.sum(-1), torch.ones_like(y[..., 0]))
    loss = ordinal.row_losses(f, target)
    assert_close(loss, -(target * y.log()).sum(-1), rtol=1e-12, atol=1e-12)
    (truth,) = torch.autograd.grad(loss.sum(), f)
    assert_close(ordinal.gradient(f.detach(), target), truth, rtol=1e-12, atol=1e-12)


def test_the_pullback_is_autograds() -> None:
    """Of any gradient by the probabilities."""
    f, d_y = pre_activations()
    d_y = d_y + torch.linspace(-1, 1, 4, dtype=torch.float64)
    f.requires_grad_()
    y = ordinal.probabilities(f)
    (truth,) = torch.autograd.grad((y * d_y).sum(), f)
    assert_close(ordinal.pullback(y.detach(), d_y), truth, rtol=1e-12, atol=1e-12)


def test_far_out_nothing_underflows() -> None:
    """Logarithms of probabilities that are 0 in any precision."""
    f = torch.tensor([[1000.0, 1000, -1000], [-1000, 1000, 1000]])
    logarithms = ordinal.log_probabilities(f)
    assert logarithms.tolist() == [[-1000, -1000, 0, -1000], [0, -2000, -2000, -1000]]
    d_f = ordinal.pullback(ordinal.probabilities(f), torch.ones(2, 4))
    assert (d_f == 0).all()


def test_inverses() -> None:
    """f of probabilities, and of the mean of several networks'."""
    f, _ = pre_activations(5.0)
    y = ordinal.probabilities(f)
    assert_close(ordinal.pre_activations(y, 1e-300), f, rtol=1e-7, atol=1e-7)
    assert_close(ordinal.probabilities(ordinal.of_mean(f)), y.mean(0))  # of two networks
    none = ordinal.pre_activations(torch.tensor([0.0, 1.0, 0.0]), 1e-30)
    assert none.isfinite().all()
