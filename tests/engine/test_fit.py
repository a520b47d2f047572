"""`fit` where a stack has nothing left to do, and what a plateau listens to."""

import pytest
from stacks import dataset, member, optimizer, shared

from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Stack
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
