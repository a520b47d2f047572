"""Encoded rows as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.preprocessing import EncodedData, EncodedPart
from mlp_lab.data.schema import Schema
from mlp_lab.data.survey_design import SurveyDesign


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Training, validation or test rows: inputs (N, D), targets (N, C).

    Where rows differ in weight, `weights` (N,) counts in metrics and `loss_weights` (N,) in the
    loss; their mean over the training rows is 1. `on_disk`: its inputs lie in a file, where single
    rows are far apart. `design`: what intervals of its scores resample, if not rows.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None
    loss_weights: Tensor | None = None
    on_disk: bool = False
    design: SurveyDesign | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def some(self, most: int) -> Part:
        """At most so many of the rows, evenly over all."""
        if len(self) <= most:
            return self
        return self.at(torch.linspace(0, len(self) - 1, most).round().long())

    def at(self, rows: Tensor) -> Part:
        """Rows by their positions, (N,)."""
        index = rows.to(self.inputs.device)
        weights, loss_weights = (
            None if part is None else part[index] for part in (self.weights, self.loss_weights)
        )
        design = None if self.design is None else self.design.at(rows.cpu().numpy())
        own = self.inputs[index], self.targets[index], weights, loss_weights
        return Part(*own, design=design)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """All parts of one encoding; members of a stack that train on the same rows share it.

    `schema` says what its inputs and targets mean.
    """

    train: Part
    val: Part
    test: Part
    schema: Schema

    @classmethod
    def of(cls, encoded: EncodedData, dtype: torch.dtype, device: torch.device) -> Dataset:
        """The tensors of every part, on a device."""
        means = [
            1.0 if weights is None else float(np.mean(weights))
            for weights in (encoded.train.weights, encoded.train.loss_weights)
        ]
        tensor = partial(torch.as_tensor, dtype=dtype, device=device)

        def tensors(part: EncodedPart) -> Part:
            inputs, targets = tensor(part.inputs), tensor(part.targets)
            on_disk = part.files is not None and device.type == "cpu"
            if part.weights is None or part.loss_weights is None:
                return Part(inputs, targets, on_disk=on_disk, design=part.design)
            weights, loss_weights = tensor(part.weights), tensor(part.loss_weights)
            own = weights / means[0], loss_weights / means[1]
            return Part(inputs, targets, *own, on_disk=on_disk, design=part.design)

        train, val, test = map(tensors, (encoded.train, encoded.val, encoded.test))
        return cls(train, val, test, encoded.schema)
