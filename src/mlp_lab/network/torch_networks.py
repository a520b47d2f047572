"""Plain torch layers that predict: see `ArrayNetworks`, which does so without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlp_lab.network.array_losses import Floats
from mlp_lab.network.array_network import Inputs
from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import (
    EmbeddedInputs,
    Ensemble,
    plain_network,
    pre_activation,
    without_output,
)
from mlp_lab.network.saved import Layers, Weights


def networks_of(layers: Layers, weights: Sequence[Weights], dtype: str) -> nn.Sequential | Ensemble:
    """Saved layers with their weights as a network, or an ensemble of them."""
    kind: torch.dtype = getattr(torch, dtype)
    networks = [
        plain_network(
            own.linear_sizes,
            own.activations,
            own.output,
            {name: torch.as_tensor(array, dtype=kind) for name, array in arrays.items()},
            own.embedding,
            normalisation=own.normalisation,
            residual=own.residual,
            temperature=own.temperature if layers.ensemble == 1 else 1.0,
        )
        for own, arrays in zip(layers.networks, weights, strict=True)
    ]
    if layers.ensemble == 1:
        return networks[0]
    return Ensemble(networks, layers.output, layers.temperature)


@dataclass(frozen=True, slots=True)
class TorchNetworks:
    """A network of plain layers, or an ensemble of them, and what its outputs are."""

    network: nn.Sequential | Ensemble
    objective: Objective

    @property
    def dtype(self) -> str:
        """Of the weights, and so of the inputs."""
        return str(next(self.network.parameters()).dtype).removeprefix("torch.")

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.networks)

    @property
    def networks(self) -> list[nn.Sequential]:
        """The network, or those of an ensemble."""
        if isinstance(self.network, Ensemble):
            return [own for own in self.network.networks if isinstance(own, nn.Sequential)]
        return [self.network]

    def outputs(self, inputs: Inputs) -> Floats:
        """Their mean, (N, D) -> (N, C)."""
        return self.mean_and_each(inputs)[0]

    @torch.inference_mode()
    def mean_and_each(self, inputs: Inputs) -> tuple[Floats, Floats]:
        """Their mean and each of them, (N, D) -> (N, C) and (M, N, C), by one pass."""
        rows = self._tensor(inputs)
        return self.mean_of(torch.stack([part(rows) for part in self.parts]))

    @property
    def parts(self) -> list[nn.Sequential]:
        """What of the networks their mean is made of: all layers, or those up to the last linear.

        Where one temperature is that of the mean, it is made of f of each.
        """
        if self._of_outputs:
            return self.networks
        return [without_output(network) for network in self.networks]

    def mean_of(self, found: Tensor) -> tuple[Floats, Floats]:
        """Their mean and each of them by what `parts` give, (M, N, C)."""
        mean, each = found.mean(0), found
        if not self._of_outputs:
            own = self.objective
            mean, each = (own.predict(own.tempered(f)) for f in (own.of_mean(found), found))
        return mean.double().numpy(), each.double().numpy()

    @property
    def _of_outputs(self) -> bool:
        return self.objective.temperature == 1 or self.count == 1

    @torch.inference_mode()
    def outputs_and_losses(self, inputs: Inputs, targets: Floats) -> tuple[Floats, Floats, Floats]:
        """f of the mean, (N, C'), outputs, (N, C), and loss of each row, (N,)."""
        rows = self._tensor(inputs)
        each = [pre_activation(network, rows) for network in self.networks]
        f = each[0] if len(each) == 1 else self.objective.of_mean(torch.stack(each))
        f = self.objective.tempered(f)
        losses = self.objective.rows(f, torch.as_tensor(targets, dtype=f.dtype))
        found = (f, self.objective.predict(f), losses)
        last, outputs, own = (tensor.double().numpy() for tensor in found)
        return last, outputs, own

    def by_column(self, widths: Sequence[int]) -> TorchSums | None:
        """The same as functions of sums over columns of so many inputs each.

        None where somebody has made, or changed, the layers so that their first adds up nothing.
        """
        layers = [_first_layer(network) for network in self.networks]
        linear = [layer for layer in layers if type(layer) is nn.Linear]
        return TorchSums(self, widths, linear) if len(linear) == len(layers) else None

    def _tensor(self, inputs: Inputs) -> Tensor:
        return torch.as_tensor(inputs, dtype=getattr(torch, self.dtype))


def _first_layer(network: nn.Sequential) -> nn.Module | None:
    """What reads the inputs, or what an embedding makes of them; None of layers by other names."""
    layers = dict(network.named_children())
    layers.pop("embedding", None)
    name = next(iter(layers), "")
    return layers[name] if name in ("hidden_0", "output") and "output" in layers else None


@dataclass(frozen=True, slots=True)
class TorchSums:
    """As `ArraySums`, of layers of torch; `first` are the linear ones of the networks."""

    networks: TorchNetworks
    widths: Sequence[int]
    first: Sequence[nn.Linear]

    @torch.inference_mode()
    def parts(self, inputs: Inputs) -> Floats:
        """What each column adds to f of the first layers, (N, D) -> (N, F, S)."""
        rows, widths = self.networks._tensor(inputs), torch.tensor(self.widths)
        of_input = torch.arange(len(widths)).repeat_interleave(widths)
        parts = []
        for network, linear in zip(self.networks.networks, self.first, strict=True):
            h, columns = rows, of_input
            if isinstance(network[0], EmbeddedInputs):
                h, columns = network[0](rows), of_input[network[0].plan.origins]
            chosen = [columns == column for column in range(len(self.widths))]
            each = [h[:, own] @ linear.weight[:, own].T for own in chosen]
            each[0] = each[0] + linear.bias
            parts.append(torch.stack(each, 1))
        return torch.cat(parts, 2).double().numpy()

    @torch.inference_mode()
    def outputs(self, sums: Inputs) -> Floats:
        """Outputs of rows by the sum of what their columns add, (N, S) -> (N, C)."""
        at, found = 0, []
        for part, linear in zip(self.networks.parts, self.first, strict=True):
            f = self.networks._tensor(sums[:, at : at + linear.out_features])
            found.append(part[1 + isinstance(part[0], EmbeddedInputs) :](f))
            at += linear.out_features
        return self.networks.mean_of(torch.stack(found))[0]
