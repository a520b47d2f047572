"""Several processes train one network as one does."""

from collections.abc import Mapping

import pytest
import torch
from stacks import averaging, dataset, member, optimizer, schedule, shared
from together import in_each
from torch import Tensor
from torch._C._distributed_c10d import HashStore

from mlp_lab.data.dataset import Part
from mlp_lab.engine.fit import fit
from mlp_lab.engine.kernel import uses_kernel
from mlp_lab.engine.ranks import RankLost, Ranks, _among_living, part_of
from mlp_lab.engine.stack import Stack, takes_kernel
from mlp_lab.errors import UserError

Curves = list[list[float]]


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("rows", [0, 1, 2, 7, 32, 98])
def test_parts_cover_all_rows_once(rows: int, ranks: int) -> None:
    """In order, and none has two rows more than another."""
    parts = [range(rows)[part_of(rows, rank, ranks)] for rank in range(ranks)]
    assert [row for part in parts for row in part] == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def trained(
    ranks: Ranks | None, changes: Mapping[str, object], numbers: Mapping[str, object]
) -> tuple[Curves, Tensor]:
    """Losses of each epoch, and the weights at the end."""
    weights = str(numbers.get("class_weights", "none"))
    rows = dataset("iris", class_weights=weights)
    own = {name: value for name, value in numbers.items() if name != "class_weights"}
    stack = Stack([member(rows, **own)], shared(**changes, ranks=ranks))  # type: ignore[arg-type]
    curves = []
    for epoch in fit(stack):
        (record,) = epoch.members
        curves.append([*record.train.values(), *record.val.values(), record.lr, record.change])
        final = stack.evaluated.layers.flat.clone()
    return curves, final


CASES: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "mini-batches": ({}, {}),
    "a last batch of two rows": ({"batch_size": 48}, {}),
    "all rows in a step": ({"batch_size": None}, {}),
    "dropout": ({}, {"dropout": 0.4}),
    "weights of rows": ({}, {"class_weights": "balanced"}),
    "weights of all rows": ({"batch_size": None}, {"class_weights": "balanced"}),
    "an ensemble": ({"ensemble": 3}, {"dropout": 0.2}),
    "autograd": ({"gradient": "autograd"}, {}),
    "layer normalisation": ({"normalisation": "layer"}, {}),
    "clipping": ({}, {"optimizer": optimizer("adam", clip_norm=0.01, weight_decay=0.01)}),
    "averages": ({}, {"averaging": averaging("ema")}),
    "plateau": ({}, {"schedule": schedule("plateau")}),
}


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("case", CASES)
def test_they_train_as_one(case: str, ranks: int) -> None:
    """The same curves and weights to rounding, and the same bits in every rank."""
    curves, weights = trained(None, *CASES[case])
    found = in_each(ranks, lambda own: trained(own, *CASES[case]))
    for own_curves, own_weights in found:
        assert torch.tensor(own_curves).allclose(torch.tensor(curves), rtol=1e-9, atol=1e-12)
        assert own_weights.allclose(weights, rtol=1e-9, atol=1e-12)
        assert torch.equal(own_weights, found[0][1])
        assert own_curves == found[0][0]


def test_a_last_batch_may_leave_a_rank_without_rows() -> None:
    """Two rows among four: two ranks have none, and add nothing."""
    rows = dataset("iris")
    part = rows.train.at(torch.arange(18))
    few = type(rows)(part, rows.val, rows.test, rows.schema)

    def weights(ranks: Ranks | None) -> Tensor:
        stack = Stack([member(few, dropout=0.3)], shared(ranks=ranks))
        assert stack.batches.steps == [2]
        for _ in fit(stack):
            pass
        return stack.best.flat if ranks is None else stack.network.layers.flat

    alone = Stack([member(few, dropout=0.3)], shared())
    for _ in fit(alone):
        pass
    for found in in_each(4, weights):
        assert found.allclose(alone.network.layers.flat, rtol=1e-9, atol=1e-12)


def test_a_loss_that_one_rank_sees_overflow_ends_all() -> None:
    """Its rows may be the only ones that do."""
    rows = dataset("iris")
    inputs = rows.train.inputs.clone()
    inputs[0] = 1e308
    wild = type(rows)(Part(inputs, rows.train.targets), rows.val, rows.test, rows.schema)

    def diverged(ranks: Ranks) -> list[object]:
        stack = Stack([member(wild)], shared(ranks=ranks, activations=["relu", "relu"]))
        return [record.diverged for epoch in fit(stack) for record in epoch.members]

    found = in_each(2, diverged)
    assert found[0] == found[1]
    assert found[0][-1] is not None


def test_the_kernel_is_for_one_process() -> None:
    """`auto` then takes torch, and says so where the kernel is named."""

    def taken(ranks: Ranks) -> bool:
        with pytest.raises(UserError, match=r"^kernel=native does not know devices=2: use kernel"):
            takes_kernel(shared(kernel="native", ranks=ranks), "sgd")
        return takes_kernel(shared(kernel="auto", ranks=ranks), "sgd")

    assert in_each(2, taken) == [False, False]
    assert not uses_kernel("auto", "devices=2", torch.float64)


def test_a_group_of_one() -> None:
    """torch.distributed itself, without another process."""
    ranks = Ranks(0, 1, HashStore())
    try:
        sums = torch.ones(3, dtype=torch.float64)
        ranks.add_up(sums)
        assert sums.tolist() == [1, 1, 1]
        assert ranks.goes_on()
        ranks.give("text", [sums, sums[:0]])
        ranks.end()
    finally:
        ranks.close()
    with pytest.raises(RankLost, match=r"^another rank has ended"):
        _among_living(lambda: torch.ones(2) @ torch.ones(3))
