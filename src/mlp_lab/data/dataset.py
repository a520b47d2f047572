"""Encoded rows as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_lab.data.encoding import Encoded, Schema


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Training, validation or test rows: inputs (N, D), targets (N, C)."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """All parts of one encoding; members of a stack that train on the same rows share it."""

    train: Part
    val: Part
    test: Part
    schema: Schema

    @classmethod
    def of(cls, encoded: Encoded, dtype: torch.dtype, device: torch.device) -> Dataset:
        """Put every part on a device."""
        train, val, test = (
            Part(*(torch.as_tensor(array, dtype=dtype, device=device) for array in arrays))
            for arrays in (encoded.train, encoded.val, encoded.test)
        )
        return cls(train, val, test, encoded.schema)

    @property
    def target_scale(self) -> float:
        """Units of the target in one unit of the network's output; 1 for classes."""
        scaling = self.schema.target_scaling
        return 1.0 if scaling is None else scaling.scale[0]
