"""A stack's forward pass, and its members as plain networks."""

import copy

import pytest
import torch
from torch import Tensor, nn

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.mlp import MLP

SIZES = [[3, 7, 2, 4], [3, 1, 6, 4], [3, 5, 5, 4]]


def make_stack(activation: str = "sigmoid", output: str = "softmax") -> MLP:
    """Three uneven members with biases that are not zero."""
    stack = MLP(SIZES, activations=[activation] * 2, output=output, dtype=torch.float64)
    generators = [torch.Generator().manual_seed(k) for k in range(len(SIZES))]
    stack.initialise(["torch"] * len(SIZES), generators)
    return stack


def rows(*shape: int) -> Tensor:
    """Random numbers, some of them far from zero."""
    generator = torch.Generator().manual_seed(5)
    return 3 * torch.randn(*shape, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("output", ["linear", "sigmoid", "softmax"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_equals_plain_members(activation: str, output: str) -> None:
    """Of shared rows and of each member's own ones."""
    stack = make_stack(activation, output)
    shared, own = rows(11), rows(3, 11)
    for k in range(3):
        plain = stack.member(k)
        torch.testing.assert_close(stack(shared)[k], plain(shared), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(stack(own)[k], plain(own[k]), rtol=1e-12, atol=1e-12)


def test_forward_without_hidden_layers() -> None:
    """Depth 0 is a linear model."""
    stack = MLP([[3, 2]] * 2, activations=[], output="linear", dtype=torch.float64)
    stack.initialise(["he", "torch"], [torch.Generator().manual_seed(k) for k in (1, 2)])
    x = rows(4)
    for k in range(2):
        torch.testing.assert_close(stack(x)[k], stack.member(k)(x))


def test_member_is_plain_and_apart() -> None:
    """Layers of torch alone, named, at the member's own sizes, with memory of their own."""
    stack = make_stack()
    plain = stack.member(1)
    assert [name for name, _ in plain.named_children()] == [
        "hidden_0",
        "activation_0",
        "hidden_1",
        "activation_1",
        "output",
        "probability",
    ]
    linear = [module for module in plain if isinstance(module, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(3, 1), (1, 6), (6, 4)]
    before = stack.layers.flat.clone()
    with torch.no_grad():
        linear[0].weight.fill_(9.0)
    assert torch.equal(stack.layers.flat, before)


def test_parameter_counts_leave_padding_out() -> None:
    """As torch counts them."""
    stack = make_stack()
    expected = [sum(p.numel() for p in stack.member(k).parameters()) for k in range(3)]
    assert stack.parameter_counts == expected


@pytest.mark.parametrize("members", [[2], [1, 2], [2, 0], [0, 1, 2]])
def test_take(members: list[int]) -> None:
    """Some members in any order, padded no wider than they need, with memory of their own."""
    stack = make_stack()
    x = rows(6)
    expected = stack(x)[members]
    taken = stack.take(members)
    assert taken.member_sizes == [SIZES[k] for k in members]
    assert list(taken.layers.sizes) == [
        max(layer) for layer in zip(*taken.member_sizes, strict=True)
    ]
    stack.layers.flat.zero_()
    torch.testing.assert_close(taken(x), expected, rtol=1e-12, atol=1e-12)


def test_to_float32_keeps_parameters_and_flat_together() -> None:
    """After a conversion parameters are still views of the flat tensor."""
    stack = make_stack()
    x = rows(6)
    expected = stack(x)
    stack = stack.to(torch.float32)
    assert stack.layers.flat.dtype == torch.float32
    assert {p.dtype for p in stack.parameters()} == {torch.float32}
    torch.testing.assert_close(stack(x.float()), expected.float(), rtol=1e-5, atol=1e-6)
    stack.layers.flat.zero_()
    assert all((p == 0).all() for p in stack.parameters())
    torch.testing.assert_close(stack(x.float()), torch.full((3, 6, 4), 0.25))


def test_state_dict_round_trip() -> None:
    """Loading writes into the flat tensor and gives the same outputs."""
    stack = make_stack()
    x = rows(6)
    other = MLP(SIZES, activations=["sigmoid"] * 2, output="softmax", dtype=torch.float64)
    assert set(stack.state_dict()) == {
        f"{kind}.{k}" for kind in ("weights", "biases") for k in range(3)
    }
    other.load_state_dict(stack.state_dict())
    assert torch.equal(other.layers.flat, stack.layers.flat)
    assert torch.equal(other(x), stack(x))


def test_of_plain_layers() -> None:
    """A stack of one with their weights; layers of another kind are refused."""
    network = MLP([[2, 4, 4, 1]], activations=["relu", "swiglu"], output="sigmoid", residual=True)
    network.initialise(["he"], [torch.Generator().manual_seed(1)])
    plain = network.member(0)
    again = MLP.of_plain(plain, ["relu", "swiglu"], "sigmoid", residual=True)
    assert torch.equal(again.layers.flat, network.layers.flat)
    for activations, kind in (
        (["relu"], "none"),
        (["relu", "tanh"], "none"),
        (["relu", "glu"], "layer"),
    ):
        with pytest.raises(ValueError, match=r"^not "):
            MLP.of_plain(plain, activations, "sigmoid", normalisation=kind)


def test_padding_is_zero() -> None:
    """No weight leads into or out of a padded unit."""
    stack = make_stack()
    counted = [int((stack.layers.spread(one_hot(k)) != 0).sum()) for k in range(3)]
    used = sum(stack.parameter_counts)
    assert int((stack.layers.flat != 0).sum()) == used
    assert used < sum(counted)


def one_hot(k: int) -> Tensor:
    """1 for member k of three."""
    return torch.eye(3, dtype=torch.float64)[k]


def test_wrong_number_of_activations() -> None:
    """One name for each hidden layer."""
    with pytest.raises(ValueError, match="1 activations for 2 hidden layers"):
        MLP(SIZES, activations=["relu"], output="linear")


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalisation", ["none", "layer", "batch"])
def test_other_layers_are_kept(normalisation: str, residual: bool) -> None:
    """In a copy, as a pickle is, in another type, of some members, and over other weights."""
    sizes = [[3, 6, 6, 2], [3, 4, 4, 2], [3, 2, 2, 2]]
    stack = MLP(
        sizes,
        activations=["sigmoid", "tanh"],
        output="softmax",
        normalisation=normalisation,
        residual=residual,
        dtype=torch.float64,
    )
    stack.initialise(["torch"] * 3, [torch.Generator().manual_seed(k) for k in range(3)])
    for k, vectors in enumerate(stack.layers.statistics):
        for vector in vectors:
            vector[:] = vector.new_tensor([0.5 + k, 2, 3]).view(3, 1, 1)
    x = rows(7)
    expected = stack(x)
    torch.testing.assert_close(stack.take([2, 1])(x), expected[[2, 1]], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(stack.over(stack.layers)(x), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(copy.deepcopy(stack)(x), expected)
    torch.testing.assert_close(stack.float()(x.float()), expected.float(), rtol=1e-5, atol=1e-5)
    for k, count in enumerate(stack.parameter_counts):
        own = stack.member(k)
        assert count == sum(parameter.numel() for parameter in own.parameters())
        kept = {name for name in own.state_dict() if not name.endswith("num_batches_tracked")}
        assert kept == stack.member_state(k).keys()
        torch.testing.assert_close(own(x.float()), expected[k].float(), rtol=1e-5, atol=1e-5)
