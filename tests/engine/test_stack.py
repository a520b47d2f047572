"""A stack of networks is nothing but its members: each trains as if it were alone."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

import numpy as np
import pytest
import torch
from stacks import MemberChanges, Trained, dataset, member, optimizer, schedule, shared, train

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.fit import fit
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.seeds import Stream, numpy_generator, torch_generator
from mlp_lab.engine.stack import Member, Stack
from mlp_lab.network.losses import Objective
from mlp_lab.network.optimizers import OPTIMIZERS
from mlp_lab.network.schedules import CosineConfig, PlateauConfig, ScheduleConfig, StepConfig

CONSTANT = ScheduleConfig(name="constant")


@pytest.fixture(scope="module")
def eight() -> Callable[..., list[Member]]:
    """Eight members that share next to nothing; `drops` says whether some have dropout."""
    clean = dataset("gaussians")
    noisy = dataset("gaussians", label_noise=0.3)
    few = dataset("gaussians", train_rows=17)
    fewer = dataset("gaussians", train_rows=16)
    other = dataset("gaussians", split_seed=1, noise=0.4, train_rows=40)
    unvalidated = dataset("gaussians", val_fraction=0.0, train_rows=50)

    def build(rule: str, *, drops: bool = True) -> list[Member]:
        lr = {"adadelta": 1.0, "adam": 0.01, "adamw": 0.01, "rmsprop": 0.01}.get(rule, 0.1)

        def one(
            rows: Dataset, number: int, share: float, **changes: Unpack[MemberChanges]
        ) -> Member:
            numbers = {
                "lr": lr * (1 + number / 10),
                "weight_decay": [0.0, 0.01, 0.1][number % 3],
                "clip_norm": [None, 1.0, 0.3][number % 3],
            }
            return replace(
                member(rows, **changes),
                seed=number,
                dropout=share if drops else 0.0,
                optimizer=optimizer(rule, **numbers),
            )

        return [
            one(few, 0, 0.5, widths=[7, 3], epochs=20),
            one(clean, 1, 0.3, widths=[4, 9], epochs=20),
            one(
                noisy,
                2,
                0.0,
                widths=[1, 1],
                epochs=7,
                schedule=CosineConfig(name="cosine", floor=0.0, per="epoch"),
            ),
            one(clean, 3, 0.0, widths=[6, 2], epochs=13, init="he", schedule=schedule("one_cycle")),
            one(fewer, 4, 0.0, widths=[3, 8], epochs=20, init="glorot"),
            one(
                other,
                5,
                0.1,
                widths=[5, 5],
                epochs=11,
                schedule=schedule("warmup", warmup_share=0.2, per="step"),
            ),
            one(
                unvalidated,
                6,
                0.0,
                widths=[2, 6],
                epochs=20,
                schedule=PlateauConfig(name="plateau", gamma=0.5, patience=1, threshold=0.05),
            ),
            one(
                clean,
                7,
                0.2,
                widths=[8, 4],
                epochs=1,
                schedule=StepConfig(name="step", step_size=1, gamma=0.5),
            ),
        ]

    return build


def assert_same_records(
    found: list[MemberRecord], expected: list[MemberRecord], tolerance: float
) -> None:
    """Every number of every epoch; `tolerance` 0 wants the same bits."""
    assert [record.epoch for record in found] == [record.epoch for record in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.train.keys() == theirs.train.keys()
        assert mine.val.keys() == theirs.val.keys()
        assert mine.diverged == theirs.diverged
        numbers = [mine.lr, mine.change, *mine.train.values(), *mine.val.values()]
        others = [theirs.lr, theirs.change, *theirs.train.values(), *theirs.val.values()]
        if tolerance:
            assert numbers == pytest.approx(others, rel=tolerance, abs=tolerance, nan_ok=True)
        else:
            assert numbers == others


def assert_same(found: Trained, expected: Trained, tolerance: float) -> None:
    """Records, final and best weights."""
    assert_same_records(found.records, expected.records, tolerance)
    assert found.best_epoch == expected.best_epoch
    for mine, theirs in ((found.final, expected.final), (found.best, expected.best)):
        assert mine.keys() == theirs.keys()
        for name, value in mine.items():
            if tolerance:
                torch.testing.assert_close(value, theirs[name], rtol=tolerance, atol=tolerance)
            else:
                assert torch.equal(value, theirs[name])


@pytest.mark.parametrize(
    ("rule", "activations", "batch_size"),
    [
        *((rule, ["sigmoid", "relu"], 16) for rule in sorted(OPTIMIZERS) if rule != "gd"),
        ("gd", ["sigmoid", "sigmoid"], None),
        ("adam", ["tanh", "sigmoid"], None),
        ("adam", ["gelu", "silu"], 7),
        ("adam", ["swiglu", "glu"], 7),
        ("sgd", ["elu", "leaky_relu"], 1000),
        ("sgd", ["sigmoid", "sigmoid"], 3),
    ],
)
def test_eight_members_train_as_if_alone(
    *, eight: Callable[..., list[Member]], rule: str, activations: list[str], batch_size: int | None
) -> None:
    """To 1e-9, through all epochs, while neighbours leave."""
    members = eight(rule)
    together = shared(activations=activations, batch_size=batch_size)
    stacked = train(members, together)
    for one, result in zip(members, stacked, strict=True):
        (alone,) = train([one], together)
        assert [record.epoch for record in result.records] == list(range(1, one.epochs + 1))
        assert_same(result, alone, 1e-9)
        assert result.records[-1].diverged is None


@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalisation", ["layer", "batch"])
@pytest.mark.parametrize("activations", [["sigmoid", "tanh"], ["swiglu", "reglu"]])
def test_normalised_members_train_as_if_alone(
    *, activations: list[str], normalisation: str, residual: bool, gradient: str
) -> None:
    """Of different widths, on differently many rows, while the first leaves."""
    # A batch's mean takes away what a bias adds: its gradient is rounding, and Adam scales it up.
    rule = "heavy_ball" if normalisation == "batch" else "adam"
    rows = [dataset("moons", train_rows=40 - 9 * k) for k in range(3)]
    members = [
        member(
            rows[k],
            widths=[4 + 2 * k] * 2,
            seed=k,
            dropout=0.1 * k,
            epochs=3 + k,
            optimizer=optimizer(rule, lr=0.05, weight_decay=0.01 * k),
        )
        for k in range(3)
    ]
    together = shared(
        objective=Objective("sigmoid", "bce"),
        activations=activations,
        normalisation=normalisation,
        residual=residual,
        gradient=gradient,
        batch_size=8,
    )
    for one, result in zip(members, train(members, together), strict=True):
        (alone,) = train([one], together)
        assert_same(result, alone, 1e-9)
        gain = result.final["normalisation_0.weight"]
        assert not torch.equal(gain, torch.ones_like(gain))  # it learns


@pytest.mark.parametrize(
    ("name", "objective"),
    [
        ("moons", Objective("sigmoid", "bce")),
        ("moons", Objective("softmax", "mse")),
        ("sine", Objective("linear", "mae")),
        ("diabetes", Objective("linear", "mse")),
    ],
)
def test_other_tasks(*, name: str, objective: Objective) -> None:
    """Binary targets and numbers: uneven members on different rows and scales."""
    rows = [
        dataset(name, objective.output, label_noise=0.1 * k, train_rows=40 - 9 * k)
        for k in range(3)
    ]
    members = [
        member(rows[k], widths=[3 + k, 6 - k], seed=k, dropout=0.2 * k, epochs=5) for k in range(3)
    ]
    together = shared(objective=objective, activations=["sigmoid", "tanh"], batch_size=8)
    for one, result in zip(members, train(members, together), strict=True):
        (alone,) = train([one], together)
        assert_same(result, alone, 1e-9)


def test_depth_zero() -> None:
    """Linear models train in stacks too."""
    rows = [dataset("gaussians"), dataset("gaussians", train_rows=20)]
    members = [member(rows[k % 2], widths=[], seed=k, epochs=4) for k in range(3)]
    together = shared(activations=[])
    for one, result in zip(members, train(members, together), strict=True):
        assert_same(result, train([one], together)[0], 1e-9)


def test_shared_rows() -> None:
    """Members on the very same rows, which the stack holds once."""
    rows = dataset("gaussians")
    for batch_size in (16, None):
        members = [member(rows, widths=[3 + k, 5], seed=k, dropout=0.2, epochs=5) for k in range(3)]
        together = shared(activations=["sigmoid", "relu"], batch_size=batch_size)
        for one, result in zip(members, train(members, together), strict=True):
            assert_same(result, train([one], together)[0], 1e-9)


@pytest.mark.parametrize("batch_size", [16, 20])
def test_dropout_in_a_single_step_beside_neighbours_with_more(batch_size: int) -> None:
    """Rows meet the same masks whether the neighbours need one step for an epoch or several."""
    one = member(dataset("gaussians", train_rows=16), dropout=0.5, epochs=2)
    together = shared(batch_size=batch_size)
    (alone,) = train([one], together)
    beside, _ = train([one, member(dataset("gaussians"), epochs=2)], together)
    assert_same(beside, alone, 1e-9)


@pytest.mark.parametrize("own", [{}, {"lr": 0.1}, {"warmup_share": 0.5}, {"epochs": 5}])
@pytest.mark.parametrize("rule", ["sgd", "adam", "adamw"])
def test_rates_of_each_step(rule: str, own: dict[str, float]) -> None:
    """Members of equal rows, whose rates agree in every step, or differ in one way."""
    rows = dataset("gaussians")

    def one(seed: int, lr: float = 0.05, warmup_share: float = 0.3, epochs: float = 4) -> Member:
        return member(
            rows,
            seed=seed,
            epochs=int(epochs),
            optimizer=optimizer(rule, lr=lr, weight_decay=0.01),
            schedule=schedule("one_cycle", warmup_share=warmup_share),
        )

    members = [one(0), one(1, **own), one(2)]
    for mine, result in zip(members, train(members, shared()), strict=True):
        assert_same(result, train([mine], shared())[0], 1e-9)


def test_seed_and_every_number_matter() -> None:
    """Members that differ in one thing end apart: no number is lost on the way."""
    rows = dataset("gaussians")
    variants = [
        member(rows),
        member(rows, seed=1),
        member(rows, dropout=0.3),
        member(rows, init="he"),
        member(rows, optimizer=optimizer(lr=0.06)),
        member(rows, optimizer=optimizer(weight_decay=0.1)),
        member(rows, optimizer=optimizer(clip_norm=0.1)),
        member(rows, schedule=StepConfig(name="step", step_size=1, gamma=0.5)),
        member(dataset("gaussians", label_noise=0.5)),
    ]
    losses = [one.records[-1].train["loss"] for one in train(variants, shared())]
    assert len(set(losses)) == len(variants)
    twins = train([member(rows), member(rows)], shared())
    assert_same(twins[0], twins[1], 1e-12)


@pytest.mark.parametrize("batch_size", [16, None])
def test_same_stack_twice_gives_the_same_bits(
    eight: Callable[..., list[Member]], batch_size: int | None
) -> None:
    """Nothing is drawn that does not follow from the seeds."""
    together = shared(activations=["sigmoid", "gelu"], batch_size=batch_size)
    first, second = (train(eight("adam"), together) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert_same(one, other, 0)


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_autograd_trains_the_same_network(eight: Callable[..., list[Member]], rule: str) -> None:
    """gradient=autograd ends where backpropagation as written out does, to 1e-10."""
    members = eight(rule)
    explicit = train(members, shared(activations=["sigmoid", "gelu"]))
    autograd = train(members, shared(activations=["sigmoid", "gelu"], gradient="autograd"))
    for one, other in zip(explicit, autograd, strict=True):
        assert_same(one, other, 1e-10)


@pytest.mark.parametrize("rule", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("batch_size", [16, None])
def test_a_diverging_neighbour_changes_no_bit(
    *, eight: Callable[..., list[Member]], rule: str, batch_size: int | None
) -> None:
    """Whether the neighbour's rate is sane or huge, the others' records and weights are equal."""
    members = eight(rule)

    def with_neighbour(lr: float) -> list[Trained]:
        place = 3
        sick = members[place]
        changed = member(
            sick.dataset,
            widths=sick.widths,
            seed=sick.seed,
            epochs=sick.epochs,
            optimizer=optimizer(rule, lr=lr),
        )
        stack = [*members[:place], changed, *members[place + 1 :]]
        # No unit of these saturates for good, which would save the loss from overflowing.
        return train(stack, shared(activations=["elu", "leaky_relu"], batch_size=batch_size))

    sane, sick = with_neighbour(0.033), with_neighbour(1e200)
    assert sick[3].records[-1].diverged is not None
    assert sane[3].records[-1].diverged is None
    for k in range(8):
        if k != 3:
            assert_same(sick[k], sane[k], 0)


def test_a_diverged_member_is_silent_and_keeps_its_place() -> None:
    """One last record with its divergence; it leaves the stack after its last planned epoch."""
    rows = dataset("gaussians")
    members = [
        member(rows, epochs=6),
        member(rows, epochs=4, optimizer=optimizer(lr=1e200)),
        member(rows, epochs=2, seed=1),
    ]
    stack = Stack(members, shared())
    seen = [
        (epoch.epoch, [r.member for r in epoch.members], list(stack.ids)) for epoch in fit(stack)
    ]
    assert seen == [
        (1, [0, 1, 2], [0, 1, 2]),
        (2, [0, 2], [0, 1, 2]),
        (3, [0], [0, 1]),
        (4, [0], [0, 1]),
        (5, [0], [0]),
        (6, [0], [0]),
    ]


def test_training_ends_when_all_have_diverged() -> None:
    """No epoch is spent on networks that are lost."""
    rows = dataset("gaussians")
    members = [member(rows, seed=k, epochs=50, optimizer=optimizer(lr=1e200)) for k in range(2)]
    stack = Stack(members, shared())
    epochs = list(fit(stack))
    assert len(epochs) <= 2
    assert not stack.training


def linear_steps(one: Member, batch_size: int | None, lr: float) -> tuple[int, int]:
    """Epoch and step at which least squares by gradient descent overflows, in NumPy."""
    x, t = one.dataset.train.inputs.numpy(), one.dataset.train.targets.numpy()
    size = len(x) if batch_size is None else batch_size
    weight = torch.zeros(x.shape[1], 1, dtype=torch.float64)
    bound = 1 / math.sqrt(x.shape[1])
    generator = torch_generator(one.seed, Stream.WEIGHTS)
    w = weight.uniform_(-bound, bound, generator=generator).numpy().copy()
    b = torch.zeros(1, dtype=torch.float64).uniform_(-bound, bound, generator=generator).numpy()
    with np.errstate(all="ignore"):
        for epoch in range(100):
            order = numpy_generator(one.seed, Stream.ORDER, epoch).permutation(len(x))
            order = np.arange(len(x)) if size == len(x) else order
            steps = range(0, len(x), size)
            for step, first in enumerate(steps):
                rows = order[first : first + size]
                error = x[rows] @ w + b - t[rows]
                if not np.isfinite(error).all():
                    return epoch + 1, step + 1
                w = w - lr * x[rows].T @ error * 2 / len(rows)
                b = b - lr * error.mean(0) * 2
            if not np.isfinite(np.square(x @ w + b - t).mean()):
                return epoch + 1, len(steps)
    raise AssertionError("it did not diverge")


@pytest.mark.parametrize(
    ("batch_size", "lr"),
    [(10, 1e100), (30, 1e100), (None, 1e100), (None, 1e30), (25, 1e20), (10, 30.0)],
)
def test_divergence_by_hand(*, batch_size: int | None, lr: float) -> None:
    """Epoch and step, both from 1, and the scheduled rate of a linear model that blows up."""
    rows = dataset("sine", rows=100)
    never = StepConfig(name="step", step_size=1, gamma=1.0)
    one = member(rows, widths=[], epochs=80, optimizer=optimizer(lr=lr), schedule=never)
    together = shared(activations=[], objective=Objective("linear", "mse"), batch_size=batch_size)
    (result,) = train([one], together)
    divergence = result.records[-1].diverged
    assert divergence is not None
    assert (divergence.epoch, divergence.step) == linear_steps(one, batch_size, lr)
    assert divergence.epoch == result.records[-1].epoch
    assert divergence.lr == lr
    assert all(record.diverged is None for record in result.records[:-1])


def test_a_divergence_names_the_rate_of_its_step() -> None:
    """Where rates change in every step, that of the first step without finite outputs."""
    rows = dataset("sine", rows=100)
    cycle = schedule("one_cycle", start=1e-9)
    one = member(rows, widths=[], epochs=9, optimizer=optimizer(lr=1e80), schedule=cycle)
    together = shared(activations=[], objective=Objective("linear", "mse"), batch_size=10)
    (result,) = train([one], together)
    divergence = result.records[-1].diverged
    assert divergence is not None
    steps = math.ceil(len(rows.train) / 10)
    assert 1 < divergence.step < steps
    time = divergence.epoch - 1 + (divergence.step - 1) / steps
    assert divergence.lr == pytest.approx(1e80 * cycle.factor(time, 9), rel=1e-12)
    assert divergence.lr < result.records[-1].lr


@pytest.mark.parametrize("batch_size", [10, 15, 20])
def test_divergence_beside_a_longer_neighbour(*, batch_size: int) -> None:
    """A member with fewer steps an epoch reports a step of its own, not one it never took."""
    few, many = dataset("sine", train_rows=20), dataset("sine")
    sick = member(few, widths=[], epochs=5, optimizer=optimizer(lr=1e80))
    together = shared(activations=[], objective=Objective("linear", "mse"), batch_size=batch_size)
    (alone,) = train([sick], together)
    beside, _ = train([sick, member(many, widths=[], epochs=5)], together)
    assert alone.records[-1].diverged is not None
    assert [r.diverged for r in beside.records] == [r.diverged for r in alone.records]


def test_retiring_by_the_reader() -> None:
    """Whoever reads `fit` may take a member out; the rest goes on as if nothing had been."""
    rows = dataset("gaussians")
    few = dataset("gaussians", train_rows=20)
    members = [
        member(
            few if k == 1 else rows,
            seed=k,
            epochs=6,
            widths=[3 + k, 4],
            optimizer=optimizer("adam"),
        )
        for k in range(3)
    ]
    stack = Stack(members, shared())
    records: list[list[MemberRecord]] = [[], [], []]
    for epoch in fit(stack):
        for record in epoch.members:
            records[record.member].append(record)
        if epoch.epoch == 2:
            stack.retire([0])
            assert sorted(stack.ids) == [1, 2]
    assert [len(one) for one in records] == [2, 6, 6]
    for one, found in zip(members[1:], records[1:], strict=True):
        assert_same_records(found, train([one], shared())[0].records, 1e-9)


def test_change_is_the_share_that_weights_move() -> None:
    """|W - W before| / |W before| over weights and biases of each member."""
    rows = dataset("gaussians")
    members = [member(rows, seed=k, widths=[3 + k, 4], epochs=2) for k in range(2)]
    stack = Stack(members, shared())

    def vectors() -> list[torch.Tensor]:
        states = [stack.network.member_state(stack.ids.index(k)) for k in range(2)]
        return [torch.cat([value.flatten() for value in state.values()]) for state in states]

    before = vectors()
    epoch = next(fit(stack))
    for k, (then, now) in enumerate(zip(before, vectors(), strict=True)):
        (record,) = [r for r in epoch.members if r.member == k]
        assert record.change == pytest.approx(((now - then).norm() / then.norm()).item())


def test_best_weights_are_of_the_best_epoch() -> None:
    """A run cut short at the best epoch ends with the best weights of the long one."""
    rows = dataset("gaussians", label_noise=0.5, train_rows=20)
    rate = optimizer("adam", lr=0.1)
    (long,) = train([member(rows, epochs=30, optimizer=rate, seed=2)], shared())
    assert 1 <= long.best_epoch < 30
    losses = [record.val["loss"] for record in long.records]
    assert losses.index(min(losses)) + 1 == long.best_epoch
    (short,) = train([member(rows, epochs=long.best_epoch, optimizer=rate, seed=2)], shared())
    for name, value in long.best.items():
        assert torch.equal(value, short.final[name])
    assert any(not torch.equal(value, long.final[name]) for name, value in long.best.items())


def test_learning_rates_follow_each_schedule() -> None:
    """Records hold the rate of their own member and epoch."""
    rows = dataset("gaussians")
    schedules = [
        CONSTANT,
        StepConfig(name="step", step_size=2, gamma=0.5),
        CosineConfig(name="cosine", floor=0.0, per="epoch"),
        CosineConfig(name="cosine", floor=0.0, per="step"),
    ]
    members = [member(rows, epochs=4, schedule=each) for each in schedules]
    rates = [[r.lr / 0.05 for r in one.records] for one in train(members, shared())]
    assert rates[0] == pytest.approx([1, 1, 1, 1])
    assert rates[1] == pytest.approx([1, 1, 0.5, 0.5])
    assert rates[2] == pytest.approx([(1 + math.cos(math.pi * k / 4)) / 2 for k in range(4)])
    last = 1 - 1 / math.ceil(len(rows.train) / 16)  # of the epoch, when its last step begins
    assert rates[3] == pytest.approx(
        [(1 + math.cos(math.pi * (k + last) / 4)) / 2 for k in range(4)]
    )
