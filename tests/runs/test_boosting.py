"""Gradient boosting as a baseline, against scikit-learn's own."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import BARE, command, configure, prepared_dataset
from several import LABELS, NUMBERS, words
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss
from stacks import dataset
from surveys import config_of, survey, written
from threadpoolctl import threadpool_info

from mlp_lab.data.arrays import Floats
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.network.losses import Objective
from mlp_lab.runs import boosting as module
from mlp_lab.runs.boosting import Boosting, boosting, is_wanted
from mlp_lab.runs.scoring import score_outputs


def fitted(rows: Dataset, objective: Objective, threads: int = 1) -> Boosting:
    """It can be."""
    found = boosting(rows, objective, threads)
    assert found is not None
    return found


@pytest.mark.parametrize(("loss", "theirs"), [("mse", "squared_error"), ("mae", "absolute_error")])
def test_numbers_are_scikit_learns(loss: str, theirs: str) -> None:
    """With the loss of the run; in the network's units, and scored in the target's own."""
    rows, objective = dataset("diabetes"), Objective("linear", loss)
    expected = HistGradientBoostingRegressor(loss=theirs, random_state=0)
    expected.fit(rows.train.inputs.numpy(), rows.train.targets.numpy()[:, 0])
    wanted = expected.predict(rows.test.inputs.numpy())
    y, losses = fitted(rows, objective).outputs(rows.test)
    assert y.numpy()[:, 0] == pytest.approx(wanted)
    errors = wanted - rows.test.targets.numpy()[:, 0]
    assert losses.numpy() == pytest.approx(errors**2 if loss == "mse" else np.abs(errors))
    scores = score_outputs(fitted(rows, objective).outputs, rows, objective)["test"].scores()
    unit = rows.schema.target.each[0].scaling.scale
    assert scores["rmse"] == pytest.approx(float(np.sqrt(np.mean(errors**2))) * unit)


def test_a_quantile_is_scikit_learns() -> None:
    """By the loss of the run, with its quantile."""
    rows, objective = dataset("diabetes"), Objective("linear", "quantile", (("quantile", 0.8),))
    expected = HistGradientBoostingRegressor(loss="quantile", quantile=0.8, random_state=0)
    expected.fit(rows.train.inputs.numpy(), rows.train.targets.numpy()[:, 0])
    y, _ = fitted(rows, objective).outputs(rows.test)
    assert y.numpy()[:, 0] == pytest.approx(expected.predict(rows.test.inputs.numpy()))


@pytest.mark.parametrize(
    ("name", "output", "loss"),
    [
        ("breast_cancer", "sigmoid", "bce"),
        ("breast_cancer", "softmax", "cce"),
        ("breast_cancer", "linear", "mse"),
        ("wine", "softmax", "cce"),
        ("wine", "linear", "mse"),
        ("wine", "sigmoid", "mse"),
    ],
)
def test_classes_are_scikit_learns(name: str, output: str, loss: str) -> None:
    """Outputs are its probabilities, and a cross-entropy is its log loss."""
    rows, objective = dataset(name, output), Objective(output, loss)
    one = rows.train.targets.shape[1] == 1
    labels = rows.train.targets.numpy()[:, 0] if one else rows.train.targets.numpy().argmax(1)
    expected = HistGradientBoostingClassifier(random_state=0)
    expected.fit(rows.train.inputs.numpy(), labels.astype(int))
    wanted = expected.predict_proba(rows.test.inputs.numpy())
    y, losses = fitted(rows, objective).outputs(rows.test)
    assert y.numpy() == pytest.approx(wanted[:, 1:] if one else wanted, abs=1e-9)
    truth = rows.test.targets.numpy()
    if loss in ("bce", "cce"):
        of_test = truth[:, 0] if one else truth.argmax(1)
        assert losses.mean().item() == pytest.approx(log_loss(of_test, wanted), rel=1e-6)
    else:
        assert losses.numpy() == pytest.approx(((y.numpy() - truth) ** 2).mean(1))


def test_weights_of_rows_count() -> None:
    """As scikit-learn's sample_weight."""
    rows = dataset("diabetes")
    weights = torch.linspace(0.1, 3, len(rows.train), dtype=torch.float64)
    weighted = replace(rows, train=replace(rows.train, weights=weights, loss_weights=weights))
    expected = HistGradientBoostingRegressor(random_state=0)
    inputs, targets = rows.train.inputs.numpy(), rows.train.targets.numpy()[:, 0]
    expected.fit(inputs, targets, sample_weight=weights.numpy())
    y, _ = fitted(weighted, Objective("linear", "mse")).outputs(rows.test)
    assert y.numpy()[:, 0] == pytest.approx(expected.predict(rows.test.inputs.numpy()))


@pytest.mark.parametrize(("output", "loss"), [("sigmoid", "mse"), ("softmax", "cce")])
def test_a_class_without_rows(output: str, loss: str) -> None:
    """It is as good as impossible, and its loss is finite."""
    rows = dataset("gaussians", output)
    rows.train.targets[:, 1] += rows.train.targets[:, 0]
    rows.train.targets[:, 0] = 0
    y, losses = fitted(rows, Objective(output, loss)).outputs(rows.test)
    assert y[:, 0].max() < 1e-12
    assert losses.isfinite().all()


def test_a_single_class() -> None:
    """There is nothing to fit."""
    rows = dataset("moons")
    rows.train.targets.zero_()
    assert boosting(rows, Objective("sigmoid", "bce"), 1) is None


def test_a_class_of_one_row_among_many() -> None:
    """Scikit-learn would put it into both parts of its own split, and fails."""
    rows = dataset("gaussians", rows=20_000, classes=3)
    rows.train.targets[:, 1] += rows.train.targets[:, 0]
    rows.train.targets[:, 0] = 0
    rows.train.targets[0] = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    assert len(rows.train) > 10_000
    y, _ = fitted(rows, Objective("softmax", "cce")).outputs(rows.test)
    assert y.sum(1).numpy() == pytest.approx(1)


def test_a_part_without_rows() -> None:
    """It has no outputs, and no scores."""
    rows = dataset("moons", val_fraction=0.0)
    objective = Objective("sigmoid", "bce")
    model = fitted(rows, objective)
    assert [tuple(values.shape) for values in model.outputs(rows.val)] == [(0, 1), (0,)]
    assert score_outputs(model.outputs, rows, objective)["val"].scores() == {}


def test_cost_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows evenly over all, trees of many classes, and rows predicted at once."""
    rows, objective = dataset("wine"), Objective("softmax", "cce")
    monkeypatch.setattr(module, "MOST_TREES", 20)
    monkeypatch.setattr(module, "MOST_NUMBERS", 13 * 80 + 12)
    sample = rows.train.some(80)
    expected = HistGradientBoostingClassifier(max_iter=6, random_state=0)
    expected.fit(sample.inputs.numpy(), sample.targets.numpy().argmax(1))
    model = fitted(rows, objective)
    y, _ = model.outputs(rows.test)
    assert y.numpy() == pytest.approx(expected.predict_proba(rows.test.inputs.numpy()), abs=1e-9)
    monkeypatch.setattr(module, "CHUNK", 7)
    assert torch.equal(model.outputs(rows.test)[0], y)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_those_of_the_run(threads: int) -> None:
    """Workers of a sweep must not take each other's cores; afterwards all is as it was."""
    seen: list[int] = []

    def predict(inputs: Floats) -> Floats:
        seen.extend(openmp_threads())
        return inputs[:, :1]

    before = openmp_threads()
    part = Part(torch.zeros(3, 1), torch.zeros(3, 1))
    Boosting(predict, Objective("linear", "mse"), threads).outputs(part)
    assert set(seen) == {threads}
    assert openmp_threads() == before


def openmp_threads() -> list[int]:
    """Of each library that has them."""
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "openmp"]


@pytest.mark.parametrize(
    ("setting", "rows", "wanted"),
    [*[("auto", 199, False), ("auto", 200, True)], *[("always", 2, True), ("never", 10**6, False)]],
)
def test_where_it_is_wanted(setting: str, rows: int, wanted: bool, tmp_path: Path) -> None:
    """Of a table, from so many training rows on, or as one says."""
    table = config_of(tmp_path / "t.csv", "data.target=y").data
    assert is_wanted(setting, table, rows) == wanted


def test_other_data_sets_are_taught_with() -> None:
    """They start as fast as they did."""
    from_code = configure("data=digits").data
    assert not is_wanted("auto", from_code, 10**6)
    assert is_wanted("always", from_code, 10)


@pytest.mark.parametrize(("rows", "loaded"), [(150, False), (400, True)])
def test_a_small_table_does_not_load_scikit_learn(rows: int, loaded: bool, tmp_path: Path) -> None:
    """It takes longer than training on it."""
    path = written(survey(rows), tmp_path)
    words = (f"data.path='{path}'", "data.target=voted", "data.drop=[remark,id]", "epochs=1")
    code = (
        "import sys; from mlp_lab.commands.train import main; main();"
        " print('sklearn.ensemble' in sys.modules)"
    )
    program = [sys.executable, "-W", "error", "-c", code]
    done = command(["data=table", *words, *BARE], tmp_path, program)
    assert (done.stdout, done.stderr) == (f"{loaded}\n", "")


@pytest.mark.parametrize("kind", [NUMBERS, LABELS])
def test_several_targets_have_trees_of_their_own(kind: tuple[str, ...], tmp_path: Path) -> None:
    """As each alone."""
    prepared, rows = prepared_dataset(*words(tmp_path, *kind))
    y, losses = fitted(rows, prepared.objective).outputs(rows.test)
    inputs, targets = rows.train.inputs.numpy(), rows.train.targets.numpy()
    for t in range(2):
        if kind == NUMBERS:
            number = HistGradientBoostingRegressor(random_state=0).fit(inputs, targets[:, t])
            wanted = number.predict(rows.test.inputs.numpy())
        else:
            label = HistGradientBoostingClassifier(random_state=0).fit(inputs, targets[:, t])
            wanted = label.predict_proba(rows.test.inputs.numpy())[:, 1]
        assert y.numpy()[:, t] == pytest.approx(wanted)
    assert losses.shape == (len(rows.test),)
