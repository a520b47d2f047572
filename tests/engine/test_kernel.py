"""The compiled kernel against torch's way, in double precision, and its own promises of bits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypedDict

import pytest
import torch
from stacks import averaging, dataset, member, optimizer, schedule, shared
from torch import Tensor

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.fit import fit
from mlp_lab.engine.kernel import obstacle, uses_kernel
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.errors import UserError
from mlp_lab.native.building import available
from mlp_lab.network.activations import ACTIVATIONS, GATES
from mlp_lab.network.architecture import NORMALISATIONS
from mlp_lab.network.embedding_plan import KINDS, EmbeddedColumns, EmbeddingPlan, plan_embedding
from mlp_lab.network.losses import Objective
from mlp_lab.network.optimizers import OPTIMIZERS, OptimizerConfig

CLOSE = 1e-10

PLAIN = [name for name in ACTIVATIONS if name not in GATES]
"""Activations that the kernel knows."""

pytestmark = pytest.mark.skipif(not available("float64"), reason="no compiler is at hand")


def epochs(members: Sequence[Member], settings: SharedSettings) -> Iterator[Stack]:
    """The stack after each epoch."""
    stack = Stack(members, settings)
    stack.keep_last_gradients()
    for _ in fit(stack):
        yield stack


def off(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, relative to max(1, |theirs|)."""
    return float(((ours - theirs).abs() / theirs.abs().clamp_min(1)).max())


def require_same(members: Sequence[Member], settings: SharedSettings) -> None:
    """Weights, moments, averages, kept gradients and every epoch's scores are those of torch."""
    native, reference = replace(settings, kernel="native"), replace(settings, kernel="torch")
    pairs = zip(epochs(members, native), epochs(members, reference), strict=True)
    for ours, theirs in pairs:
        assert ours.native
        assert not theirs.native
        assert off(ours.network.layers.flat, theirs.network.layers.flat) < CLOSE
        assert off(ours.evaluated.layers.flat, theirs.evaluated.layers.flat) < CLOSE
        for one, other in zip(ours.optimizer.moments, theirs.optimizer.moments, strict=True):
            assert off(one.flat, other.flat) < CLOSE
    records = [list(fit(Stack(members, each))) for each in (native, reference)]
    for ours, theirs in zip(*records, strict=True):
        for one, other in zip(ours.members, theirs.members, strict=True):
            assert one.train == pytest.approx(other.train, rel=CLOSE, abs=CLOSE)
            assert one.val == pytest.approx(other.val, rel=CLOSE, abs=CLOSE)
            assert one.change == pytest.approx(other.change, rel=1e-8)


@pytest.mark.parametrize("activation", PLAIN)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_activations(activation: str, dropout: float) -> None:
    """Of members whose widths, seeds and rates differ."""
    rows = dataset("gaussians", classes=4)
    members = [
        member(rows, widths=[width, 17], seed=width, dropout=dropout, optimizer=optimizer(lr=lr))
        for width, lr in [(3, 0.05), (16, 0.1), (20, 0.02)]
    ]
    require_same(members, shared(activations=[activation, "tanh"]))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("clip", [None, 0.3])
def test_update_rules(name: str, decay: float, clip: float | None) -> None:
    """With members that take different numbers of steps, and rates that change in every step."""
    few = dataset("gaussians", classes=3, rows=40)
    many = dataset("gaussians", classes=3, rows=120)
    members = [
        member(
            rows,
            seed=k,
            optimizer=optimizer(name, lr=0.01 * (k + 1), weight_decay=decay, clip_norm=clip),
            schedule=schedule("one_cycle"),
        )
        for k, rows in enumerate([few, many, few])
    ]
    require_same(members, shared())


def test_penalties() -> None:
    """Of each layer, or one for all; clipping comes before."""
    rows = dataset("iris")
    members = [
        member(rows, seed=k, optimizer=optimizer("adam", l1=l1, weight_decay=decay, clip_norm=0.5))
        for k, (l1, decay) in enumerate([([0.1, 0.0, 0.02], 0.0), (0.05, [0.0, 0.3, 0.1])])
    ]
    require_same(members, shared())


@pytest.mark.parametrize(
    "own", [optimizer("adam", amsgrad=True), optimizer("rmsprop", centered=True)], ids=str
)
def test_switches_of_rules(own: OptimizerConfig) -> None:
    """Those with a moment more."""
    require_same([member(dataset("iris"), optimizer=own)], shared())


@pytest.mark.parametrize("batch_size", [31, 40, None])
def test_wide_layers(batch_size: int | None) -> None:
    """Their factors are packed from 32 rows on, in blocks that do not divide them."""
    rows = dataset("gaussians", classes=4, rows=200)
    members = [
        member(rows, widths=widths, seed=seed, optimizer=optimizer(lr=0.01))
        for seed, widths in enumerate([[203, 131, 9], [150, 260, 200]])
    ]
    require_same(members, shared(activations=["tanh", "relu", "tanh"], batch_size=batch_size))


HIDDEN_LAYERS = [
    (normalisation, residual)
    for normalisation in NORMALISATIONS
    for residual in (False, True)
    if residual or normalisation != "none"
]


@pytest.mark.parametrize(("normalisation", "residual"), HIDDEN_LAYERS)
@pytest.mark.parametrize("activation", PLAIN)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_hidden_layers(normalisation: str, residual: bool, activation: str, dropout: float) -> None:
    """Three of one width, of members with other widths and rows; the last batch is one row."""
    few = dataset("gaussians", classes=4, rows=62)
    many = dataset("gaussians", classes=4, rows=120)
    assert len(few.train) % 16 != len(many.train) % 16
    members = [
        member(rows, widths=[width] * 3, seed=width, dropout=dropout, optimizer=optimizer(lr=0.05))
        for width, rows in [(3, few), (16, many), (20, few)]
    ]
    settings = shared(
        activations=[activation, "tanh", activation], normalisation=normalisation, residual=residual
    )
    require_same(members, settings)


@pytest.mark.parametrize(("normalisation", "residual"), HIDDEN_LAYERS)
@pytest.mark.parametrize("batch_size", [1, 9, None])
def test_hidden_layers_among_the_rest(
    normalisation: str, residual: bool, batch_size: int | None
) -> None:
    """With embeddings, clipping, averages and ensembles; also of one row in each step.

    The rule has no root: a bias that batch normalisation takes away again has rounding for a
    gradient, and Adam would make steps of it.
    """
    rows = dataset("diabetes", "linear", train_rows=37)
    members = [
        member(
            rows,
            widths=[7, 7],
            embedding=plan_of(rows, "piecewise", 0),
            seed=seed,
            dropout=0.2,
            averaging=averaging(kind),
            optimizer=optimizer("nesterov", lr=0.01, weight_decay=0.1, clip_norm=0.5),
        )
        for seed, kind in enumerate(["ema", "swa", "none"])
    ]
    settings = shared(
        activations=["silu", "relu"],
        normalisation=normalisation,
        residual=residual,
        objective=Objective("linear", "mse"),
        ensemble=2,
        batch_size=batch_size,
    )
    require_same(members, settings)


EMBEDDED = [(kind, size) for kind in KINDS for size in (0, 2) if kind != "none" or size]


def plan_of(rows: Dataset, kind: str, category_size: int) -> EmbeddingPlan:
    """Of the diabetes data: numbers in no order; the sign of two columns as levels."""
    inputs = rows.train.inputs.shape[1]
    columns = EmbeddedColumns(numbers=(0, 2, 3, 9), categories=((4, 6),), inputs=inputs)
    plan = plan_embedding(
        columns, kind=kind, size=5, bins=6, frequencies=3, category_size=category_size
    )
    assert plan is not None
    return plan


@pytest.mark.parametrize(("kind", "category_size"), EMBEDDED)
@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("ensemble", [1, 3])
def test_embeddings(kind: str, category_size: int, depth: int, ensemble: int) -> None:
    """Numbers beyond the knots and ties among these, levels that are absent; and ensembles."""
    rows = dataset("diabetes", "linear")
    rows.train.inputs[:, 4:6] = (rows.train.inputs[:, 4:6] > 0.2).double()
    rows.train.inputs[:, 2] = rows.train.inputs[:, 2].clamp_min(0.5)
    rows.val.inputs[:, 0] *= 3
    members = [
        member(
            rows,
            widths=[9, 4][:depth],
            embedding=plan_of(rows, kind, category_size),
            seed=seed,
            optimizer=optimizer("adamw", lr=0.01, weight_decay=0.1),
        )
        for seed in range(2)
    ]
    settings = shared(
        activations=["relu", "silu"][:depth],
        objective=Objective("linear", "mse"),
        ensemble=ensemble,
    )
    require_same(members, settings)


def test_averages() -> None:
    """Of each kind, beside one another."""
    kinds = [averaging("ema"), averaging(), averaging("swa", start=0.5), averaging("ema", 0.5, 0.5)]
    rows = dataset("iris")
    members = [
        member(rows, seed=k, epochs=4, averaging=kind, dropout=0.2) for k, kind in enumerate(kinds)
    ]
    require_same(members, shared())


@pytest.mark.parametrize("batch_size", [7, None])
def test_folds_and_weights(batch_size: int | None) -> None:
    """Members with rows of their own, which count differently."""
    members = [
        member(dataset("wine", class_weights="balanced", folds=4, fold=k), seed=k) for k in range(3)
    ]
    require_same(members, shared(batch_size=batch_size))


def trained(
    members: Sequence[Member], settings: SharedSettings | None = None
) -> list[dict[str, Tensor]]:
    """Each member's weights after its last epoch in single precision, by the kernel."""
    found: dict[int, dict[str, Tensor]] = {}
    settings = settings or shared(dtype=torch.float32)
    for stack in epochs(members, replace(settings, kernel="native")):
        found |= {k: stack.network.member_state(at) for at, k in enumerate(stack.ids)}
    return [found[k] for k in range(len(members))]


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_member_has_the_same_bits_in_any_company(dropout: float) -> None:
    """Alone, in a stack, and beside members that are wider, or that have more rows."""
    small = dataset("gaussians", classes=3, dtype=torch.float32)
    large = dataset("gaussians", classes=3, rows=333, dtype=torch.float32)
    one = member(small, widths=[13, 5], seed=3, dropout=dropout, optimizer=optimizer("adam"))
    others = [
        member(rows, widths=[width, 40], seed=seed, dropout=dropout, optimizer=optimizer("adam"))
        for seed, (rows, width) in enumerate([(large, 70), (small, 2), (large, 13), (small, 33)])
    ]
    (alone,) = trained([one])
    for company in ([one, *others], [*others, one], [others[0], one]):
        own = trained(company)[company.index(one)]
        assert all(torch.equal(own[name], tensor) for name, tensor in alone.items())


@pytest.mark.parametrize(("normalisation", "residual"), [("layer", True), ("batch", False)])
def test_so_does_one_with_wide_or_normalised_layers(normalisation: str, residual: bool) -> None:
    """Its factors are packed or not by its own sizes; what pads a row takes no part in a mean."""
    small = dataset("gaussians", classes=3, dtype=torch.float32)
    large = dataset("gaussians", classes=3, rows=333, dtype=torch.float32)
    settings = shared(
        normalisation=normalisation, residual=residual, batch_size=33, dtype=torch.float32
    )
    for width, others in ((205, [70, 300]), (13, [205, 40])):
        one = member(small, widths=[width, width], seed=3, optimizer=optimizer("adam"))
        beside = [
            member(rows, widths=[other, other], seed=other, optimizer=optimizer("adam"))
            for rows, other in zip((large, small), others, strict=True)
        ]
        (alone,) = trained([one], settings)
        own = trained([*beside, one], settings)[-1]
        assert all(torch.equal(own[name], tensor) for name, tensor in alone.items())


def test_threads_change_no_bit() -> None:
    """Members are shared among them."""
    rows = dataset("gaussians", classes=3, dtype=torch.float32)
    members = [member(rows, widths=[9 + k, 5], seed=k) for k in range(5)]
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(trained(members))
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        assert all(torch.equal(one[name], tensor) for name, tensor in other.items())


def test_divergence_is_found_and_harms_nobody() -> None:
    """A rate far too high, beside one that is sound."""
    rows = dataset("diabetes", "linear", dtype=torch.float32)
    wild = member(rows, widths=[8, 8], optimizer=optimizer(lr=1e6))
    sound = member(rows, widths=[8, 8], seed=1)
    settings = shared(
        kernel="native",
        dtype=torch.float32,
        activations=["relu", "relu"],
        objective=Objective("linear", "mse"),
    )
    first, *later = fit(Stack([wild, sound], settings))
    assert first.members[0].diverged is not None
    assert [record.member for epoch in later for record in epoch.members] == [1, 1]
    (alone,) = list(fit(Stack([sound], settings)))[-1].members
    assert later[-1].members[0].train == alone.train


def test_exact_functions() -> None:
    """Large and small numbers through every activation, in both precisions."""
    x = torch.tensor([0.0, 1e-30, 1e-8, 0.1, 0.34, 0.36, 1, 5, 19, 40, 87, 100, 1e4, 1e30])
    x = torch.cat([x, -x])[:, None]
    for dtype, close in ((torch.float32, 3e-6), (torch.float64, 1e-13)):
        for name in PLAIN:
            h = forward_of(name, x.to(dtype))
            expected = ACTIVATIONS[name].value(x.to(dtype))
            assert torch.equal(h.isfinite(), expected.isfinite()), name
            torch.testing.assert_close(h, expected, rtol=close, atol=close * 1e-6, msg=name)


def forward_of(activation: str, x: Tensor) -> Tensor:
    """One unit that reads x as it is, and an output that reads the unit."""
    rows = dataset("sine", "linear", dtype=x.dtype)
    settings = shared(
        kernel="native",
        dtype=x.dtype,
        activations=[activation],
        objective=Objective("linear", "mse"),
    )
    stack = Stack([member(rows, widths=[1])], settings)
    flat = stack.network.layers.flat
    flat.copy_(torch.tensor([1.0, 1, 0, 0]))
    assert stack.compiled_forward is not None
    return stack.compiled_forward(x[None])[0]


class Traits(TypedDict, total=False):
    """What may stand in the kernel's way."""

    device: torch.device
    dtype: torch.dtype
    gradient: str
    activations: list[str]
    normalisation: str
    objective: Objective
    optimizer: str
    autocast: torch.dtype | None


KNOWN: Traits = {
    "device": torch.device("cpu"),
    "dtype": torch.float32,
    "gradient": "explicit",
    "activations": ["relu", "gelu"],
    "normalisation": "none",
    "objective": Objective("linear", "mse"),
    "optimizer": "adam",
    "autocast": None,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"device": torch.device("cuda")}, "device=cuda"),
        ({"dtype": torch.bfloat16}, "dtype=bfloat16"),
        ({"gradient": "autograd"}, "gradient=autograd"),
        ({"autocast": torch.bfloat16}, "autocast=bfloat16"),
        ({"normalisation": "mine"}, "model.normalisation=mine"),
        ({"activations": ["relu", "swiglu"]}, "model.activation=swiglu"),
        ({"activations": ["relu", "mine"], "optimizer": "ours"}, "mine, ours of your own"),
        ({"objective": Objective("linear", "mine")}, "mine of your own"),
        ({"objective": Objective("ordinal", "ordinal")}, "loss=ordinal"),
    ],
)
def test_obstacles(changes: Traits, words: str | None) -> None:
    """Each is named; `auto` goes around it, `native` says so."""
    traits: Traits = {**KNOWN, **changes}
    found = obstacle(**traits)
    assert found == words
    assert uses_kernel("auto", found, torch.float32) == (words is None)
    assert not uses_kernel("torch", found, torch.float32)
    if words is not None:
        with pytest.raises(UserError, match=f"kernel=native does not know {words}: use kernel="):
            uses_kernel("native", found, torch.float32)


def test_random_numbers_are_those_of_torch() -> None:
    """Else nothing above would agree; the order of rows is drawn anew in each epoch."""
    stack = Stack([member(dataset("iris"), seed=4)], shared())
    first, second = (stack.batches.order(epoch)[0] for epoch in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first.sort().values, second.sort().values)


@pytest.mark.parametrize(("dropout", "batch_size"), [(0.0, 7), (0.3, 7), (0.3, 100)])
def test_rows_of_a_file(dropout: float, batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gathered for some steps at a time, they give the same bits."""
    monkeypatch.setattr("mlp_lab.engine.batches.SWEPT_NUMBERS", 200)
    whole = dataset("iris", test_fraction=0.2)
    on_disk = replace(whole, train=replace(whole.train, on_disk=True))
    settings = shared(batch_size=batch_size, kernel="native", ensemble=2)
    flats = []
    for rows in (whole, on_disk):
        members = [member(rows, seed=seed, dropout=dropout) for seed in (0, 1)]
        *_, last = epochs(members, settings)
        flats.append(last.network.layers.flat.clone())
    assert torch.equal(*flats)
