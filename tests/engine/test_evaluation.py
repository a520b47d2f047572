"""Losses and metrics against NumPy by hand; neither batches nor chunks change them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from stacks import dataset, evaluate, member, shared, train

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.engine import evaluation
from mlp_lab.engine.evaluation import TargetScale, sums_over_rows
from mlp_lab.engine.row_source import RowSource
from mlp_lab.metrics.epoch import METRICS, Scores
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

CASES = [
    ("sine", Objective("linear", "mse")),
    ("diabetes", Objective("linear", "mae")),
    ("moons", Objective("sigmoid", "bce")),
    ("moons", Objective("softmax", "cce")),
    ("breast_cancer", Objective("linear", "mse")),
    ("gaussians", Objective("softmax", "cce")),
    ("wine", Objective("sigmoid", "mse")),
    ("iris", Objective("linear", "mae")),
]


def network(dataset: Dataset, output: str) -> MLP:
    """Three uneven members with random weights."""
    n_in, n_out = dataset.train.inputs.shape[1], dataset.schema.target.outputs
    stack = MLP(
        [[n_in, 5, n_out], [n_in, 2, n_out], [n_in, 7, n_out]],
        activations=["sigmoid"],
        output=output,
        dtype=torch.float64,
    )
    stack.initialise(["torch"] * 3, [torch.Generator().manual_seed(k) for k in range(3)])
    return stack


def by_hand(model: MLP, k: int, part: Part, objective: Objective, dataset: Dataset) -> Scores:
    """Scores of a member in NumPy, numbers in the target's own units."""
    y: Floats = model.member(k)(part.inputs).detach().numpy()
    t: Floats = part.targets.numpy()
    if objective.loss in ("mse", "mae"):
        error = y - t
        loss = float(np.mean(error**2 if objective.loss == "mse" else np.abs(error)))
    elif objective.loss == "bce":
        loss = float(-np.mean(t * np.log(y) + (1 - t) * np.log(1 - y)))
    else:
        loss = float(-np.mean(np.sum(t * np.log(y), axis=1)))
    target = dataset.schema.target
    if target.task != "regression":
        guess, label = (y > 0.5, t == 1) if y.shape[1] == 1 else (y.argmax(1), t.argmax(1))
        return {"loss": loss, "accuracy": float(np.mean(guess == label))}
    own_y, own_t = target.decode(y), target.decode(t)
    error = own_y - own_t
    return {
        "loss": loss,
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": float(1 - np.sum(error**2) / np.sum((own_t - own_t.mean()) ** 2)),
    }


@pytest.mark.parametrize("numbers", [1, 30, 500, 2**22])
@pytest.mark.parametrize(("name", "objective"), CASES)
def test_scores_by_hand_in_any_chunks(
    *, monkeypatch: pytest.MonkeyPatch, name: str, objective: Objective, numbers: int
) -> None:
    """Shared rows, and ragged ones."""
    monkeypatch.setattr(evaluation, "EVALUATED_NUMBERS", numbers)
    rows = dataset(name, objective.output)
    model = network(rows, objective.output)
    target = rows.schema.target
    for parts in ([rows.train] * 3, [rows.train, rows.test, rows.val]):
        found = evaluate(model, RowSource(parts), objective, [target] * 3)
        for k, scores in enumerate(found):
            assert list(scores) == ["loss", *METRICS[target.task]]
            assert scores == pytest.approx(by_hand(model, k, parts[k], objective, rows), rel=1e-10)


def test_empty_part_has_no_scores() -> None:
    """No validation rows, no validation scores."""
    rows = dataset("sine", val_fraction=0.0)
    model = network(rows, "linear")
    assert len(rows.val) == 0
    sums_of_none = sums_over_rows(
        model,
        RowSource([rows.val] * 3),
        Objective("linear", "mse"),
        TargetScale([rows.schema.target] * 3),
    )
    assert not sums_of_none.any()


def test_scores_do_not_follow_batches_or_chunks(*, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that do not move score alike in every epoch, whatever the batch size."""
    rows = dataset("gaussians")
    seen = []
    for batch_size, numbers in ((16, 2**22), (7, 2**22), (None, 2**22), (16, 10)):
        monkeypatch.setattr(evaluation, "EVALUATED_NUMBERS", numbers)
        still = type(member(rows).optimizer)
        one = member(
            rows,
            dropout=0.5,
            optimizer=still(name="sgd", lr=1e-300, weight_decay=0.0, l1=0.0, clip_norm=None),
        )
        (result,) = train([one], shared(batch_size=batch_size))
        seen += [(record.train, record.val) for record in result.records]
    for train_scores, val_scores in seen[1:]:
        assert train_scores == pytest.approx(seen[0][0], rel=1e-12)
        assert val_scores == pytest.approx(seen[0][1], rel=1e-12)


def test_records_hold_what_evaluate_finds() -> None:
    """The last epoch's scores are those of the final weights, without dropout."""
    rows = dataset("diabetes")
    objective = Objective("linear", "mse")
    one = member(rows, dropout=0.3)
    (result,) = train([one], shared(objective=objective))
    model = MLP([one.sizes], activations=["tanh", "relu"], output="linear", dtype=torch.float64)
    names = ["hidden_0", "hidden_1", "output"]
    for layer, name in enumerate(names):
        model.layers.weights[layer][0] = result.final[f"{name}.weight"].t()
        model.layers.biases[layer][0, 0] = result.final[f"{name}.bias"]
    for scores, part in (
        (result.records[-1].train, rows.train),
        (result.records[-1].val, rows.val),
    ):
        assert scores == pytest.approx(by_hand(model, 0, part, objective, rows), rel=1e-10)
        expected = F.mse_loss(model.member(0)(part.inputs), part.targets).item()
        assert scores["loss"] == pytest.approx(expected, rel=1e-10)


def test_outputs_of_all_rows_are_one_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is computed at once; small ones among large ones would keep their memory."""
    data, objective = dataset("wine"), Objective("softmax", "cce")
    model, source = network(data, "softmax").take([1]), RowSource([data.train])
    whole = evaluation.outputs(model, source, objective)
    monkeypatch.setattr(evaluation, "rows_at_once", lambda _: 7)
    parted = evaluation.last_pre_activations(model, source, objective)
    assert len(parted) == -(-len(data.train) // 7)
    assert len({piece.untyped_storage().data_ptr() for piece in parted}) == 1
    for found, wanted in zip(evaluation.outputs_of(parted, source, objective), whole, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
