"""K multilayer perceptrons as one module."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mlp_lab.network.activations import ACTIVATIONS, LEAK
from mlp_lab.network.architecture import INITS, count_parameters
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import OUTPUTS
from mlp_lab.network.matrix_products import affine

Masks = Sequence[Tensor]
"""Dropout factors, one tensor (K, B, H) for each hidden layer."""


class MLP(nn.Module):
    """K perceptrons h_1 = a(beta_0 + x Omega_0), ..., y = o(beta_L + h_L Omega_L), side by side.

    Members share depth, activations and output, and may differ in width: a narrow member's
    matrices are padded with zeros. A padded unit has f = 0 and no weight leads out of it, so its
    gradients are zero and it stays zero for ever; where a(0) is not 0, a mask sets it to zero.

    Shape:
        - input: (B, D), the same rows for every member, or (K, B, D)
        - output: (K, B, C)
        - `weights.k`: (K, inputs, outputs), `biases.k`: (K, 1, outputs)

    Examples:
        >>> stack = MLP([[2, 8, 1], [2, 3, 1]], activations=["relu"], output="sigmoid")
        >>> stack(torch.zeros(5, 2)).shape
        torch.Size([2, 5, 1])
        >>> stack.member(1).hidden_0
        Linear(in_features=2, out_features=3, bias=True)
    """

    def __init__(
        self,
        sizes: Sequence[Sequence[int]],
        *,
        activations: Sequence[str],
        output: str,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Zero weights; `initialise` draws them. `sizes`: of each member's layers, inputs first."""
        super().__init__()
        self.member_sizes = [list(member) for member in sizes]
        self.activation_names = list(activations)
        self.output_name = output
        padded = [max(layer) for layer in zip(*sizes, strict=True)]
        if len(padded) != len(activations) + 2:
            raise ValueError(f"{len(activations)} activations for {len(padded) - 2} hidden layers")
        self._adopt(LayerTensors(len(sizes), padded, dtype=dtype, device=torch.device(device)))

    def _adopt(self, layers: LayerTensors) -> None:
        """Make `layers` this network's weights: the parameters are views of its flat tensor."""
        self.layers = layers
        self.weights = nn.ParameterList(layers.weights)
        self.biases = nn.ParameterList(layers.biases)
        self.activations = [ACTIVATIONS[name] for name in self.activation_names]
        self.output = OUTPUTS[self.output_name]
        self.padding_masks = [self._padding_mask(k) for k in range(1, len(layers.sizes) - 1)]

    def _padding_mask(self, layer: int) -> Tensor | None:
        """1 where a unit is real, 0 where it is padding, (K, 1, H); None where none is needed."""
        widths = [sizes[layer] for sizes in self.member_sizes]
        if self.activations[layer - 1].at_zero == 0 or min(widths) == max(widths):
            return None
        unit = torch.arange(max(widths))
        real = unit < torch.tensor(widths).unsqueeze(1)
        return real.unsqueeze(1).to(self.layers.flat)

    @property
    def members(self) -> int:
        """K."""
        return self.layers.members

    @property
    def parameter_counts(self) -> list[int]:
        """Weights and biases of each member, padding left out."""
        return [count_parameters(sizes) for sizes in self.member_sizes]

    def initialise(self, inits: Sequence[str], generators: Sequence[torch.Generator]) -> None:
        """Draw each member's weights on the CPU, from its own generator and at its own sizes."""
        for k, (sizes, init) in enumerate(zip(self.member_sizes, inits, strict=True)):
            for weight, bias, n_in, n_out in zip(
                self.layers.weights, self.layers.biases, sizes[:-1], sizes[1:], strict=True
            ):
                drawn_weight = torch.zeros(n_in, n_out, dtype=weight.dtype)
                drawn_bias = torch.zeros(n_out, dtype=weight.dtype)
                INITS[init](drawn_weight, drawn_bias, generators[k])
                weight[k, :n_in, :n_out] = drawn_weight
                bias[k, 0, :n_out] = drawn_bias

    def pre_activation(
        self, inputs: Tensor, masks: Masks = (), *, members: int | None = None
    ) -> Tensor:
        """f of the last layer, (k, B, C), of the first k `members` (all of them by default)."""
        h = inputs if inputs.dim() == 3 else inputs.expand(self.members, *inputs.shape)
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            f = affine(h, weight[:members], bias[:members])
            if k == last:
                return f
            h = self.activate(k, f)
            if masks:
                h = h * masks[k]
        raise AssertionError("a network has at least one layer")

    def activate(self, layer: int, f: Tensor) -> Tensor:
        """h = a(f) of a hidden layer, zero for padded units."""
        h = self.activations[layer].value(f)
        mask = self.padding_masks[layer]
        return h if mask is None else h * mask[: len(h)]

    def forward(self, inputs: Tensor) -> Tensor:
        """y, (K, B, C), without dropout: the networks as they predict."""
        return self.output.value(self.pre_activation(inputs))

    def take(self, members: Sequence[int]) -> "MLP":
        """A new stack of some of the members, padded no wider than they need."""
        taken = MLP(
            [self.member_sizes[k] for k in members],
            activations=self.activation_names,
            output=self.output_name,
            dtype=self.layers.flat.dtype,
            device=self.layers.flat.device,
        )
        taken._adopt(self.layers.take(members, taken.layers.sizes))
        return taken

    def member(self, k: int) -> nn.Sequential:
        """Member k as plain torch layers; maps (B, D) to (B, C)."""
        return plain_network(
            self.member_sizes[k], self.activation_names, self.output_name, self.member_state(k)
        )

    def member_state(self, k: int) -> dict[str, Tensor]:
        """Member k's weights, as the state_dict of the plain network that `member` builds."""
        state = {}
        sizes = self.member_sizes[k]
        for layer, name in enumerate(layer_names(len(sizes) - 2)):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            weight = self.layers.weights[layer][k, :n_in, :n_out]
            state[f"{name}.weight"] = weight.t().contiguous()
            state[f"{name}.bias"] = self.layers.biases[layer][k, 0, :n_out].clone()
        return state

    def __reduce__(self) -> tuple[Callable[..., "MLP"], tuple[object, ...]]:
        """As plain data and one tensor: functions without a name cannot be pickled."""
        flat = self.layers.flat.detach().cpu()
        return _restored, (self.member_sizes, self.activation_names, self.output_name, flat)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "MLP":
        """`to`, `double`, `cuda`: convert the flat tensor, then look at it through views again."""
        flat = fn(self.layers.flat)
        layers = LayerTensors(self.members, self.layers.sizes, dtype=flat.dtype, device=flat.device)
        layers.flat.copy_(flat)
        self._adopt(layers)
        return self


def _restored(sizes: list[list[int]], activations: list[str], output: str, flat: Tensor) -> MLP:
    network = MLP(sizes, activations=activations, output=output, dtype=flat.dtype)
    network.layers.flat.copy_(flat)
    return network


def layer_names(depth: int) -> list[str]:
    """Names of the linear layers of a plain network with `depth` hidden layers."""
    return [*(f"hidden_{k}" for k in range(depth)), "output"]


def plain_network(
    sizes: Sequence[int], activations: Sequence[str], output: str, state: dict[str, Tensor]
) -> nn.Sequential:
    """One network of torch's own layers, with the weights of `state`."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    names = layer_names(len(activations))
    for k, (name, n_in, n_out) in enumerate(zip(names, sizes[:-1], sizes[1:], strict=True)):
        dtype = state[f"{name}.weight"].dtype
        empty = nn.Linear(n_in, n_out, dtype=dtype, device="meta")  # weights follow: none is drawn
        layers[name] = empty.to_empty(device="cpu")
        if k < len(activations):
            layers[f"activation_{k}"] = plain_activation(activations[k])
    if output != "linear":
        layers["probability"] = nn.Sigmoid() if output == "sigmoid" else nn.Softmax(dim=-1)
    network = nn.Sequential(layers)
    network.load_state_dict(state)
    return network.to(state["output.weight"].device)


def plain_activation(name: str) -> nn.Module:
    """torch's layer for an activation, or one that calls it."""
    return PLAIN_ACTIVATIONS[name]() if name in PLAIN_ACTIVATIONS else Elementwise(name)


class Elementwise(nn.Module):
    """An activation that torch has no layer for, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, f: Tensor) -> Tensor:
        """a(f)."""
        return ACTIVATIONS[self.name].value(f)

    def extra_repr(self) -> str:
        """Its name."""
        return self.name


PLAIN_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAK),
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
"""torch's layer for each of our activations, for exported networks."""
