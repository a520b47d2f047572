"""Normalisation of padded members against torch's, member by member."""

import torch

from mlp_lab.network.architecture import EPS
from mlp_lab.network.normalisation import BatchNorm, LayerNorm, Rows, Units, layer_norm

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
    g, d_f = passes.forward(f, Rows(7.0, None)), d_g.clone()
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


def test_parts_of_gated_units() -> None:
    """Of a narrow member, the first columns of each part count, and no others."""
    units = Units.of([3, 1], numbers(1), parts=2)
    assert units.real is not None
    assert units.real[:, 0].tolist() == [[1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 0, 0]]
    assert isinstance(units.count, torch.Tensor)
    assert units.count.flatten().tolist() == [6, 2]
    assert Units.of([3, 3], numbers(1), parts=2).count == 6


def test_equal_widths_need_no_mask() -> None:
    """Nothing is multiplied where no unit is padding."""
    units = Units.of([4, 4], numbers(1))
    assert (units.count, units.real) == (4.0, None)
    assert units.first(1) == units


def test_batches_of_different_lengths() -> None:
    """Values, derivatives and running averages are torch's over a member's own rows.

    One row alone is normalised by the running averages, and leaves them; padded rows get no
    gradient.
    """
    f, d_g = numbers(4, 7, 5), numbers(4, 7, 5)
    gain, shift = 1 + numbers(4, 1, 5), numbers(4, 1, 5)
    counts = [7, 2, 1, 4]
    real = (torch.arange(7) < torch.tensor(counts)[:, None]).double()[:, :, None]
    d_g *= real
    running = [numbers(4, 1, 5), numbers(4, 1, 5).square()]
    before = [each.clone() for each in running]
    passes = BatchNorm(gain, shift, running)
    g, d_f = passes.forward(f, Rows.of(f, real)), d_g.clone()
    d_gain, d_shift = torch.full_like(gain, 7), torch.full_like(gain, 7)
    passes.backward(d_f, d_gain, d_shift)
    assert (d_f[real.expand_as(d_f) == 0] == 0).all()
    for k, count in enumerate(counts):
        theirs = torch.nn.BatchNorm1d(5, eps=EPS, dtype=torch.float64)
        names = ("weight", "bias", "running_mean", "running_var")
        own = zip(names, (gain, shift, *before), strict=True)
        theirs.load_state_dict({name: tensor[k, 0] for name, tensor in own})
        theirs.train(count > 1)
        mine = f[k, :count].clone().requires_grad_()
        expected = theirs(mine)
        wanted = torch.autograd.grad(expected, [mine, *theirs.parameters()], d_g[k, :count])
        found = (d_f[k, :count], d_gain[k, 0], d_shift[k, 0])
        for one, other in zip((g[k, :count], *found), (expected, *wanted), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
        for one, name in zip(running, names[2:], strict=True):
            torch.testing.assert_close(one[k, 0], theirs.state_dict()[name])


def test_whole_batches_need_no_mask() -> None:
    """As with a mask of ones; one row alone is normalised by what is kept, and leaves it."""
    f = numbers(2, 7, 3)
    rows, masked = Rows.of(f, None), Rows.of(f, torch.ones(2, 7, 1, dtype=f.dtype))
    for one, other in zip(rows.statistics(f), masked.statistics(f), strict=True):
        torch.testing.assert_close(one, other)
    assert rows.share == 1 / 7
    alone = Rows.of(f[:, :1], None)
    kept = [torch.ones(2, 1, 3), torch.ones(2, 1, 3)]
    assert alone.share == 0
    assert alone.chosen(alone.statistics(f[:, :1]), kept) is kept
    alone.move(kept, alone.statistics(f[:, :1]))
    assert all((each == 1).all() for each in kept)
