"""Batched products. Rows of few numbers are computed, and kept, the other way round.

A row that is shorter than a vector register leaves it unfilled: multiplying the transposed
matrices takes a third of the time, and the result lies so that a softmax takes a tenth of its own.

Factors may come in a lower precision than what is made of them (Micikevicius and others, Mixed
Precision Training, 2018): the product is rounded to it, and everything else is not.
"""

import torch
from torch import Tensor

from mlp_lab.network.losses import NARROW


def empty_product(like: Tensor, rows: int, columns: int) -> Tensor:
    """Memory for a product, (K, rows, columns), with the members and the dtype of `like`."""
    members = len(like)
    if columns < NARROW:
        return like.new_empty(members, columns, rows).mT
    return like.new_empty(members, rows, columns)


def matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    """a b, (K, r, m) x (K, m, c) -> (K, r, c); a narrow `out` is best what `empty_product` gave."""
    if a.dtype != out.dtype:
        return out.copy_(torch.bmm(a, b))
    if b.shape[-1] >= NARROW:
        return torch.bmm(a, b, out=out)
    if out.mT.is_contiguous():
        return torch.bmm(b.mT, a.mT, out=out.mT).mT
    return out.copy_(torch.bmm(b.mT, a.mT).mT)


def affine(h: Tensor, weight: Tensor, bias: Tensor, out: Tensor | None = None) -> Tensor:
    """beta + h Omega, (K, B, n), as precise as beta; `out` is what `empty_product` gave."""
    if h.dtype != bias.dtype:
        return torch.add(torch.bmm(h, weight), bias, out=out)
    if weight.shape[-1] < NARROW:
        turned = None if out is None else out.mT
        return torch.baddbmm(bias.mT, weight.mT, h.mT, out=turned).mT
    return torch.baddbmm(bias, h, weight, out=out)


def lowered(factor: Tensor, autocast: torch.dtype | None) -> Tensor:
    """A factor of a product in the lower precision; itself where there is none."""
    return factor if autocast is None else factor.to(autocast)
