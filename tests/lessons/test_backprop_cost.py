"""Bytes counted from shapes, derivatives by autograd; of times only that they are times."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson

from mlp_lab.lessons.backprop_cost import HELD, VARIED, memory_ratio
from mlp_lab.lessons.costs import Step, in_turn, products, stored
from mlp_lab.lessons.old.lesson import column, levels

NAME = "backprop_cost"


def sizes_of(row: "object") -> list[int]:
    """Layers of the network of a row: 64 pixels, 10 digits."""
    assert isinstance(row, dict)
    return [64, *[int(row["width"])] * int(row["depth"]), 10]


def test_bytes_are_those_of_the_shapes() -> None:
    """Four for each number: five copies of the parameters, two of every layer forward, two back."""
    memory = evidence(NAME).tables["memory"]
    assert {str(row["varied"]) for row in memory} == set(VARIED)
    for row in memory:
        sizes = sizes_of(row)
        parameters = 4 * sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
        hidden = 4 * int(row["batch"]) * sum(sizes[1:-1])
        outputs = 4 * int(row["batch"]) * sizes[-1]
        assert [row[kind] for kind in HELD] == [
            *(parameters, parameters, 2 * parameters, parameters),
            *(2 * hidden + outputs, 2 * hidden + outputs),
        ]


def test_shared_memory_counts_once() -> None:
    """A view and its base are one; an equal copy is another."""
    base = torch.zeros(6, 4)
    assert stored([base]) == 96
    assert stored([base, base[:2], base.t()]) == 96
    assert stored([base, base.clone()]) == 192


def test_multiplications_are_counted() -> None:
    """Of a 3-4-2 network: 20 forward; back 20 for the weights and 8 for the hidden units."""
    assert products([3, 4, 2]) == (20, 28)
    for row in evidence(NAME).tables["passes"]:
        pairs = list(pairwise(sizes_of(row)))
        back = sum(2 * a * b for a, b in pairs[1:]) + pairs[0][0] * pairs[0][1]
        forward = sum(a * b for a, b in pairs)
        assert row["counted"] == pytest.approx(1 + back / forward)


def test_derivatives_agree() -> None:
    """Finite differences, backpropagation and autograd in double precision; weights are kept."""
    words = ["experiment=backprop_cost", "dtype=float64", "model.depth=2", "model.width=3"]
    stack = bench().stack([words])
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
    assert "".join(taken) in (
        "ssqq" + "sqq" + "qqs",
        "ssqq" + "sqqq" + "qqqs",
    )  # 2 ms or a bit more


def test_times_are_finite_and_positive() -> None:
    """Nothing else is asked of them."""
    tables = evidence(NAME).tables
    for table, names in (
        ("passes", ("loss_seconds", "both_seconds", "multiple")),
        ("differences", ("differences_seconds", "slower", "passes", "differences_error")),
    ):
        for name in names:
            values = column(tables[table], name)
            assert all(0 < value < math.inf for value in values)


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    passes, memory = found.tables["passes"], found.tables["memory"]
    for seed in range(2):
        multiples = column(passes, "multiple", seed=seed)
        assert found.values["multiple"][seed] == max(multiples)
        back = np.exp(np.mean(np.log(multiples))) - 1
        assert found.values["as_the_loss"][seed] == pytest.approx(back)
        deep, shallow = (
            column(passes, "multiple", varied="depth", depth=depth, seed=seed)[0]
            for depth in (4, 1)
        )
        assert found.values["depth"][seed] == pytest.approx(deep / shallow)
        (base,) = [
            r for r in memory if r["varied"] == "depth" and r["depth"] == 4 and r["seed"] == seed
        ]
        ratio = sum(float(base[kind]) for kind in HELD) / float(base["parameters"])
        assert found.values["ten"][seed] == pytest.approx(abs(math.log2(ratio / 10)))


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = old_lesson(NAME).draw(tables).axes
    line = {str(line.get_label()): line for line in axes[0].lines}["measured"]
    depths = levels([row for row in tables["passes"] if row["varied"] == "depth"], "depth")
    means = [
        np.mean(column(tables["passes"], "multiple", varied="depth", depth=depth))
        for depth in depths
    ]
    assert np.asarray(line.get_xdata()).tolist() == depths
    assert np.asarray(line.get_ydata()) == pytest.approx(means)
    tops = [np.asarray(line.get_ydata(), dtype=float) for line in axes[5].lines[: len(HELD)]]
    assert tops[-1] == pytest.approx(memory_ratio(tables["memory"], "batch").mean(axis=1))
