"""Backpropagation, written out: one forward and one backward pass for all members at once.

    f_0 = beta_0 + x Omega_0        h_k = a(f_{k-1})        f_k = beta_k + h_k Omega_k

    dL/dOmega_k = h_k^T dL/df_k     dL/dbeta_k = sum over rows of dL/df_k
    dL/dh_k = dL/df_k Omega_k^T     dL/df_{k-1} = dL/dh_k * a'(f_{k-1})

With normalisation a reads what it makes of f_k (`normalisation.py`); a residual layer k > 0 gives
h_{k+1} = h_k + a(f_k), and dL/dh_{k+1} is added to dL/dh_k (He et al., 2016). A gated layer has
f_k = [u, v] and h = u * s(v): dL/du = dL/dh * s(v), dL/dv = dL/dh * u * s'(v).

With `autocast` Omega_k, h_k and dL/df_k are rounded to a lower precision for the products alone,
which are rounded to it as well: weights, sums over rows, and all between the products stay whole.

h_0 is x, or what an embedding makes of it, and with dropout h_k carries its mask (Prince,
Understanding Deep Learning, 2023, 7.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import Objective
from mlp_lab.network.matrix_products import affine, empty_product, lowered, matmul
from mlp_lab.network.mlp import MLP, Masks
from mlp_lab.network.normalisation import BatchNorm, LayerNorm, Rows


@dataclass(slots=True)
class Batch:
    """Rows of one step, for the first k members of a stack.

    Shape:
        - inputs: (k, B, D); targets: (k, B, C)
        - weights: (k, B), what each row counts, 1 / B on average; None where all count the same
        - masks: dropout factors of each hidden layer, (k, B, H), or empty
        - real: 0 for rows that only pad a shorter batch, else 1, (k, B, 1); None without any
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None
    masks: Masks
    real: Tensor | None = None

    @property
    def rows(self) -> Rows:
        """Those that batch normalisation is over: each counts once, whatever its weight."""
        return Rows.of(self.inputs, self.real)


class Backprop:
    """The forward and the backward pass over B rows of the first k members.

    Every f_k, h_k and their gradients stay readable after a call. The large ones are allocated
    once, so an instance serves all steps of one shape.
    """

    def __init__(
        self,
        network: MLP,
        gradients: LayerTensors,
        objective: Objective,
        k: int,
        rows: int,
        *,
        autocast: torch.dtype | None = None,
    ) -> None:
        """`autocast`: a lower precision for the products of layers."""
        self.network, self.autocast = network, autocast
        self.objective = objective
        self.weights = [weight[:k] for weight in network.layers.weights]
        self.biases = [bias[:k] for bias in network.layers.biases]
        self.factors = list(self.weights)
        """The weights as products have them."""
        self.transposed = [weight.mT for weight in self.factors]
        self.d_weights = [weight[:k] for weight in gradients.weights]
        self.d_biases = [bias[:k] for bias in gradients.biases]
        self.f = [empty_product(bias, rows, bias.shape[-1]) for bias in self.biases]
        self.d_f = [torch.empty_like(f) for f in self.f]
        hidden = zip(self.f, network.layers.sizes[1:-1], strict=False)
        self.d_h = [empty_product(f, rows, units) for f, units in hidden]
        self.g = list(self.f)
        """What each activation reads: f, normalised where it is."""
        self.h: list[Tensor] = []
        self.layer_inputs: list[Tensor] = []
        self.norms = _norms(network, k)
        self.d_norms = [[vector[:k] for vector in layer] for layer in gradients.normalisation]
        self.embedding, self.d_embedding = None, {}
        if network.embedding is not None:
            self.embedding = network.embedding.passes(network.layers.embedding, k)
            self.d_embedding = network.embedding.of_columns(gradients.embedding, k)

    def __call__(self, batch: Batch) -> Tensor:
        """Write the gradients of the mean loss; return the last pre-activations, (k, B, C)."""
        self.forward(batch)
        d_f = self.objective.gradient(self.f[-1], batch.targets)
        if batch.weights is None:
            torch.mul(d_f, 1 / d_f.shape[1], out=self.d_f[-1])
        else:
            torch.mul(d_f, batch.weights.unsqueeze(-1), out=self.d_f[-1])
        self.backward(batch)
        return self.f[-1]

    def forward(self, batch: Batch) -> None:
        """Fill f, h = a(f) and what each layer reads, `layer_inputs`: x, then h with its mask.

        A residual layer gives what it reads beside its h.
        """
        embedding = self.embedding
        x = batch.inputs if embedding is None else embedding.forward(batch.inputs)
        self.h, self.layer_inputs = [], [x]
        rows = batch.rows if self.norms else None
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if self.autocast is not None:
                self.factors[k] = weight.to(self.autocast)
                self.transposed[k] = self.factors[k].mT
            read = lowered(self.layer_inputs[k], self.autocast)
            affine(read, self.factors[k], bias, out=self.f[k])
            if k < last:
                if rows is not None:
                    self.g[k] = self.norms[k].forward(self.f[k], rows)
                h = self.network.activate(k, self.g[k])
                self.h.append(h)
                given = h * batch.masks[k] if batch.masks else h
                if self.network.residual and k > 0:
                    given = self.layer_inputs[k] + given
                self.layer_inputs.append(given)

    def backward(self, batch: Batch) -> None:
        """From dL/df of the last layer to every dL/dOmega_k, dL/dbeta_k, and the embedding's."""
        residual = self.network.residual
        for k in reversed(range(len(self.weights))):
            d_f = lowered(self.d_f[k], self.autocast)
            read = lowered(self.layer_inputs[k], self.autocast)
            matmul(read.mT, d_f, out=self.d_weights[k])
            torch.sum(self.d_f[k], 1, keepdim=True, out=self.d_biases[k])
            if k > 0:
                d_h = matmul(d_f, self.transposed[k], out=self.d_h[k - 1])
                if residual and k < len(self.d_h):
                    d_h.add_(self.d_h[k])
                if batch.masks and residual:
                    d_h = d_h * batch.masks[k - 1]  # the layer before adds it without the mask
                elif batch.masks:
                    d_h.mul_(batch.masks[k - 1])
                slope = self.network.activations[k - 1].slope(self.g[k - 1], self.h[k - 1])
                _times_slope(d_h, slope, self.d_f[k - 1])
                if self.norms:
                    self.norms[k - 1].backward(self.d_f[k - 1], *self.d_norms[k - 1])
        if self.embedding is not None:
            d_x = torch.bmm(lowered(self.d_f[0], self.autocast), self.transposed[0])
            d_x = d_x.to(self.d_f[0])
            self.embedding.backward(d_x, self.d_embedding)


def _times_slope(d_h: Tensor, slope: Tensor, d_f: Tensor) -> None:
    """Write dL/df: of each of a unit's pre-activations the slope times dL/dh."""
    if slope.shape == d_h.shape:
        torch.mul(d_h, slope, out=d_f)
        return
    parts = slope.shape[-1] // d_h.shape[-1]
    for own_slope, own in zip(slope.chunk(parts, -1), d_f.chunk(parts, -1), strict=True):
        torch.mul(d_h, own_slope, out=own)


def _norms(network: MLP, k: int) -> Sequence[LayerNorm | BatchNorm]:
    """What normalises each hidden layer of the first k members, if anything does."""
    layers = network.layers
    learnt = [[vector[:k] for vector in vectors] for vectors in layers.normalisation]
    if network.units:
        own = zip(learnt, network.units, strict=True)
        return [LayerNorm(gain, shift, units.first(k)) for (gain, shift), units in own]
    running = [[vector[:k] for vector in vectors] for vectors in layers.statistics]
    kept = zip(learnt, running, strict=True)
    return [BatchNorm(gain, shift, averages) for (gain, shift), averages in kept]


def autograd_backprop(
    network: MLP,
    gradients: LayerTensors,
    objective: Objective,
    batch: Batch,
    *,
    autocast: torch.dtype | None = None,
) -> Tensor:
    """The same gradients by torch's autograd; returns the last pre-activations, (k, B, C)."""
    k = len(batch.inputs)
    own = (network.weights, network.biases, network.normalising, network.embedded)
    parameters = [parameter for kind in own for parameter in kind]
    batch_rows = batch.rows if network.layers.statistics else None
    with torch.enable_grad():
        f = network.pre_activation(
            batch.inputs, batch.masks, members=k, rows=batch_rows, autocast=autocast
        )
        rows = objective.training_rows(f, batch.targets)
        means = rows.mean(1) if batch.weights is None else (rows * batch.weights).sum(1)
        found = torch.autograd.grad(means.sum(), parameters)
    for gradient, value in zip(gradients.learnt, found, strict=True):
        gradient[:k] = value[:k]
    if batch_rows is not None:
        with torch.no_grad():
            network.move_statistics(batch_rows)
    return f.detach()
