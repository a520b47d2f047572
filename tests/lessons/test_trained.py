"""What a trained network says of itself."""

import numpy as np
import pytest
from given import bench, networks

from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import table_of
from mlp_lab.lessons.trained import chosen, log_spaced_epochs, measured

WORDS = ["data=iris", "model=shallow", "epochs=4", "dtype=float64"]


def test_what_it_predicts_is_what_its_last_epoch_scored() -> None:
    """The weights are those after the last epoch, and rows are encoded as in training."""
    (network,) = networks([*WORDS, "model.width=6"])
    val = network.problem.encoded.val
    right = network.outputs(val.inputs).argmax(1) == val.targets.argmax(1)
    assert right.mean() == pytest.approx(network.last("val_accuracy"))
    (rows,) = networks(["data=diabetes", "model.width=6", "epochs=3", "dtype=float64"])
    val = rows.problem.encoded.val
    truth = rows.problem.encoded.schema.target.decode(val.targets)
    rmse = np.sqrt(np.mean((rows.predicted(val.inputs) - truth) ** 2))
    assert rmse == pytest.approx(rows.last("val_rmse"))


def test_the_best_epochs_weights_are_those_that_early_stopping_keeps() -> None:
    """Of the least validation loss, or of the best metric, as the settings have it."""
    words = [*WORDS[:2], "epochs=12", "dtype=float64", "optimizer.lr=0.2", "model.width=6"]
    by_loss, by_metric = networks(words, [*words, "stop.monitor=metric"])
    assert by_loss.outcome.best_epoch == 1 + int(by_loss.curve("val_loss").argmin())
    assert by_metric.outcome.best_epoch == 1 + int(by_metric.curve("val_accuracy").argmax())
    assert by_loss.outcome.best_epoch < 12
    for network in (by_loss, by_metric):
        val = network.problem.encoded.val
        right = network.at_best.outputs(val.inputs).argmax(1) == val.targets.argmax(1)
        there = network.curve("val_accuracy")[network.outcome.best_epoch - 1]
        assert right.mean() == pytest.approx(there)


def test_its_function_and_its_fit() -> None:
    (network,) = networks(["data=sine", "data.periods=2", "model.width=3", "epochs=2"])
    x = np.linspace(-1, 1, 9)
    fit = network.fit(x)
    assert fit["truth"] == pytest.approx(-np.sin(2 * np.pi * x))
    assert fit["fit"].tolist() == network.predicted(x[:, None]).tolist()


def test_tables_of_networks() -> None:
    """Labels stand before what is measured, and choose networks again."""
    (found,) = bench().train(grid(WORDS, range(2), width=varied("model.width", (2, 3))))
    table = measured(found, lambda network: {"width": network.sizes[1], "size": network.parameters})
    assert table.columns.tolist() == ["width", "seed", "size"]
    assert table["size"].tolist() == [19, 19, 27, 27]
    best = table_of([{"seed": 0, "width": 3, "size": 0}, {"seed": 1, "width": 2, "size": 0}])
    assert chosen(found, best) == [found[1], found[2]]


def test_epochs_are_spaced_by_ratios() -> None:
    epochs = log_spaced_epochs(1000)
    assert (epochs[0], epochs[-1]) == (1, 1000)
    assert len(epochs) <= 40
    assert np.diff(np.log(epochs[-10:])) == pytest.approx(np.log(1000) / 39, rel=0.05)
