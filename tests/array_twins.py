"""The same network by numpy and by torch, in double precision."""

import numpy as np

from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.saved import Layers
from mlp_lab.network.torch_networks import TorchNetworks, networks_of


def both(layers: Layers) -> tuple[ArrayNetworks, TorchNetworks]:
    """The same drawn weights for each."""
    draw = np.random.default_rng(0)
    weights = []
    for own in layers.networks:
        arrays = {name: draw.normal(size=shape) for name, shape in own.network_shapes.items()}
        for name, array in arrays.items():
            if name.endswith("running_var"):
                arrays[name] = array**2
            elif name.endswith("knots"):
                arrays[name] = np.sort(array.round(1), axis=1)  # some bins may be empty
        weights.append(arrays)
    plain = networks_of(layers, weights, "float64")
    return ArrayNetworks.of(layers, weights), TorchNetworks(plain, layers.objective)


def held_equal(layers: Layers, rows: int = 20) -> None:
    """Outputs of each network, their mean, and losses of targets of every kind."""
    ours, theirs = both(layers)
    assert ArrayNetworks.can_compute(layers)
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(rows, layers.sizes[0]))
    np.testing.assert_allclose(ours.outputs(inputs), theirs.outputs(inputs), rtol=1e-9, atol=1e-14)
    both_of = (ours.mean_and_each(inputs), theirs.mean_and_each(inputs))
    for own, other in zip(*both_of, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(both_of[0][0], ours.outputs(inputs))
    classes = ours.outputs(inputs).shape[1]
    targets = np.eye(classes)[draw.integers(0, classes, rows)]
    if layers.output in ("linear", "exponential") or classes == 1:
        targets = draw.integers(0, 2, (rows, classes)).astype(float)
    found = zip(
        ours.outputs_and_losses(inputs, targets),
        theirs.outputs_and_losses(inputs, targets),
        strict=True,
    )
    for mine, torchs in found:
        if layers.output != "softmax" or mine.ndim == 1:  # its f has an offset that nothing sees
            np.testing.assert_allclose(mine, torchs, rtol=1e-8, atol=1e-12)


def held_by_column(layers: Layers, widths: list[int]) -> None:
    """Outputs by sums over columns of so many inputs, of rows and of mixtures of two rows."""
    rows, others = np.random.default_rng(1).normal(size=(2, 20, layers.sizes[0]))
    chosen = np.arange(len(widths)) % 3 != 1
    mixed = np.where(np.repeat(chosen, widths), rows, others)
    for networks in both(layers):
        sums = networks.by_column(widths)
        assert sums is not None
        own, theirs = sums.parts(rows), sums.parts(others)
        pairs = [(own, rows), (np.where(chosen[:, None], own, theirs), mixed)]
        for parts, inputs in pairs:
            wanted = networks.outputs(inputs)
            np.testing.assert_allclose(sums.outputs(parts.sum(1)), wanted, rtol=1e-9, atol=1e-13)
