"""Rows before they are split and encoded."""

from dataclasses import replace

import numpy as np
import pytest

from mlp_lab.data.columns import Column, classified, numeric
from mlp_lab.data.rows import RawData


@pytest.mark.parametrize(
    ("classes", "task"),
    [(None, "regression"), (["a", "b"], "binary"), (["a", "b", "c"], "multiclass")],
)
def test_the_task_follows_from_the_classes(classes: list[str] | None, task: str) -> None:
    """Two of them are told apart by one output."""
    target = Column(name="y") if classes is None else classified("y", classes)
    raw = RawData(np.zeros((4, 2)), np.zeros(4), numeric(["a", "b"]), [target])
    assert raw.task == task
    assert raw.nbytes == 8 * (4 * 2 + 4)


def test_the_fingerprint_tells_how_values_are_read() -> None:
    """As version 0.1.0 wrote it: columns, target and classes."""
    raw = RawData(np.zeros((4, 1)), np.zeros(4), numeric(["a"]), numeric(["y"]))
    x, y = numeric(["a"])[0].fingerprint, Column(name="y").fingerprint
    assert raw.fingerprint == f"([{x}], {y}, None)"
    assert replace(raw, columns=numeric(["b"])).fingerprint != raw.fingerprint


def test_several_targets_are_apart() -> None:
    """Each column by itself; strata are the combinations of labels that occur."""
    labels = [classified(name, ["no", "yes"]) for name in "ab"]
    target = np.array([[0.0, 1], [1, 1], [0, 1], [0, 0]])
    raw = RawData(np.zeros((4, 1)), target, numeric(["x"]), labels)
    assert raw.task == "multilabel"
    assert [(column.name, values.tolist()) for column, values in raw.targets] == [
        ("a", [0, 1, 0, 0]),
        ("b", [1, 1, 1, 0]),
    ]
    assert raw.strata is not None
    first, second, third, fourth = raw.strata.tolist()
    assert (first == third, len({first, second, fourth})) == (True, 3)
    numbers = replace(raw, target_columns=numeric(["a", "b"]))
    assert (numbers.task, numbers.strata) == ("regression", None)
    assert numbers.fingerprint != raw.fingerprint
