"""Update rules by hand, with one number for all entries and with a number for each."""

import math

import pytest
import torch
from torch import Tensor

from mlp_lab.network import update_rules
from mlp_lab.network.update_rules import DecayRate, average, descend, descend_ratio

P, G = [1.0, -2.0, 0.5], [0.3, -0.1, 2.0]


def tensors(*values: list[float]) -> list[Tensor]:
    """In double precision."""
    return [torch.tensor(value, dtype=torch.float64) for value in values]


def rate(beta: float) -> DecayRate:
    """One for all entries."""
    return DecayRate.of([beta], lambda values: values[0])


def test_adam_s_first_step_has_the_size_of_the_rate() -> None:
    """m^ = g and v^ = g^2 after one step, whatever the betas: p moves by lr sign(g)."""
    p, g, m, v = tensors(P, G, [0.0] * 3, [0.0] * 3)
    update_rules.adam(p, g, m, v, lr=0.1, t=1.0, beta1=rate(0.9), beta2=rate(0.999), eps=1e-12)
    expected = torch.tensor(P, dtype=torch.float64) - 0.1 * g.sign()
    torch.testing.assert_close(p, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(m, 0.1 * g)
    torch.testing.assert_close(v, 0.001 * g.square())


def test_amsgrad_keeps_the_largest_average() -> None:
    """A small gradient after a large one does not lengthen the step."""
    (p,), (m, v, v_max) = tensors([0.0]), tensors([0.0], [0.0], [0.0])
    for t, g in enumerate([10.0, 0.0, 0.0], start=1):
        update_rules.adam(
            *(p, torch.tensor([g]).double(), m, v, v_max),
            lr=0.1,
            t=float(t),
            beta1=rate(0.0),
            beta2=rate(0.5),
            eps=1e-8,
        )
    assert v_max.item() == 50.0
    assert v.item() == 12.5


def test_momentum_is_an_average_and_a_heavy_ball_a_sum() -> None:
    """Of constant gradients: v comes near g, and near g / (1 - momentum)."""
    p, g, mean, velocity = tensors(P, G, [0.0] * 3, [0.0] * 3)
    for _ in range(300):
        update_rules.momentum(p, g, mean, lr=0.0, t=1.0, alpha=rate(0.9))
        update_rules.heavy_ball(p, g, velocity, lr=0.0, t=1.0, momentum=0.9)
    torch.testing.assert_close(mean, g)
    torch.testing.assert_close(velocity, 10 * g)


def test_adagrad_s_rate_falls() -> None:
    """Step t uses lr / (1 + (t - 1) lr_decay)."""
    moved = []
    for t in (1.0, 11.0):
        p, g, s = tensors([0.0], [1.0], [0.0])
        update_rules.adagrad(p, g, s, lr=0.5, t=t, lr_decay=0.1, eps=1e-10)
        moved.append(-p.item())
    assert moved == pytest.approx([0.5, 0.25])


def test_a_number_for_each_entry() -> None:
    """What a float does to all, a tensor does to each."""
    lr = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
    p, g, q = tensors(P, G, [1.0, 2.0, 4.0])
    descend(p, g, lr)
    for i, value in enumerate(lr.tolist()):
        (alone,) = tensors([P[i]])
        descend(alone, g[i : i + 1], value)
        assert p[i].item() == pytest.approx(alone.item(), rel=1e-15)
    p, _ = tensors(P, G)
    descend_ratio(p, g, q.clone(), lr)
    torch.testing.assert_close(p, torch.tensor(P, dtype=torch.float64) - lr * g / q)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.999, 1 - 1e-8])
@pytest.mark.parametrize("t", [1, 10, 10**6])
def test_bias_correction(beta: float, t: int) -> None:
    """1 - beta^t, also where beta^t is near 1; as a tensor, in single precision too."""
    expected = 1 - beta**t if t * (1 - beta) > 1e-3 else t * (1 - beta)
    assert rate(beta).bias_correction(float(t)) == pytest.approx(expected, rel=1e-3)
    single = DecayRate.of([beta], torch.tensor)
    found = single.bias_correction(torch.tensor([float(t)]))
    assert not isinstance(found, float)
    assert found.item() == pytest.approx(rate(beta).bias_correction(float(t)), rel=1e-6)


def test_a_decay_rate_is_exact_near_one() -> None:
    """Though the rate itself, in single precision, would be 1."""
    beta = 1 - 1e-9
    single = DecayRate.of([beta], torch.tensor)
    assert torch.tensor(beta).item() == 1
    assert not isinstance(single.complement, float)
    assert single.complement.item() == pytest.approx(1 - beta, rel=1e-7)
    assert rate(0.0).log == -math.inf


def test_average() -> None:
    """beta times the past and 1 - beta times the new."""
    past, new = tensors([4.0], [8.0])
    average(past, new, rate(0.75))
    assert past.item() == 5.0
