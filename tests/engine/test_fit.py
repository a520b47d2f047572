"""`fit` against a plain PyTorch loop, with nothing left to do, and what a plateau listens to."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from stacks import averaging, dataset, member, optimizer, schedule, shared, train
from torch import nn
from torch.optim import lr_scheduler

from mlp_lab.engine.fit import fit
from mlp_lab.engine.seeds import Stream, numpy_generator
from mlp_lab.engine.stack import Stack
from mlp_lab.network.losses import Objective
from mlp_lab.network.schedules import PlateauConfig, Schedule


@pytest.mark.parametrize("val_fraction", [0.0, 0.2])
def test_a_plateau_hears_validation_rows_where_there_are_any(val_fraction: float) -> None:
    """Every epoch's rate follows from the losses before it; the two losses would part ways."""
    plateau = PlateauConfig(name="plateau", gamma=0.9, patience=0, threshold=0.01)
    rows = dataset("gaussians", label_noise=0.9, train_rows=20, val_fraction=val_fraction)
    stack = Stack(
        [member(rows, epochs=25, optimizer=optimizer("adam"), schedule=plateau)], shared()
    )
    records = [epoch.members[0] for epoch in fit(stack)]
    by_val, by_train = Schedule(plateau, 25), Schedule(plateau, 25)
    expected, other = [], []
    for epoch, record in enumerate(records):
        expected.append(0.05 * by_val.factor(epoch))
        other.append(0.05 * by_train.factor(epoch))
        by_val.observe((record.val or record.train)["loss"])
        by_train.observe(record.train["loss"])
    assert [record.lr for record in records] == pytest.approx(expected)
    assert (expected != pytest.approx(other)) == (val_fraction > 0)
    assert len(set(expected)) > 1


def test_a_stack_past_its_end_trains_no_epoch() -> None:
    """Members whose epochs are behind them leave first, as in a sweep that goes on."""
    rows = dataset("gaussians")
    stack = Stack([member(rows, epochs=2), member(rows, epochs=4, seed=1)], shared())
    stack.epoch = 3
    before = stack.network.member_state(stack.ids.index(0))["output.bias"].clone()
    assert [[record.member for record in epoch.members] for epoch in fit(stack)] == [[1]]
    again = Stack([member(rows, epochs=2)], shared())
    again.epoch = 2
    assert list(fit(again)) == []
    assert before.equal(again.network.member_state(0)["output.bias"])


@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
def test_products_in_bfloat16_learn_as_well(gradient: str) -> None:
    """Its digits decide over no epoch: losses stay within a hundredth; weights are float32's."""
    found = []
    for autocast in (None, torch.bfloat16):
        rows = dataset("gaussians", dtype=torch.float32)
        together = shared(dtype=torch.float32, autocast=autocast, gradient=gradient)
        (trained,) = train([member(rows, epochs=15)], together)
        assert {tensor.dtype for tensor in trained.final.values()} == {torch.float32}
        found.append([record.train["loss"] for record in trained.records])
    whole, lower = found
    assert lower[-1] < 0.7 * lower[0]
    assert lower == pytest.approx(whole, rel=0.01, abs=0.01)
    assert lower != whole


def test_a_training_that_becomes_longer() -> None:
    """Its rates and its average are those of a training that was as long from the beginning."""
    cosine, late = schedule("cosine", per="step"), averaging("ema", start=0.5)
    rows, found = dataset("gaussians", train_rows=20), []
    for epochs in (3, 6):
        one = member(rows, epochs=epochs, schedule=cosine, averaging=late)
        stack = Stack([one], shared())
        if epochs == 3:
            stack.end_after(6)
        records = [epoch.members[0] for epoch in fit(stack)]
        found.append(([(record.lr, record.val["loss"]) for record in records], stack.best.flat))
    assert found[0][0] == found[1][0]
    assert len(found[0][0]) == 6
    assert found[0][1].equal(found[1][1])


EPOCHS, LR = 6, 0.03
Rule = Callable[[list[dict[str, object]]], torch.optim.Optimizer]

RULES: dict[str, Rule] = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=LR),
    "heavy_ball": lambda groups: torch.optim.SGD(groups, lr=LR, momentum=0.9),
    "adagrad": lambda groups: torch.optim.Adagrad(
        groups, lr=LR, lr_decay=0.01, initial_accumulator_value=0.1
    ),
    "adam": lambda groups: torch.optim.Adam(groups, lr=LR),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=LR),
}
"""With the numbers that `stacks.optimizer` gives."""


def cosine(rule: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
    """Down over so many calls."""
    return lr_scheduler.CosineAnnealingLR(rule, steps)


def one_cycle(rule: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
    """Up and down; it counts the intervals between its steps, we count steps."""
    return lr_scheduler.OneCycleLR(
        rule,
        max_lr=[LR, LR],
        total_steps=steps + 1,
        pct_start=(0.3 * steps + 1) / (steps + 1),
        cycle_momentum=False,
        div_factor=25,
        final_div_factor=math.inf,
    )


@pytest.mark.parametrize(
    ("name", "per", "torch_schedule"),
    [("cosine", "epoch", cosine), ("cosine", "step", cosine), ("one_cycle", "step", one_cycle)],
)
@pytest.mark.parametrize("batch_size", [16, 7, None])
@pytest.mark.parametrize("rule", RULES)
def test_epochs_equal_a_plain_loop(
    *,
    rule: str,
    batch_size: int | None,
    name: str,
    per: str,
    torch_schedule: Callable[[torch.optim.Optimizer, int], lr_scheduler.LRScheduler],
) -> None:
    """Initial weights and row orders are ours, all else is torch's; losses and weights to 1e-9."""
    rows = dataset("gaussians")
    one = member(
        rows,
        epochs=EPOCHS,
        seed=3,
        optimizer=optimizer(rule, lr=LR, weight_decay=0.05, clip_norm=0.5),
        schedule=schedule(name, per=per),
    )
    together = shared(batch_size=batch_size, objective=Objective("softmax", "cce"))
    network = Stack([one], together).network.member(0)[:-1]  # cross_entropy has the softmax
    (result,) = train([one], together)

    parameters = dict(network.named_parameters())
    weights = [value for name, value in parameters.items() if name.endswith("weight")]
    biases = [value for name, value in parameters.items() if name.endswith("bias")]
    torch_rule = RULES[rule](
        [{"params": weights, "weight_decay": 0.05}, {"params": biases, "weight_decay": 0.0}]
    )
    count = len(rows.train)
    steps = math.ceil(count / (batch_size or count))
    scheduler = torch_schedule(torch_rule, EPOCHS * (steps if per == "step" else 1))
    losses = []
    for epoch in range(EPOCHS):
        order = torch.from_numpy(numpy_generator(3, Stream.ORDER, epoch).permutation(count))
        for batch in torch.split(order, batch_size or count):
            torch_rule.zero_grad()
            loss = F.cross_entropy(network(rows.train.inputs[batch]), rows.train.targets[batch])
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            torch_rule.step()
            if per == "step":
                scheduler.step()
        if per == "epoch":
            scheduler.step()
        with torch.no_grad():
            whole = F.cross_entropy(network(rows.train.inputs), rows.train.targets)
        losses.append(whole.item())
    assert [record.train["loss"] for record in result.records] == pytest.approx(losses, rel=1e-9)
    for key, value in parameters.items():
        torch.testing.assert_close(result.final[key], value.detach(), rtol=1e-9, atol=1e-9)
