"""One network as plain torch layers: what a run saves, and what predicts."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mlp_lab.network import ordinal
from mlp_lab.network.activations import ACTIVATIONS, GATES, LEAK, parts_of
from mlp_lab.network.architecture import EPS, layer_names, linear_shapes, normalisation_name
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.embeddings import Embedding
from mlp_lab.network.losses import OUTPUTS


def plain_network(
    sizes: Sequence[int],
    activations: Sequence[str],
    output: str,
    state: Mapping[str, Tensor],
    embedding: EmbeddingPlan | None = None,
    *,
    normalisation: str = "none",
    residual: bool = False,
    temperature: float = 1.0,
) -> nn.Sequential:
    """One network of torch's own layers, with the weights of `state`, as it predicts.

    `sizes` are of its layers; the first reads what the embedding gives. A network that is
    `residual` has the same layers by name, and adds around them.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    dtype = state["output.weight"].dtype
    if embedding is not None:
        layers["embedding"] = EmbeddedInputs(embedding, dtype)
    names = layer_names(len(activations))
    shapes = linear_shapes(sizes, activations)
    for k, (name, (n_in, n_out)) in enumerate(zip(names, shapes, strict=True)):
        layers[name] = nn.Linear(n_in, n_out, dtype=dtype, device="meta")  # no weights are drawn
        if k < len(activations):
            if normalisation != "none":
                normalised = NORMALISATION_LAYERS[normalisation](n_out, eps=EPS, dtype=dtype)
                layers[normalisation_name(k)] = normalised
            layers[f"activation_{k}"] = plain_activation(activations[k])
    if temperature != 1:
        layers["temperature"] = Temperature(temperature)
    if output in OUTPUT_LAYERS:
        name, layer = OUTPUT_LAYERS[output]
        layers[name] = layer()
    network = Residual(layers) if residual else nn.Sequential(layers)
    own = {
        name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in state.items()
    }
    network.load_state_dict(own, assign=True)  # filling empty layers would import sympy, 0.8 s
    return network.to(state["output.weight"].device).eval()


def units_of(network: nn.Sequential, activations: Sequence[str]) -> list[int]:
    """Units of every layer of a plain network, inputs first, as they are embedded."""
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    parts = [*parts_of(activations), *(1 for _ in linear)]
    units = [layer.out_features // count for layer, count in zip(linear, parts, strict=False)]
    return [linear[0].in_features, *units]


class Ensemble(nn.Module):
    """Networks that predict the mean of their outputs, (B, D) -> (B, C)."""

    def __init__(
        self, networks: Sequence[nn.Sequential], output: str = "linear", temperature: float = 1.0
    ) -> None:
        """`temperature` is that of their mean, of the output function `output`."""
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.output, self.temperature = output, temperature

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, D) -> (B, C)."""
        if self.temperature == 1:
            return torch.stack([network(inputs) for network in self.networks]).mean(0)
        own = [each for each in self.networks if isinstance(each, nn.Sequential)]
        f = torch.stack([pre_activation(each, inputs) for each in own])
        output = OUTPUTS[self.output]
        return output.value(output.of_mean(f) / self.temperature)


def pre_activation(network: nn.Sequential, inputs: Tensor) -> Tensor:
    """f of the last layer of plain layers, (N, D) -> (N, C); what comes behind is left out."""
    f: Tensor = without_output(network)(inputs)
    return f


def without_output(network: nn.Sequential) -> nn.Sequential:
    """Plain layers up to the last linear one."""
    names = [name for name, _ in network.named_children()]
    before = network[: names.index("output") + 1]
    assert isinstance(before, nn.Sequential)
    return before


class Temperature(nn.Module):
    """f by a temperature, before the output function: see `Objective`."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, f: Tensor) -> Tensor:
        """(B, C) -> (B, C)."""
        return f / self.temperature

    def extra_repr(self) -> str:
        """As it is printed."""
        return f"{self.temperature:g}"


class Residual(nn.Sequential):
    """Layers of which every hidden one but the first adds what it reads to what it gives."""

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, D) -> (B, C)."""
        h = read = inputs
        for name, layer in self.named_children():
            if name.startswith("hidden_"):
                read = h
            h = layer(h)
            if name.startswith("activation_") and name != "activation_0":
                h = read + h
        return h


class EmbeddedInputs(nn.Module):
    """The embedding of a network's inputs, (B, D) -> (B, D'); see `EmbeddingPlan`.

    Its state has the shapes of `plan.shapes`, and `knots`, (F, T + 1), of the numeric inputs.
    """

    knots: Tensor

    def __init__(self, plan: EmbeddingPlan, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.plan = plan
        if plan.knots:
            self.register_buffer("knots", torch.zeros(plan.knots, dtype=dtype))
        for name, shape in plan.shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape, dtype=dtype)))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, D) -> (B, D')."""
        knots = self.knots[None] if self.plan.knots else inputs.new_empty(1, 0, 0)
        tensors = [self.get_parameter(name)[None] for name in self.plan.shapes]
        return Embedding(self.plan, knots).passes(tensors, 1).forward(inputs[None])[0]

    def extra_repr(self) -> str:
        """What becomes of how many inputs."""
        plan = self.plan
        kinds = " and ".join(plan.kinds) or "none"
        return f"{plan.inputs} -> {plan.outputs}, numbers: {kinds}"


def plain_activation(name: str) -> nn.Module:
    """torch's layer for an activation, or one that calls it."""
    if name in PLAIN_ACTIVATIONS:
        return PLAIN_ACTIVATIONS[name]()
    return Gated(name) if name in GATES else Elementwise(name)


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


class Gated(nn.Module):
    """A gated activation that torch has no layer for, by its name: (B, 2 H) -> (B, H)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, f: Tensor) -> Tensor:
        """u s(v) of f = [u, v]."""
        u, v = f.chunk(2, -1)
        return u * ACTIVATIONS[GATES[self.name]].value(v)

    def extra_repr(self) -> str:
        """Its name."""
        return self.name


class Exponential(nn.Module):
    """exp(f), which torch has no layer for."""

    def forward(self, f: Tensor) -> Tensor:
        """y."""
        return f.exp()


class Ordinal(nn.Module):
    """Probabilities of ordered classes, which torch has no layer for: (B, C - 1) -> (B, C)."""

    def forward(self, f: Tensor) -> Tensor:
        """y."""
        return ordinal.probabilities(f)


OUTPUT_LAYERS: dict[str, tuple[str, Callable[[], nn.Module]]] = {
    "sigmoid": ("probability", nn.Sigmoid),
    "softmax": ("probability", lambda: nn.Softmax(dim=-1)),
    "exponential": ("exponential", Exponential),
    "ordinal": ("probability", Ordinal),
}
"""Output -> its layer, by name; a linear one has none."""

NORMALISATION_LAYERS: dict[str, Callable[..., nn.Module]] = {
    "layer": nn.LayerNorm,
    "batch": nn.BatchNorm1d,
}
"""torch's layer that normalises the units of a row, or a unit over the rows."""

PLAIN_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAK),
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "glu": lambda: nn.GLU(dim=-1),
}
"""torch's layer for each of our activations, for exported networks."""
