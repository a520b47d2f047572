"""Skill of the truth, of the best constant, and of metrics."""

import math
from pathlib import Path

import pytest
from lab import prepared_dataset
from several import LABELS, NUMBERS, words

from mlp_lab.metrics.skill import skill, skill_of_outputs


def test_skill_of_what_is_known() -> None:
    """0 for the best constant, 1 for the truth."""
    for data in ("diabetes", "wine", "breast_cancer"):
        _, dataset = prepared_dataset(f"data={data}")
        target, rows = dataset.schema.target, dataset.val
        assert skill_of_outputs(target, rows.targets, rows) == pytest.approx(1)
        constant = rows.targets.mean(0, keepdim=True).expand_as(rows.targets)
        assert skill_of_outputs(target, constant, rows) == pytest.approx(0, abs=1e-9)


def test_skill_of_metrics() -> None:
    """Worse than the constant is below 0; where nothing can be gained there is none."""
    assert skill({"accuracy": 0.5}, {"accuracy": 0.75}) == -1
    assert skill({"accuracy": 1.0}, {"accuracy": 1.0}) == 0
    assert skill({"r2": math.nan}, {"r2": math.nan}) == 0
    assert skill({"r2": -0.5}, {"r2": 0.0}) == -0.5


def test_skill_of_several_targets(tmp_path: Path) -> None:
    """1 for the truth, 0 for the best constant of each; one that is right alone has its share."""
    for kind in (NUMBERS, LABELS):
        _, dataset = prepared_dataset(*words(tmp_path, *kind))
        target, rows = dataset.schema.target, dataset.val
        assert skill_of_outputs(target, rows.targets, rows) == pytest.approx(1)
        constant = rows.targets.mean(0, keepdim=True).expand_as(rows.targets)
        assert skill_of_outputs(target, constant, rows) == pytest.approx(0, abs=1e-9)
        half = constant.clone()
        half[:, 0] = rows.targets[:, 0]
        found = skill_of_outputs(target, half, rows)
        assert found == pytest.approx(0.5) if kind == NUMBERS else 0 < found < 1
