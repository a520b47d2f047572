"""Permutation importance by hand."""

import pytest
import torch
from lab import prepared_dataset

from mlp_lab.data.dataset import Part
from mlp_lab.metrics.permutation_importance import permutation_importance


def test_importance_of_columns_by_hand() -> None:
    """A column that the network does not read costs nothing; one that is all it reads costs all."""
    _, dataset = prepared_dataset("data=diabetes")
    val = dataset.val
    rows = Part(val.inputs, val.inputs[:, 2:3])  # the third column is the answer

    def score(y: torch.Tensor, part: Part) -> float:
        return 1 - float((y - part.targets).square().mean() / part.targets.var(correction=0))

    found = permutation_importance(lambda inputs: inputs[:, 2:3], rows, dataset.schema, score)
    names = [entry.column.name for entry in dataset.schema.inputs]
    assert list(found) == names
    assert all(found[name] == 0 for name in names if name != names[2])
    assert found[names[2]] == pytest.approx(2, abs=0.3)  # errors of two independent draws


def test_no_rows_have_no_importance() -> None:
    """Nor has a part without any."""
    _, dataset = prepared_dataset("data=diabetes", "data.val_fraction=0")
    assert permutation_importance(lambda x: x, dataset.val, dataset.schema, lambda y, rows: 0) == {}
