"""A baseline that needs no training: the mean of the ten nearest training rows."""

import torch

from mlp_lab.data.dataset import Dataset
from mlp_lab.metrics.skill import skill_of_outputs

NEIGHBOURS = 10
TRAIN_ROWS = 4000
VAL_ROWS = 1000
"""Rows looked at, evenly over all: distances to more take longer than a small network trains."""


@torch.inference_mode()
def neighbours_skill(dataset: Dataset) -> float:
    """Skill on validation rows of the mean of their nearest training rows."""
    train, val = dataset.train.some(TRAIN_ROWS), dataset.val.some(VAL_ROWS)
    distances = torch.cdist(val.inputs, train.inputs)  # (V, T)
    nearest = distances.topk(min(NEIGHBOURS, len(train)), largest=False).indices
    return skill_of_outputs(dataset.schema.target, train.targets[nearest].mean(1), val)
