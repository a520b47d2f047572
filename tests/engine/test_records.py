"""What an epoch's records say."""

from dataclasses import replace

from mlp_lab.engine.records import Divergence, MemberRecord


def test_a_divergence_says_where_and_what_to_try() -> None:
    """Epoch, step and learning rate, in one line."""
    line = str(Divergence(epoch=2, step=7, lr=0.5))
    assert "by epoch 2, step 7, at learning rate 0.5" in line
    assert "try a smaller optimizer.lr or optimizer.clip_norm=1" in line
    assert "\n" not in line


def test_validation_scores_are_monitored_where_there_are_any() -> None:
    """Else those of the training rows."""
    train, val = {"loss": 1.0}, {"loss": 2.0}
    assert MemberRecord(0, 1, train, val, 0.1, 0.5, None).monitored == val
    assert MemberRecord(0, 1, train, {}, 0.1, 0.5, None).monitored == train


def test_scores_are_named_by_part() -> None:
    """As curves.csv has them; a part without rows has none."""
    record = MemberRecord(0, 1, {"loss": 2.0}, {"loss": 3.0, "r2": 0.5}, 0.1, 0.2, None)
    assert record.scores == {"train_loss": 2.0, "val_loss": 3.0, "val_r2": 0.5}
    assert replace(record, val={}).scores == {"train_loss": 2.0}
