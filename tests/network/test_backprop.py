"""Gradients of a stack against torch's autograd over plain layers, in double precision."""

from dataclasses import replace
from functools import partial

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from objectives import OBJECTIVES, objective_of, torch_rows
from torch import Tensor, nn

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.backprop import Backprop, Batch, autograd_backprop
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import LOSSES, OUTPUTS, Objective
from mlp_lab.network.mlp import MLP, Masks
from mlp_lab.network.plain_network import Residual

ROWS, INPUTS, CLASSES = 7, 3, 3
# Hidden layers differ from each other, and so do members in every layer.
WIDTHS = [[4, 6, 3, 5], [6, 2, 5, 1], [1, 5, 2, 4], [5, 5, 4, 6], [3, 1, 6, 2]]
assert_close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-10)


def make_network(
    activations: list[str],
    output: str,
    members: int,
    outputs: int = CLASSES,
    *,
    normalisation: str = "none",
    residual: bool = False,
    dtype: torch.dtype = torch.float64,
) -> MLP:
    """Members of different widths, with biases that are not zero, and gains that are not one."""
    depth = len(activations)
    hidden = [[widths[0]] * depth if residual else widths[:depth] for widths in WIDTHS[:members]]
    network = MLP(
        [[INPUTS, *widths, outputs - OUTPUTS[output].fewer] for widths in hidden],
        activations=activations,
        output=output,
        normalisation=normalisation,
        residual=residual,
        dtype=dtype,
    )
    generators = [torch.Generator().manual_seed(k) for k in range(members)]
    network.initialise(["torch"] * members, generators)
    parts, layers = network.layers.parts, network.layers
    for k, widths in enumerate(hidden):
        for vectors, units, count in zip(layers.normalisation, widths, parts, strict=False):
            for vector in (part for whole in vectors for part in whole[k, 0].chunk(count)):
                vector[:units] += torch.rand(units, generator=generators[k]) - 0.5
        for (mean, variance), units, count in zip(layers.statistics, widths, parts, strict=False):
            for own in mean[k, 0].chunk(count):
                own[:units] = torch.rand(units, generator=generators[k])
            for own in variance[k, 0].chunk(count):
                own[:units] += torch.rand(units, generator=generators[k])
    return network


def make_batch(network: MLP, *, masked: bool, weighted: bool, members: int) -> Batch:
    """Random rows; one-hot targets, which every loss takes."""
    generator = torch.Generator().manual_seed(99)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    outputs = network.layers.sizes[-1] + network.output.fewer
    if outputs == 1:
        targets = (uniform(members, ROWS, 1) > 0.5).double()
    else:
        label = torch.randint(outputs, (members, ROWS), generator=generator)
        targets = F.one_hot(label, outputs).double()
    weights = uniform(members, ROWS) if weighted else None
    real = None
    if weights is not None:
        counts = torch.tensor([ROWS - 1, 2, 1, ROWS, 3])[:members, None]  # then rows of padding
        real = (torch.arange(ROWS) < counts).double()
        weights *= real
        weights /= weights.sum(1, keepdim=True)
        real = real[:, :, None]
    masks: Masks = ()
    if masked:
        shapes = [(members, ROWS, width) for width in network.layers.sizes[1:-1]]
        masks = [(uniform(*shape) >= 0.4) / 0.6 for shape in shapes]
    return Batch(uniform(members, ROWS, INPUTS) * 4 - 2, targets, weights, masks, real)


def plain_loss(plain: nn.Sequential, objective: Objective, batch: Batch, k: int) -> Tensor:
    """Mean loss of member k by torch's own layers and losses."""
    count = ROWS if batch.real is None else int(batch.real[k].sum())
    plain.train(count > 1)  # of one row, batch normalisation takes its running averages
    h, layer, read = batch.inputs[k, :count], 0, None
    for name, module in plain.named_children():
        before = h
        h = module(h)
        if name == "output":
            break
        if name.startswith("hidden"):
            read = before if layer and isinstance(plain, Residual) else None
        if name.startswith("activation"):
            if batch.masks:
                h = h * batch.masks[layer][k, :count, : h.shape[-1]]
            h = h if read is None else h + read
            layer += 1
    rows = torch_rows(objective, h, batch.targets[k, :count])
    return rows.mean() if batch.weights is None else (rows * batch.weights[k, :count]).sum()


def expected_gradients(network: MLP, objective: Objective, batch: Batch) -> tuple[Tensor, Tensor]:
    """Losses, (k,), and the flat gradients of a padded stack, zero where nothing is."""
    gradients = network.layers.like()
    losses = []
    for k in range(len(batch.inputs)):
        plain = network.member(k)
        loss = plain_loss(plain, objective, batch, k)
        torch.autograd.backward(loss)
        losses.append(loss.detach())
        linear = [module for module in plain if isinstance(module, nn.Linear)]
        counts = (*gradients.parts, 1)
        for layer, count in enumerate(counts):
            weight, bias = linear[layer].weight.grad, linear[layer].bias.grad
            assert weight is not None
            assert bias is not None
            put(gradients.weights[layer][k], weight.t(), count)
            put(gradients.biases[layer][k], bias[None], count)
        norms = [module for module in plain if isinstance(module, (nn.LayerNorm, nn.BatchNorm1d))]
        for vectors, norm, count in zip(gradients.normalisation, norms, counts, strict=False):
            for vector, parameter in zip(vectors, norm.parameters(), strict=True):
                assert parameter.grad is not None
                put(vector[k], parameter.grad[None], count)
    return torch.stack(losses), gradients.flat


def put(whole: Tensor, own: Tensor, count: int) -> None:
    """Write each part of a plain layer where a padded one has it."""
    for room, part in zip(whole.chunk(count, -1), own.chunk(count, -1), strict=True):
        room[: part.shape[0], : part.shape[1]] = part


def check(network: MLP, objective: Objective, batch: Batch) -> None:
    """Compare both ways to the gradients with plain torch."""
    members = len(batch.inputs)
    expected_loss, expected = expected_gradients(network, objective, batch)
    explicit, automatic = network.layers.like(), network.layers.like()
    backprop = Backprop(network, explicit, objective, members, ROWS)
    with torch.no_grad():
        backprop(batch)
        f = backprop(batch).clone()  # the second call overwrites what the first has left
    assert_close(mean_loss(objective, f, batch), expected_loss)
    assert_close(explicit.flat, expected)
    f = autograd_backprop(network, automatic, objective, batch)
    assert not f.requires_grad
    assert_close(mean_loss(objective, f, batch), expected_loss)
    assert_close(automatic.flat, expected)
    assert_close(explicit.flat, automatic.flat)


def mean_loss(objective: Objective, f: Tensor, batch: Batch) -> Tensor:
    """Our own loss, (k,), of the last pre-activations."""
    rows = objective.rows(f, batch.targets)
    return rows.mean(1) if batch.weights is None else (rows * batch.weights).sum(1)


def test_every_loss_is_covered() -> None:
    """A new loss or output needs a place in the list above."""
    assert {objective.loss for objective in OBJECTIVES} == set(LOSSES)
    assert {objective.output for objective in OBJECTIVES} == set(OUTPUTS)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: f"{o.output}-{o.loss}")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_output_and_loss(activation: str, objective: Objective) -> None:
    """Two uneven hidden layers, masks and row weights, three members."""
    network = make_network([activation] * 2, objective.output, members=3)
    check(network, objective, make_batch(network, masked=True, weighted=True, members=3))


OTHER_LAYERS = [
    ("layer", False),
    ("none", True),
    ("layer", True),
    ("batch", False),
    ("batch", True),
]
"""Normalisation, and whether layers are residual."""


@pytest.mark.parametrize(("normalisation", "residual"), OTHER_LAYERS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_normalised_and_residual_layers(
    activation: str, output: str, normalisation: str, residual: bool
) -> None:
    """Three hidden layers, members of different widths, one of a single unit among them."""
    objective = next(each for each in OBJECTIVES if each.output == output)
    for members, masked, weighted in ((1, False, False), (5, True, True), (3, False, True)):
        network = make_network(
            [activation] * 3, output, members, normalisation=normalisation, residual=residual
        )
        batch = make_batch(network, masked=masked, weighted=weighted, members=members)
        check(network, objective, batch)
        plain = [network.member(k)(batch.inputs[k]) for k in range(members)]
        assert_close(network(batch.inputs), torch.stack(plain))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("members", [1, 5])
@pytest.mark.parametrize("depth", range(5))
def test_depth_members_masks_and_weights(
    depth: int, members: int, masked: bool, weighted: bool
) -> None:
    """Layers with different activations; sigmoid among them, whose padded units are not silent."""
    activations = ["sigmoid", "tanh", "gelu", "relu"][:depth]
    for objective in (Objective("softmax", "cce"), Objective("linear", "mse")):
        network = make_network(activations, objective.output, members)
        check(
            network,
            objective,
            make_batch(network, masked=masked, weighted=weighted, members=members),
        )


@pytest.mark.parametrize("loss", ["bce", "mse", "mae", "huber", "quantile", "focal"])
def test_one_output(loss: str) -> None:
    """A binary target in one column."""
    network = make_network(["elu", "silu"], "sigmoid", members=2, outputs=1)
    batch = make_batch(network, masked=True, weighted=False, members=2)
    check(network, objective_of("sigmoid", loss), batch)


@pytest.mark.parametrize(("normalisation", "residual"), [("none", False), *OTHER_LAYERS])
@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
def test_first_k_members_leave_the_rest_alone(
    gradient: str, normalisation: str, residual: bool
) -> None:
    """A batch of the first 3 of 5 members writes no other member's gradient."""
    objective = Objective("softmax", "cce")
    network = make_network(
        ["sigmoid", "relu"], "softmax", members=5, normalisation=normalisation, residual=residual
    )
    batch = make_batch(network, masked=True, weighted=True, members=3)
    gradients = network.layers.like()
    gradients.flat.fill_(7.0)
    if gradient == "explicit":
        with torch.no_grad():
            Backprop(network, gradients, objective, 3, ROWS)(batch)
    else:
        autograd_backprop(network, gradients, objective, batch)
    _, flat = expected_gradients(network, objective, batch)
    expected = as_layers(network, flat)
    for found, wanted in zip(gradients.learnt, expected.learnt, strict=True):
        assert_close(found[:3], wanted[:3])
        assert (found[3:] == 7.0).all()


@pytest.mark.parametrize(("normalisation", "residual"), [("none", False), *OTHER_LAYERS])
@pytest.mark.parametrize("activation", ["relu", "swiglu"])
def test_products_in_a_lower_precision(activation: str, normalisation: str, residual: bool) -> None:
    """Both passes round alike: bfloat16 keeps eight binary digits of what float32 gives."""
    objective, found = Objective("softmax", "cce"), []
    network = make_network(
        *([activation] * 2, "softmax", 2),
        normalisation=normalisation,
        residual=residual,
        dtype=torch.float32,
    )
    exact = make_batch(network, masked=True, weighted=False, members=2)
    batch = replace(
        exact,
        inputs=exact.inputs.float(),
        targets=exact.targets.float(),
        masks=[mask.float() for mask in exact.masks],
    )
    for autocast in (torch.bfloat16, None):
        explicit, automatic = network.layers.like(), network.layers.like()
        backprop = Backprop(network, explicit, objective, 2, ROWS, autocast=autocast)
        with torch.no_grad():
            backprop(batch)
        autograd_backprop(network, automatic, objective, batch, autocast=autocast)
        torch.testing.assert_close(explicit.flat, automatic.flat, rtol=2e-3, atol=2e-4)
        assert explicit.flat.dtype == torch.float32
        found.append(explicit.flat)
    assert 1e-4 < (found[0] - found[1]).norm() / found[1].norm() < 0.03


def as_layers(network: MLP, flat: Tensor) -> LayerTensors:
    """A flat tensor, layer by layer."""
    layers = network.layers.like()
    layers.flat.copy_(flat)
    return layers


def test_intermediate_results_stay_readable() -> None:
    """f, h and dL/df of every layer, for who looks into a network, are what autograd says."""
    objective = Objective("linear", "mse")
    network = make_network(["tanh", "sigmoid"], "linear", members=2)
    batch = make_batch(network, masked=True, weighted=False, members=2)
    backprop = Backprop(network, network.layers.like(), objective, 2, ROWS)
    with torch.no_grad():
        backprop(batch)
    x, fs = batch.inputs, []
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        f = x @ weight + bias
        f.retain_grad()
        fs.append(f)
        if layer < 2:
            h = network.activate(layer, f)
            assert_close(backprop.h[layer], h.detach())
            x = h * batch.masks[layer]
    (fs[-1] - batch.targets).square().mean((1, 2)).sum().backward()
    for mine, d_mine, theirs in zip(backprop.f, backprop.d_f, fs, strict=True):
        assert_close(mine, theirs.detach())
        assert theirs.grad is not None
        assert_close(d_mine, theirs.grad)
