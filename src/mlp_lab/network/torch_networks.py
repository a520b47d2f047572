"""Plain torch layers that predict: see `ArrayNetworks`, which does so without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlp_lab.network.array_losses import Floats
from mlp_lab.network.array_network import Inputs
from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import Ensemble, plain_network, pre_activation
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

    @torch.inference_mode()
    def outputs(self, inputs: Inputs) -> Floats:
        """Their mean, (N, D) -> (N, C)."""
        outputs: Tensor = self.network(self._tensor(inputs))
        return outputs.double().numpy()

    @torch.inference_mode()
    def outputs_of_each(self, inputs: Inputs) -> Floats:
        """(N, D) -> (M, N, C)."""
        rows = self._tensor(inputs)
        f = torch.stack([pre_activation(network, rows) for network in self.networks])
        return self.objective.predict(self.objective.tempered(f)).double().numpy()

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

    def _tensor(self, inputs: Inputs) -> Tensor:
        return torch.as_tensor(inputs, dtype=getattr(torch, self.dtype))
