"""Permutation importance by hand."""

import numpy as np
import pytest
import torch
from lab import prepared_dataset
from sklearn.metrics import r2_score

from mlp_lab.data.dataset import Part
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.permutation_importance import errors_by_row, permutation_importance


def test_importance_of_columns_by_hand() -> None:
    """A column that the network does not read costs nothing; one that is all it reads costs all."""
    _, dataset = prepared_dataset("data=diabetes")
    schema, val = dataset.schema, dataset.val
    rows = Part(val.inputs, val.inputs[:, 2:3])  # the third column is the answer
    found = permutation_importance(lambda x: x[:, 2:3], rows, schema, schema.target)
    names = [entry.column.name for entry in schema.inputs]
    assert list(found) == names
    for name in set(names) - {names[2]}:
        assert (found[name].mean, found[name].low, found[name].high) == (0, 0, 0)
    lost = found[names[2]]
    assert lost.mean == pytest.approx(2, abs=0.3)  # errors of two independent draws
    assert 1 < lost.low < lost.mean < lost.high < 4


def test_what_is_lost_is_the_score() -> None:
    """Shares of errors are 1 - R2 of scikit-learn, also with weights; for classes wrong ones."""
    _, dataset = prepared_dataset("data=diabetes")
    schema, val = dataset.schema, dataset.val
    weights = torch.rand(len(val), generator=torch.Generator().manual_seed(0)).to(val.inputs)
    rows = Part(val.inputs, val.targets, weights)
    y = val.targets + 0.3 * val.inputs[:, :1]
    errors, totals = errors_by_row(schema.target, y, rows)
    share = (weights.numpy() @ errors) / (weights.numpy() @ totals)
    wanted = r2_score(val.targets.numpy(), y.numpy(), sample_weight=weights.numpy())
    assert 1 - share[0] == pytest.approx(wanted, abs=1e-5)
    _, dataset = prepared_dataset("data=iris")
    val = dataset.val
    wrong, totals = errors_by_row(dataset.schema.target, val.targets.roll(1, 0), val)
    truth = val.targets.argmax(1)
    assert wrong.mean() == pytest.approx((truth.roll(1) != truth).double().mean().item())
    assert set(totals.ravel()) == {1.0}


def test_no_rows_have_no_importance() -> None:
    """Nor has a part without any."""
    _, dataset = prepared_dataset("data=diabetes", "data.val_fraction=0")
    schema = dataset.schema
    assert permutation_importance(lambda x: x, dataset.val, schema, schema.target) == {}


def test_rows_that_were_sampled_together() -> None:
    """An interval of copies is as wide as that of what they copy, not narrower by their number."""
    _, dataset = prepared_dataset("data=diabetes")
    schema, val = dataset.schema, dataset.val.some(40)
    inputs, targets = val.inputs.repeat(6, 1), val.inputs[:, 2:3].repeat(6, 1)
    copies = SurveyDesign(np.tile(np.arange(40), 6), None, "house")
    lost = [
        permutation_importance(
            lambda x: x[:, 2:3], Part(inputs, targets, design=design), schema, schema.target
        )[schema.inputs[2].column.name]
        for design in (None, copies)
    ]
    assert lost[0].mean == lost[1].mean
    assert lost[1].high - lost[1].low > 1.3 * (lost[0].high - lost[0].low)
