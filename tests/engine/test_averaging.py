"""Averages of the weights against torch.optim.swa_utils, alone and side by side."""

from collections.abc import Callable, Iterator

import pytest
import torch
from stacks import Trained, averaging, dataset, evaluate, member, optimizer, schedule, shared, train
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mlp_lab.config.reading import read
from mlp_lab.engine.averaging import AveragingConfig
from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Member, Stack
from mlp_lab.errors import UserError

EPOCHS, DECAY = 6, 0.8


def torch_averages(
    one: Member, kind: str, begins: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[nn.Module]:
    """What torch averages of the weights that the training without an average has."""
    stack = Stack([one], shared())
    parameters = nn.ParameterList(stack.network.layers.tensors)
    ema: Callable[..., None] = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    average = AveragedModel(parameters, multi_avg_fn=ema if kind == "ema" else None)
    plain = stack.optimizer.step

    def step(k: int) -> None:
        plain(k)
        if kind == "ema" and stack.epoch >= begins:
            average.update_parameters(parameters)

    monkeypatch.setattr(stack.optimizer, "step", step)
    for epoch in range(EPOCHS):
        stack.train_epoch()
        if kind == "swa" and epoch >= begins:
            average.update_parameters(parameters)
        yield average.module if epoch >= begins else parameters


@pytest.mark.parametrize(("start", "begins"), [(0.0, 0), (0.5, 3), (0.95, 5)])
@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_as_torch_averages(
    kind: str, start: float, begins: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every epoch; before the average begins, it is the weights."""
    rows = dataset("gaussians")
    plain = member(rows, epochs=EPOCHS, optimizer=optimizer("adam"))
    one = member(
        rows,
        epochs=EPOCHS,
        optimizer=optimizer("adam"),
        averaging=averaging(kind, decay=DECAY, start=start),
    )
    stack = Stack([one], shared())
    apart = 0
    for theirs in torch_averages(plain, kind, begins, monkeypatch):
        stack.train_epoch()
        ours = stack.evaluated.layers.tensors
        for mine, expected in zip(ours, theirs.parameters(), strict=True):
            torch.testing.assert_close(mine, expected.detach(), rtol=1e-12, atol=1e-12)
        apart += not torch.equal(stack.evaluated.layers.flat, stack.network.layers.flat)
    assert apart == EPOCHS - begins - (kind == "swa")  # the mean of one epoch is that epoch


def uneven(kinds: list[AveragingConfig], lengths: list[int]) -> list[Member]:
    """Members with their own averages, rows, widths and epochs."""
    return [
        member(
            dataset("gaussians", train_rows=rows),
            widths=[3 + k, 6],
            seed=k,
            epochs=4 + k,
            dropout=0.2,
            averaging=kind,
            schedule=schedule("one_cycle"),
        )
        for k, (kind, rows) in enumerate(zip(kinds, lengths, strict=True))
    ]


KINDS = [
    averaging("ema"),
    averaging(),
    averaging("ema", decay=0.5, start=0.5),
    averaging("swa", start=0.25),
    averaging("ema", decay=0.99),
]


@pytest.mark.parametrize("lengths", [[40] * 5, [60, 45, 30, 17, 8]], ids=["equal", "uneven"])
@pytest.mark.parametrize("kinds", [KINDS, [KINDS[0]] * 5, [KINDS[3]] * 5])
def test_members_average_as_if_alone(kinds: list[AveragingConfig], lengths: list[int]) -> None:
    """To 1e-9, through all epochs, while neighbours leave."""
    members = uneven(kinds, lengths)
    for one, result in zip(members, train(members, shared()), strict=True):
        (alone,) = train([one], shared())
        assert_same(result, alone)


def assert_same(found: Trained, expected: Trained) -> None:
    """Every score, the weights and the kept average."""
    for mine, theirs in zip(found.records, expected.records, strict=True):
        assert list(mine.scores.values()) == pytest.approx(list(theirs.scores.values()), rel=1e-9)
    for ours, alone in ((found.final, expected.final), (found.best, expected.best)):
        for name, value in ours.items():
            torch.testing.assert_close(value, alone[name], rtol=1e-9, atol=1e-9)


def test_the_average_is_evaluated_and_kept() -> None:
    """Its scores are the records', its weights the best; the training goes on without it."""
    rows = dataset("gaussians", label_noise=0.4)
    plain = member(rows, epochs=EPOCHS)
    one = member(rows, epochs=EPOCHS, averaging=averaging("ema"))
    stack = Stack([one], shared())
    for epoch in fit(stack):
        (record,) = epoch.members
        target = rows.schema.target
        for source, scores in ((stack.train, record.train), (stack.val, record.val)):
            found = evaluate(stack.evaluated, source, stack.shared.objective, [target])
            assert found == [pytest.approx(scores)]
        stack.keep_best([0])
        assert torch.equal(stack.best.flat, stack.evaluated.layers.flat)
    averaged, alone = train([one], shared())[0], train([plain], shared())[0]
    for name, value in alone.final.items():
        assert torch.equal(value, averaged.final[name])
    assert averaged.records[-1].train != alone.records[-1].train
    assert [each.change for each in averaged.records] == [each.change for each in alone.records]


@pytest.mark.parametrize(
    ("key", "value"), [("kind", "mean"), ("decay", 0.0), ("decay", 1.0), ("start", 1.0)]
)
def test_refusals_name_the_key(key: str, value: object) -> None:
    """A value out of its range."""
    plain = {"kind": "ema", "decay": 0.9, "start": 0.0}
    with pytest.raises(UserError, match=f"averaging.{key}"):
        read(AveragingConfig, {**plain, key: value}, "averaging")
