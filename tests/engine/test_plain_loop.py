"""Whole trainings against the loop that every PyTorch tutorial writes."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from stacks import dataset, member, optimizer, shared, train
from torch import nn

from mlp_lab.engine.seeds import Stream, numpy_generator
from mlp_lab.engine.stack import Stack
from mlp_lab.network.losses import Objective
from mlp_lab.network.schedules import CosineConfig

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


@pytest.mark.parametrize("batch_size", [16, 7, None])
@pytest.mark.parametrize("rule", RULES)
def test_epochs_equal_a_plain_loop(rule: str, batch_size: int | None) -> None:
    """Initial weights and row orders are ours, all else is torch's; losses and weights to 1e-9."""
    rows = dataset("gaussians")
    one = member(
        rows,
        epochs=EPOCHS,
        seed=3,
        optimizer=optimizer(rule, lr=LR, weight_decay=0.05, clip_norm=0.5),
        schedule=CosineConfig(name="cosine", floor=0.0),
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
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(torch_rule, EPOCHS)
    count = len(rows.train)
    losses = []
    for epoch in range(EPOCHS):
        order = torch.from_numpy(numpy_generator(3, Stream.ORDER, epoch).permutation(count))
        for batch in torch.split(order, batch_size or count):
            torch_rule.zero_grad()
            loss = F.cross_entropy(network(rows.train.inputs[batch]), rows.train.targets[batch])
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            torch_rule.step()
        scheduler.step()
        with torch.no_grad():
            whole = F.cross_entropy(network(rows.train.inputs), rows.train.targets)
        losses.append(whole.item())
    assert [record.train["loss"] for record in result.records] == pytest.approx(losses, rel=1e-9)
    for name, value in parameters.items():
        torch.testing.assert_close(result.final[name], value.detach(), rtol=1e-9, atol=1e-9)
