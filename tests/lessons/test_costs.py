"""Bytes and multiplications by hand, derivatives by autograd, times by a clock of its own."""

import pytest
import torch
from given import bench

from mlp_lab.lessons.costs import Step, by_differences, costs, in_turn, products, stored


def test_shared_memory_counts_once() -> None:
    """A view and its base are one; an equal copy is another."""
    base = torch.zeros(6, 4)
    assert stored([base]) == 96
    assert stored([base, base[:2], base.t()]) == 96
    assert stored([base, base.clone()]) == 192


def test_multiplications_are_counted() -> None:
    """Of a 3-4-2 network: 20 forward; back 20 for the weights and 8 for the hidden units."""
    assert products([3, 4, 2]) == (20, 28)


def test_derivatives_agree() -> None:
    """Finite differences, backpropagation and autograd in double precision; weights are kept."""
    words = ["experiment=backprop_cost", "dtype=float64", "model.depth=2", "model.width=3"]
    stack = bench().stack(words)
    before = stack.network.layers.flat.clone()
    step = Step(stack, 16)
    exact = step.exact()
    assert stack.gradients.flat == pytest.approx(exact, rel=1e-10, abs=1e-12)
    assert step.differences() == pytest.approx(exact, rel=1e-4, abs=1e-6)
    assert torch.equal(stack.network.layers.flat, before)
    network = stack.network.member(0)[:-1]  # without the softmax
    part = stack.members[0].dataset.train
    logits = network(part.inputs[:16])
    loss = torch.nn.functional.cross_entropy(logits, part.targets[:16].argmax(1)).item()
    assert step.loss().item() == step.gradient().item() == pytest.approx(loss)


def test_actions_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that the actions wind: quick ones are called more often, rounds alternate."""
    now, taken = [0.0], []

    def slow() -> None:
        now[0] += 0.003
        taken.append("s")

    def quick() -> None:
        now[0] += 0.001
        taken.append("q")

    monkeypatch.setattr("mlp_lab.lessons.costs.time.thread_time", lambda: now[0])
    times = in_turn({"slow": slow, "quick": quick}, 2)
    assert times["slow"] == pytest.approx([0.003, 0.003])
    assert times["quick"] == pytest.approx([0.001, 0.001])
    assert "".join(taken) in ("ssqq" + "sqq" + "qqs", "ssqq" + "sqqq" + "qqqs")  # 2 ms or more


def test_ratios_follow_from_times_and_bytes() -> None:
    """Of a 64-3-3-10 network and 16 rows: 247 parameters, 231 multiplications forward."""
    words = ["experiment=backprop_cost", "model.depth=2", "model.width=3"]
    step = Step(bench().stack(words), 16)
    found, differences = costs(step, 1), by_differences(step, 1)
    ratio = float(str(found["gradient_seconds"])) / float(str(found["loss_seconds"]))
    assert found["multiple"] == pytest.approx(ratio)
    assert found["counted"] == 1 + (2 * 231 - 192) / 231
    assert found["parameters_bytes"] == 4 * 247
    activations = 2 * 4 * 16 * (2 * 6 + 10)
    assert found["memory"] == (5 * 4 * 247 + activations) / (4 * 247)
    assert found["activation_share"] == activations / (5 * 4 * 247 + activations)
    assert differences["parameters"] == 247
