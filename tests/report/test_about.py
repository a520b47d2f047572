"""What was trained on what, in words."""

import copy
from typing import Any

import pytest
from lab import values_of

from mlp_lab.report.about import about_run, rows_of, source_of

RESULT: dict[str, Any] = {
    "status": "completed",
    "epochs_run": 1,
    "best_epoch": 1,
    "seconds": 0.5,
    "parameters": 12345,
    "output": "softmax",
    "loss": "cce",
    "rows": {"train": 1200, "val": 0, "test": 30},
    "train": {"loss": 0.5, "accuracy": 0.9},
    "val": {},
}
SCHEMA = {"network": {"sizes": [4, 1000, 3]}}


def test_a_run_in_words() -> None:
    """Parts without rows are left out; layers may differ."""
    words = ("data=iris", "model.depth=2", "model.activation=[relu,tanh]", "batch_size=full")
    found = about_run(values_of(*words, "schedule=cosine"), RESULT, SCHEMA)
    assert found == {
        "data": "iris",
        "rows": "1,200 training, 30 test",
        "network": "4 → 1,000 → 3 units (12,345 parameters)",
        "activation": "relu, tanh",
        "output, loss": "softmax, cce",
        "optimizer": "adam, learning rate 0.001, cosine schedule, all rows in each step",
        "training": "completed after 1 epoch and 0.5 s",
        "weights": "of epoch 1, the best one",
    }


def test_a_run_that_diverged() -> None:
    """No epoch was the best; a linear model has no activation."""
    result = copy.deepcopy(RESULT) | {"status": "diverged", "best_epoch": 0}
    result["diverged"] = {"epoch": 1, "step": 2, "lr": 10.0}
    found = about_run(values_of("data=iris", "model=perceptron"), result, SCHEMA)
    assert "activation" not in found
    assert "weights" not in found
    assert found["training"].startswith("diverged in epoch 1, step 2, at learning rate 10 after")


@pytest.mark.parametrize(
    ("monitor", "known", "words"),
    [
        ("metric", {"accuracy": 0.5}, "of epoch 1, the best one by accuracy"),
        ("roc_auc", {"accuracy": 0.5, "roc_auc": 0.5}, "of epoch 1, the best one by ROC AUC"),
        (
            "roc_auc",
            {"accuracy": 0.5, "roc_auc": None},
            "of epoch 1, the last: ROC AUC was known in none",
        ),
    ],
)
def test_what_chose_the_weights(monitor: str, known: dict[str, Any], words: str) -> None:
    """A score by its name; one that was never known chose nothing."""
    result = RESULT | {"val": {"loss": 0.5, **known}}
    found = about_run(values_of("data=iris", f"stop.monitor={monitor}"), result, SCHEMA)
    assert found["weights"] == words


def test_where_rows_come_from() -> None:
    """A table is known by its file."""
    assert source_of({"name": "table", "path": "a.csv"}) == "a.csv"
    assert source_of({"name": "iris"}) == "iris"
    assert rows_of({"rows": {"train": 1}}) == "1 training"
