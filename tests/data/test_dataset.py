"""Encoded rows as tensors."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from lab import configure

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import encode
from mlp_lab.data.splitting import split_rows
from mlp_lab.data.survey_design import SurveyDesign

CPU = torch.device("cpu")


def iris(*, weighted: bool) -> Dataset:
    """Of iris, in float64; flower i weighs 1 + i."""
    config = configure("data=iris").data
    raw = load_rows(config)
    if weighted:
        raw = replace(raw, weights=np.arange(1.0, 1 + len(raw.target)))
    encoded = encode(raw, split_rows(raw, config), config, "softmax", "float64")
    return Dataset.of(encoded, torch.float64, CPU)


def test_tensors_are_the_encoded_rows() -> None:
    """In every part; where all rows count the same, there are no weights."""
    dataset = iris(weighted=False)
    assert [len(part) for part in (dataset.train, dataset.val, dataset.test)] == [98, 22, 30]
    assert dataset.train.inputs.shape == (98, 4)
    assert dataset.train.targets.sum(1).tolist() == [1.0] * 98
    assert dataset.train.weights is None


def test_weights_of_training_rows_have_mean_1() -> None:
    """Those of other parts keep the same unit."""
    dataset = iris(weighted=True)
    assert dataset.train.weights is not None
    assert dataset.test.weights is not None
    assert float(dataset.train.weights.mean()) == pytest.approx(1)
    ratio = dataset.test.weights[1] / dataset.test.weights[0]
    split = split_rows(load_rows(configure("data=iris").data), configure("data=iris").data)
    assert float(ratio) == pytest.approx((1 + split.test[1]) / (1 + split.test[0]))


def test_some_rows_are_spread_over_all() -> None:
    """With their weights; all of them where there are few enough."""
    rows = torch.arange(10.0)
    part = Part(rows[:, None], rows[:, None] * 2, rows, rows)
    few = part.some(4)
    assert few.inputs[:, 0].tolist() == [0, 3, 6, 9]
    assert few.targets[:, 0].tolist() == [0, 6, 12, 18]
    assert few.weights is not None
    assert few.weights.tolist() == [0, 3, 6, 9]
    assert part.some(10) is part


def test_some_rows_have_their_clusters() -> None:
    """Where they were sampled in such."""
    rows = torch.arange(10.0)
    design = SurveyDesign(np.arange(10) // 3, None, "school")
    part = Part(rows[:, None], rows[:, None], design=design)
    own = part.some(4).design
    assert own is not None
    assert own.clusters is not None
    assert own.clusters.tolist() == [0, 1, 2, 3]
    assert own.cluster == "school"
