"""Layer normalisation of padded members against torch's, member by member."""

import torch

from mlp_lab.network.normalisation import EPS, LayerNorm, Units, layer_norm

WIDTHS = [5, 2, 3]


def numbers(*shape: int) -> torch.Tensor:
    """Some of them far from zero."""
    generator = torch.Generator().manual_seed(3)
    return 5 * torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_each_member_is_as_alone() -> None:
    """Values and derivatives are those of torch at a member's own width; padding stays zero."""
    f, d_g = numbers(3, 7, 5), numbers(3, 7, 5)
    gain, shift = 1 + numbers(3, 1, 5), numbers(3, 1, 5)
    units = Units.of(WIDTHS, f)
    for tensor in (f, d_g, gain, shift):
        units.only(tensor)
    passes = LayerNorm(gain, shift, units)
    g, d_f = passes.forward(f), d_g.clone()
    d_gain, d_shift = torch.full_like(gain, 7), torch.full_like(gain, 7)
    passes.backward(d_f, d_gain, d_shift)
    assert torch.equal(g, layer_norm(f, gain, shift, units))
    for k, width in enumerate(WIDTHS):
        own = [tensor[k, ..., :width].requires_grad_() for tensor in (f, gain[:, 0], shift[:, 0])]
        expected = torch.nn.functional.layer_norm(own[0], (width,), own[1], own[2], EPS)
        wanted = torch.autograd.grad(expected, own, d_g[k, :, :width])
        found = (d_f, d_gain[:, 0], d_shift[:, 0])
        torch.testing.assert_close(g[k, :, :width], expected)
        for mine, theirs in zip(found, wanted, strict=True):
            torch.testing.assert_close(mine[k, ..., :width], theirs, rtol=1e-10, atol=1e-10)
        assert all((tensor[k, ..., width:] == 0).all() for tensor in (g, *found))


def test_equal_widths_need_no_mask() -> None:
    """Nothing is multiplied where no unit is padding."""
    units = Units.of([4, 4], numbers(1))
    assert (units.count, units.real) == (4.0, None)
    assert units.first(1) == units
