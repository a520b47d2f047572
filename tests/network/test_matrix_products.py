"""Products of narrow and of wide matrices, in every layout they are kept in."""

import pytest
import torch

from mlp_lab.network.losses import LOSSES, NARROW, OUTPUTS, softmax
from mlp_lab.network.matrix_products import affine, empty_product, matmul

WIDTHS = (1, 2, NARROW - 1, NARROW, NARROW + 3)
MEMBERS, ROWS, INNER = 3, 5, 7

every_width = pytest.mark.parametrize("columns", WIDTHS)


def drawn(*shape: int) -> torch.Tensor:
    """Of the same numbers each time."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@every_width
def test_products_are_matrix_products(columns: int) -> None:
    """Into memory that lies the other way round where narrow, and into memory that does not."""
    a, b = drawn(MEMBERS, ROWS, INNER), drawn(MEMBERS, INNER, columns)
    turned = empty_product(a, ROWS, columns)
    assert turned.shape == (MEMBERS, ROWS, columns)
    assert turned.mT.is_contiguous() == (columns < NARROW)
    for out in (turned, torch.empty(MEMBERS, ROWS, columns, dtype=a.dtype)):
        found = matmul(a, b, out=out)
        torch.testing.assert_close(found, a @ b, rtol=1e-13, atol=1e-13)
        torch.testing.assert_close(out, found, rtol=0, atol=0)


@every_width
def test_transposed_factors(columns: int) -> None:
    """As the backward pass has them: h^T dL/df and dL/df Omega^T."""
    h, d_f = drawn(MEMBERS, ROWS, columns), drawn(MEMBERS, ROWS, INNER)
    kept = empty_product(h, ROWS, columns).copy_(h)
    for layout in (h, kept):
        out = torch.empty(MEMBERS, INNER, columns, dtype=h.dtype)
        matmul(d_f.mT, layout, out=out)
        torch.testing.assert_close(out, d_f.mT @ h, rtol=1e-13, atol=1e-13)


@every_width
def test_affine(columns: int) -> None:
    """With memory and without, of rows that members share, and with gradients for autograd."""
    h, weight, bias = (
        drawn(1, ROWS, INNER),
        drawn(MEMBERS, INNER, columns),
        drawn(MEMBERS, 1, columns),
    )
    expected = bias + h @ weight
    shared = h.expand(MEMBERS, ROWS, INNER)
    out = empty_product(bias, ROWS, columns)
    affine(shared, weight, bias, out=out)
    for found in (out, affine(shared, weight, bias)):
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)
    weight.requires_grad_()
    (gradient,) = torch.autograd.grad(affine(shared, weight, bias).sum(), weight)
    expected = shared.sum(1).unsqueeze(-1).expand_as(weight)
    torch.testing.assert_close(gradient, expected, rtol=1e-13, atol=1e-13)


@every_width
def test_softmax_and_cross_entropy_are_torchs(columns: int) -> None:
    """In both layouts."""
    f, target = drawn(MEMBERS, ROWS, columns), torch.eye(columns, dtype=torch.float64)[0]
    for layout in (f, empty_product(f, ROWS, columns).copy_(f)):
        torch.testing.assert_close(softmax(layout), f.softmax(-1), rtol=1e-14, atol=1e-15)
        rows = LOSSES["cce"].rows(OUTPUTS["softmax"], layout, target.expand_as(f))
        torch.testing.assert_close(rows, -f.log_softmax(-1)[..., 0], rtol=1e-14, atol=1e-14)
