"""What a way to the loss has cost, counted again."""

import numpy as np
import pytest
import torch
from given import bench, evidence

from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.lessons.stochastic_steps import cost
from mlp_lab.lessons.tables import table_of

SMALL = (*cost.SETTINGS, "data.train_rows=64", "seed=1", "data.split_seed=1")


@pytest.mark.parametrize("batch", [0, 16])
def test_steps_are_those_of_torch(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The goal is where plain torch, with the same batches, first looks and finds it reached."""
    stack = bench().stack(SMALL)
    plain = stack.network.member(0)
    rows, unseen = stack.members[0].dataset.train, stack.members[0].dataset.val
    optimizer = torch.optim.SGD(plain.parameters(), lr=cost.RATE)
    generator = torch_generator(1, Stream.ORDER)
    bce = torch.nn.BCELoss()
    losses, steps = [], 40
    order = list[list[int]]()
    for _ in range(steps + 1):
        losses.append(float(bce(plain(unseen.inputs), unseen.targets).detach()))
        order = order or torch.randperm(64, generator=generator).view(-1, batch or 64).tolist()
        chosen = order.pop(0) if batch else list(range(64))
        optimizer.zero_grad()
        bce(plain(rows.inputs[chosen]), rows.targets[chosen]).backward()
        optimizer.step()
    goal = losses[30] * (1 + 1e-6)
    first = next(step for step in range(0, steps, cost.EVERY) if losses[step] <= goal)
    monkeypatch.setattr(cost, "GOAL", goal)
    found = cost.descended(stack, batch)
    assert found == {"steps": first, "row_gradients": first * (batch or 64)}


def test_without_an_end_it_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "GOAL", 0.0)
    monkeypatch.setattr(cost, "LIMIT", 10)
    found = cost.descended(bench().stack(SMALL), 16)
    assert found == {"steps": np.inf, "row_gradients": np.inf}


def test_growth_is_a_slope() -> None:
    """1 where cost is in proportion to rows, 0 where it does not depend on them."""
    table = table_of(
        {"way": way, "rows": rows, "seed": 0, "row_gradients": 5 * (rows if full else 300)}
        for full, way in zip((True, False), cost.WAYS, strict=True)
        for rows in cost.ROWS
    )
    growths = [float(cost.growth({"cost": table}, way)[0]) for way in cost.WAYS]
    assert growths == pytest.approx([1, 0])


def test_claims_are_of_the_most_rows() -> None:
    found = evidence("stochastic_steps")
    spent = [cost.cost(found.tables, way)[-1] for way in cost.WAYS]
    assert found.findings["dearer"].values == pytest.approx((spent[0] / spent[1]).tolist())
    assert len(found.tables["cost"]) == 2 * 2 * 2
