"""Scores that no sums over rows are enough for, measured in each epoch that they choose by."""

import pytest
from sklearn.metrics import roc_auc_score
from stacks import dataset, member, shared

from mlp_lab.engine.evaluation import outputs
from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.stack import Stack


def test_each_member_has_its_own_score() -> None:
    """As scikit-learn has it of the outputs for all its rows; who needs none pays for none."""
    rows = [
        dataset("gaussians", label_noise=0.4, train_rows=20, val_fraction=share)
        for share in (0.3, 0.2)
    ]
    members = [
        member(rows[0], monitor="roc_auc"),
        member(rows[1], monitor="brier", seed=1),
        member(rows[1]),
    ]
    stack = Stack(members, shared())
    for epoch in fit_monitored(stack):
        by_member = {record.member: record for record in epoch.members}
        own = [set(by_member[k].val) - {"loss", "accuracy"} for k in range(3)]
        assert own == [{"roc_auc"}, {"brier"}, set()]
        assert all(by_member[k].train.keys() == {"loss", "accuracy"} for k in range(3))
        if stack.ids:
            found = by_member[0].val["roc_auc"]
            part = rows[0].val
            network = stack.evaluated.take([stack.ids.index(0)])
            y, _ = outputs(network, RowSource([part]), stack.shared.objective)
            truth = part.targets.argmax(1).numpy()
            kind = {"multi_class": "ovr"} if y.shape[1] > 2 else {}
            scores = y.numpy() if y.shape[1] > 2 else y[:, 1].numpy()
            assert found == pytest.approx(roc_auc_score(truth, scores, **kind))


def test_an_ensemble_is_measured_by_its_mean() -> None:
    rows = dataset("gaussians", label_noise=0.4, train_rows=20, val_fraction=0.3)
    stack = Stack([member(rows, monitor="log_loss", epochs=1)], shared(ensemble=2))
    (epoch,) = fit_monitored(stack)
    record = epoch.members[0]
    assert record.val["log_loss"] == pytest.approx(record.val["loss"])


def test_without_validation_rows_it_is_that_of_the_training_rows() -> None:
    rows = dataset("gaussians", train_rows=20, val_fraction=0.0)
    (epoch, *_) = fit_monitored(Stack([member(rows, monitor="f1")], shared()))
    assert epoch.members[0].val == {}
    assert 0 <= epoch.members[0].train["f1"] <= 1


def test_what_sums_give_takes_no_second_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main metric, and for numbers all of them."""
    monkeypatch.setattr("mlp_lab.engine.monitoring._outputs", None)
    rows = dataset("gaussians", train_rows=20, val_fraction=0.2)
    for monitor in ("loss", "metric", "accuracy"):
        assert len(list(fit_monitored(Stack([member(rows, monitor=monitor)], shared())))) == 3
