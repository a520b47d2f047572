"""One forward and one backward pass of the engine, every quantity by its name.

Values are read from `Backprop`, which trains all networks; nothing is derived a second time. Beside
each gradient stand torch's autograd over torch's own layers, and a central difference of the loss.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.layers import LayerTensors
from mlp_lab.trace.formulas import Formulas
from mlp_lab.trace.gradient_check import (
    LossDifferences,
    by_autograd,
    central_difference,
    sampled_entries,
)
from mlp_lab.trace.quantities import Gradient, Network, Quantity, Trace, shape_of


def trace(network: Network) -> Trace:
    """Run the engine forward and backward over the rows, in the network's precision."""
    mlp, objective = network.mlp, network.objective
    gradients = mlp.layers.like()
    backprop = Backprop(mlp, gradients, objective, 1, network.rows)
    weights = None if network.weights is None else network.loss_weights.unsqueeze(0)
    with torch.no_grad():
        backprop(Batch(network.x.unsqueeze(0), network.t.unsqueeze(0), weights, ()))
        formulas = Formulas.of(network.sizes, mlp.activation_names, objective, network.rows)
        formulas = formulas.behind(network.plan, mlp.normalisation, residual=mlp.residual)
        if network.weights is not None:
            formulas = formulas.weighted()
        forward = _forward(network, backprop, formulas)
        y = forward[-2].value
        d_y = objective.slope(y, network.t) * network.loss_weights.unsqueeze(1)
        slopes = [
            activation.slope(g[0], h[0])
            for activation, g, h in zip(mlp.activations, backprop.g, backprop.h, strict=False)
        ]
        found = {"y": d_y} | _of_layers(backprop, gradients, slopes)
        if network.plan is not None:
            found["e"] = backprop.d_f[0][0] @ backprop.weights[0][0].T
            tensors = zip(network.plan.shapes, gradients.embedding, strict=True)
            found |= {name: tensor[0] for name, tensor in tensors}
    references = by_autograd(network)
    differences = LossDifferences(network, forward)
    backward = [
        _gradient(name, value, references[name], differences, formulas)
        for name, value in found.items()
    ]
    return Trace(network, forward, backward, slopes)


def _of_layers(
    backprop: Backprop, gradients: LayerTensors, slopes: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The gradient by each quantity of each layer, from the last to the first."""
    found = dict[str, Tensor]()
    for k in reversed(range(len(backprop.f))):
        if k < len(slopes) and backprop.norms:
            gain, shift = gradients.normalisation[k]
            parts = slopes[k].shape[-1] // backprop.d_h[k].shape[-1]
            found[f"g_{k}"] = backprop.d_h[k][0].repeat(1, parts) * slopes[k]
            found |= {f"gain_{k}": gain[0], f"shift_{k}": shift[0]}
        found[f"f_{k}"] = backprop.d_f[k][0]
        found[f"beta_{k}"] = gradients.biases[k][0]
        found[f"Omega_{k}"] = gradients.weights[k][0]
        if k > 0:
            found[f"h_{k}"] = backprop.d_h[k - 1][0]
    return found


def _forward(network: Network, backprop: Backprop, formulas: Formulas) -> list[Quantity]:
    """x and t, what becomes of x, then layer by layer beta, Omega, f and h, then y and L."""
    objective = network.objective

    def quantity(name: str, value: Tensor, formula: str = "") -> Quantity:
        return Quantity(name, formula, shape_of(name, value), value.clone())

    found = [quantity("x", network.x), quantity("t", network.t)]
    if network.plan is not None:
        tensors = zip(network.plan.shapes, network.mlp.layers.embedding, strict=True)
        found += [quantity(name, tensor[0]) for name, tensor in tensors]
        found.append(quantity("e", backprop.layer_inputs[0][0], formulas.embedded()))
    for k, f in enumerate(backprop.f):
        found.append(quantity(f"beta_{k}", backprop.biases[k][0].detach()))
        found.append(quantity(f"Omega_{k}", backprop.weights[k][0].detach()))
        found.append(quantity(f"f_{k}", f[0], formulas.pre_activation(k)))
        if k < len(backprop.h):
            if backprop.norms:
                norm, (n, g) = backprop.norms[k], formulas.normalised(k)
                found.append(quantity(f"n_{k}", norm.x[0], n))
                found += [
                    quantity(f"gain_{k}", norm.gain[0]),
                    quantity(f"shift_{k}", norm.shift[0]),
                ]
                found.append(quantity(f"g_{k}", backprop.g[k][0], g))
            given = backprop.layer_inputs[k + 1][0]
            found.append(quantity(f"h_{k + 1}", given, formulas.hidden(k + 1)))
    f = backprop.f[-1][0]
    loss = (objective.rows(f, network.t) * network.loss_weights).sum()
    found.append(quantity("y", objective.predict(f), formulas.output()))
    found.append(quantity("L", loss.view(1, 1), formulas.loss()))
    return found


def _gradient(
    of: str, value: Tensor, reference: Tensor, differences: LossDifferences, formulas: Formulas
) -> Gradient:
    difference, kinks = central_difference(differences, of, sampled_entries(value.numel()))
    return Gradient(
        name=f"dL/d{of}",
        formula=formulas.gradient(of),
        shape=shape_of(of, value),
        value=value.clone(),
        chain=formulas.chain(of),
        autograd=reference,
        difference=difference,
        kinks=kinks,
    )
