"""K multilayer perceptrons as one module."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mlp_lab.network.activations import ACTIVATIONS, parts_of
from mlp_lab.network.architecture import (
    INITS,
    NORMALISATIONS,
    count_parameters,
    layer_names,
    network_name,
    normalisation_name,
)
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.embeddings import Embedding, draw_embedding
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import OUTPUTS
from mlp_lab.network.matrix_products import affine, lowered
from mlp_lab.network.normalisation import Rows, Units, batch_norm, layer_norm
from mlp_lab.network.plain_network import EmbeddedInputs, Ensemble, plain_network, units_of

Masks = Sequence[Tensor]
"""Dropout factors, one tensor (K, B, H) for each hidden layer."""


class MLP(nn.Module):
    """K perceptrons h_1 = a(beta_0 + x Omega_0), ..., y = o(beta_L + h_L Omega_L), side by side.

    Members share depth, activations and output, and may differ in width: a narrow member's
    matrices are padded with zeros. A padded unit has f = 0 and no weight leads out of it, so its
    gradients are zero and it stays zero for ever; where a(0) is not 0, a mask sets it to zero.
    With an embedding, x is what it makes of the inputs. Pre-activations may be normalised before
    their activation, and a residual layer adds what it reads to what it gives. A gated layer has
    two pre-activations for each unit, all first ones before all second ones.

    Shape:
        - input: (B, D), the same rows for every member, or (K, B, D)
        - output: (K, B, C)
        - `weights.k`: (K, inputs, outputs), `biases.k`: (K, 1, outputs)
        - `normalising.i`: (K, 1, H), gains of all hidden layers, then shifts
        - `embedded.i`: (K, ...) by `EmbeddingPlan.shapes`

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
        embedding: Embedding | None = None,
        normalisation: str = "none",
        residual: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        layers: LayerTensors | None = None,
    ) -> None:
        """Zero weights, which `initialise` draws, or those of `layers`, shared with the caller.

        `sizes`: of each member's layers, inputs first: those of the embedding, where there is one.
        """
        super().__init__()
        self.embedding = embedding
        self.member_sizes = [list(member) for member in sizes]
        self.activation_names = list(activations)
        self.output_name = output
        self.normalisation, self.residual = normalisation, residual
        padded = [max(layer) for layer in zip(*sizes, strict=True)]
        if len(padded) != len(activations) + 2:
            raise ValueError(f"{len(activations)} activations for {len(padded) - 2} hidden layers")
        if layers is None:
            shapes = [] if embedding is None else list(embedding.plan.shapes.values())
            layers = LayerTensors(
                len(sizes),
                padded,
                shapes,
                parts=parts_of(activations),
                unit_vectors=len(NORMALISATIONS[normalisation].learnt),
                unit_statistics=len(NORMALISATIONS[normalisation].statistics),
                dtype=dtype,
                device=torch.device(device),
            )
        self._adopt(layers)

    def _adopt(self, layers: LayerTensors) -> None:
        """Make `layers` this network's weights: the parameters are views of its flat tensor."""
        self.layers = layers
        self.weights = nn.ParameterList(layers.weights)
        self.biases = nn.ParameterList(layers.biases)
        self.normalising = nn.ParameterList(layers.normalising)
        self.embedded = nn.ParameterList(layers.embedding)
        self.activations = [ACTIVATIONS[name] for name in self.activation_names]
        self.output = OUTPUTS[self.output_name]
        hidden = range(1, len(layers.sizes) - 1)
        self.padding_masks = [self._padding_mask(k) for k in hidden]
        by_row = self.normalisation == "layer"
        each = [(self._widths(k), layers.parts[k - 1]) for k in hidden if by_row]
        self.units = [Units.of(widths, layers.flat, parts) for widths, parts in each]
        """Of each hidden layer, where a row is normalised over them."""

    def _widths(self, layer: int) -> list[int]:
        """Units of a layer, of each member."""
        return [sizes[layer] for sizes in self.member_sizes]

    def _padding_mask(self, layer: int) -> Tensor | None:
        """1 where a unit is real, 0 where it is padding, (K, 1, H); None where none is needed."""
        widths = self._widths(layer)
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
        """Numbers that each member learns, padding left out."""
        embedded = 0 if self.embedding is None else self.embedding.plan.parameters
        return [
            count_parameters(sizes, self.normalisation, self.activation_names) + embedded
            for sizes in self.member_sizes
        ]

    def initialise(
        self,
        inits: Sequence[str],
        generators: Sequence[torch.Generator],
        frequency_scales: Sequence[float] = (),
    ) -> None:
        """Draw each member's weights on the CPU, from its own generator and at its own sizes.

        `frequency_scales`: of each member's periodic embedding.
        """
        for k, (sizes, init) in enumerate(zip(self.member_sizes, inits, strict=True)):
            self._draw(k, sizes, init, generators[k])
        if self.embedding is None:
            return
        for k, (scale, generator) in enumerate(zip(frequency_scales, generators, strict=True)):
            drawn = draw_embedding(self.embedding.plan, scale, generator, self.layers.flat.dtype)
            for tensor, own in zip(self.layers.embedding, drawn, strict=True):
                tensor[k] = own

    def _draw(self, k: int, sizes: Sequence[int], init: str, generator: torch.Generator) -> None:
        """Draw the layers of member k; each part of a gated layer is drawn by itself."""
        layers = self.layers
        tensors = zip(layers.weights, layers.biases, (*layers.parts, 1), strict=True)
        for (weight, bias, parts), n_in, n_out in zip(tensors, sizes[:-1], sizes[1:], strict=True):
            own = zip(weight[k].chunk(parts, -1), bias[k, 0].chunk(parts, -1), strict=True)
            for own_weight, own_bias in own:
                drawn_weight = torch.zeros(n_in, n_out, dtype=weight.dtype)
                drawn_bias = torch.zeros(n_out, dtype=weight.dtype)
                INITS[init](drawn_weight, drawn_bias, generator)
                own_weight[:n_in, :n_out] = drawn_weight
                own_bias[:n_out] = drawn_bias
        ones = [gain for gain, _ in layers.normalisation]
        ones += [variance for _, variance in layers.statistics]
        of_units = [*zip(layers.parts, sizes[1:-1], strict=True)] * 2
        for vector, (parts, units) in zip(ones, of_units, strict=False):
            for own_vector in vector[k, 0].chunk(parts, -1):
                own_vector[:units] = 1

    def embed(self, inputs: Tensor, *, members: int | None = None) -> Tensor:
        """What the first layer reads of inputs (k, B, D) of the first k members, (k, B, D')."""
        if self.embedding is None:
            return inputs
        k = self.members if members is None else members
        return self.embedding.passes(list(self.embedded), k).forward(inputs)

    def pre_activation(
        self,
        inputs: Tensor,
        masks: Masks = (),
        *,
        members: int | None = None,
        rows: Rows | None = None,
        autocast: torch.dtype | None = None,
        hidden: list[Tensor] | None = None,
    ) -> Tensor:
        """f of the last layer, (k, B, C), of the first k `members` (all of them by default).

        In training, `rows` are those that batch normalisation is over; they take note of the
        statistics, and nothing else changes. `autocast`: a lower precision for the products.
        `hidden`: a list that every h_k, (k, B, H), is added to.
        """
        h = inputs if inputs.dim() == 3 else inputs.expand(self.members, *inputs.shape)
        h = self.embed(h, members=members)
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            read, factor = lowered(h, autocast), lowered(weight[:members], autocast)
            f = affine(read, factor, bias[:members])
            if k == last:
                return f
            read = h
            h = self.activate(k, self.normalise(k, f, rows))
            if hidden is not None:
                hidden.append(h)
            if masks:
                h = h * masks[k]
            if self.residual and k > 0:
                h = read + h
        raise AssertionError("a network has at least one layer")

    def normalise(self, layer: int, f: Tensor, rows: Rows | None = None) -> Tensor:
        """What the activation of a hidden layer reads: f itself where nothing is normalised."""
        if not len(self.normalising):
            return f
        k, hidden = len(f), len(self.activations)
        gain, shift = (vector[:k] for vector in list(self.normalising)[layer::hidden])
        if self.units:
            return layer_norm(f, gain, shift, self.units[layer].first(k))
        running = [vector[:k] for vector in self.layers.statistics[layer]]
        if rows is None:
            return batch_norm(f, gain, shift, running)
        own = rows.statistics(f)
        rows.taken.append(own)
        return batch_norm(f, gain, shift, rows.chosen(own, running), rows)

    def move_statistics(self, rows: Rows) -> None:
        """Move running averages towards the statistics that rows of a batch took note of."""
        for running, own in zip(self.layers.statistics, rows.taken, strict=True):
            rows.move([vector[: len(own[0])] for vector in running], own)

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
        return self._some(members, self.layers.take(members, self._padded(members)))

    def alone(self, member: int) -> "MLP":
        """A stack of one of the members: this one itself where it has no other."""
        return self if self.members == 1 else self.take([member])

    def taken(self, members: Sequence[int], layers: LayerTensors) -> "MLP":
        """The same with their part of other tensors for weights."""
        return self._some(members, layers.take(members, self._padded(members)))

    def _padded(self, members: Sequence[int]) -> list[int]:
        """Sizes of layers that hold these members."""
        each = (self.member_sizes[k] for k in members)
        return [max(layer) for layer in zip(*each, strict=True)]

    def _some(self, members: Sequence[int], layers: LayerTensors) -> "MLP":
        """Some of the members over tensors of their own."""
        embedding = self.embedding
        return MLP(
            [self.member_sizes[k] for k in members],
            activations=self.activation_names,
            output=self.output_name,
            embedding=None if embedding is None else embedding.take(members),
            normalisation=self.normalisation,
            residual=self.residual,
            layers=layers,
        )

    @staticmethod
    def joined(networks: Sequence["MLP"]) -> "MLP":
        """Stacks of one, that differ in their widths at most, as one stack."""
        first = networks[0]
        embedding = first.embedding
        if embedding is not None:
            knots = [own.embedding.knots for own in networks if own.embedding is not None]
            embedding = Embedding(embedding.plan, torch.cat(knots))
        joined = MLP(
            [network.member_sizes[0] for network in networks],
            activations=first.activation_names,
            output=first.output_name,
            embedding=embedding,
            normalisation=first.normalisation,
            residual=first.residual,
            dtype=first.layers.flat.dtype,
            device=first.layers.flat.device,
        )
        for k, network in enumerate(networks):
            for whole, own in zip(joined.layers.blocks, network.layers.blocks, strict=True):
                whole[k, : own.shape[1], : own.shape[2]] = own[0]
        return joined

    @staticmethod
    def of_plain(
        plain: nn.Sequential,
        activations: Sequence[str],
        output: str,
        *,
        normalisation: str = "none",
        residual: bool = False,
    ) -> "MLP":
        """A stack of one with the weights of plain layers, such as `member` gives.

        Raises:
            ValueError: they are others.
        """
        embedded, embedding = plain[0], None
        if sum(isinstance(layer, nn.Linear) for layer in plain) != len(activations) + 1:
            raise ValueError(f"not {len(activations)} hidden layers")
        state = {name: own for name, own in plain.state_dict().items() if own.is_floating_point()}
        if isinstance(embedded, EmbeddedInputs):
            none = state["output.weight"].new_empty(1, 0, 0)
            knots = embedded.knots[None] if embedded.plan.knots else none
            embedding = Embedding(embedded.plan, knots)
        network = MLP(
            [units_of(plain, activations)],
            activations=activations,
            output=output,
            embedding=embedding,
            normalisation=normalisation,
            residual=residual,
            dtype=state["output.weight"].dtype,
        )
        wanted = {name: tensor.shape for name, tensor in network.member_state(0).items()}
        if {name: tensor.shape for name, tensor in state.items()} != wanted:
            raise ValueError(f"not the layers {list(wanted)}")
        network._fill(state)
        return network

    def _fill(self, state: Mapping[str, Tensor]) -> None:
        """Take over the weights of one plain network; `member_state` gives them again."""
        layers, names = self.layers, layer_names(len(self.activations))
        for name, weight, bias in zip(names, layers.weights, layers.biases, strict=True):
            weight[0] = state[f"{name}.weight"].t()
            bias[0, 0] = state[f"{name}.bias"]
        of_units = NORMALISATIONS[self.normalisation].vectors
        for layer, vectors in enumerate(layers.of_units):
            for name, vector in zip(of_units, vectors, strict=True):
                vector[0, 0] = state[f"{normalisation_name(layer)}.{name}"]
        shapes = () if self.embedding is None else self.embedding.plan.shapes
        for name, tensor in zip(shapes, layers.embedding, strict=True):
            tensor[0] = state[f"embedding.{name}"]

    def over(self, layers: LayerTensors) -> "MLP":
        """The same networks over other weights, which they share with the caller."""
        return self._some(range(self.members), layers)

    def member(self, k: int, temperature: float = 1.0) -> nn.Sequential:
        """Member k as plain torch layers; maps (B, D) to (B, C)."""
        return plain_network(
            self.member_sizes[k],
            self.activation_names,
            self.output_name,
            self.member_state(k),
            None if self.embedding is None else self.embedding.plan,
            normalisation=self.normalisation,
            residual=self.residual,
            temperature=temperature,
        )

    def plain(self, temperature: float = 1.0) -> nn.Sequential | Ensemble:
        """All members as one module of plain torch layers: of several, the mean of their outputs.

        Maps (B, D) to (B, C), by a temperature of the probabilities.
        """
        if self.members == 1:
            return self.member(0, temperature)
        networks = [self.member(k) for k in range(self.members)]
        return Ensemble(networks, self.output_name, temperature)

    def plain_state(self) -> dict[str, Tensor]:
        """The weights, as the state_dict of what `plain` builds."""
        if self.members == 1:
            return self.member_state(0)
        states = [self.member_state(k) for k in range(self.members)]
        return {
            f"{network_name(k)}.{name}": tensor
            for k, state in enumerate(states)
            for name, tensor in state.items()
        }

    def member_state(self, k: int) -> dict[str, Tensor]:
        """Member k's weights, as the state_dict of the plain network that `member` builds."""
        state = {} if self.embedding is None else self._embedding_state(self.embedding, k)
        own = self.layers.take([k], self.member_sizes[k])
        names = layer_names(len(self.activations))
        for name, weight, bias in zip(names, own.weights, own.biases, strict=True):
            state[f"{name}.weight"] = weight[0].t().contiguous()
            state[f"{name}.bias"] = bias[0, 0].clone()
        of_units = NORMALISATIONS[self.normalisation].vectors
        for layer, vectors in enumerate(own.of_units):
            for name, vector in zip(of_units, vectors, strict=True):
                state[f"{normalisation_name(layer)}.{name}"] = vector[0, 0].clone()
        return state

    def _embedding_state(self, embedding: Embedding, k: int) -> dict[str, Tensor]:
        tensors = zip(embedding.plan.shapes, self.layers.embedding, strict=True)
        state = {f"embedding.{name}": tensor[k].clone() for name, tensor in tensors}
        if embedding.plan.knots:
            state["embedding.knots"] = embedding.knots[k].clone()
        return state

    def __reduce__(self) -> tuple[Callable[..., "MLP"], tuple[object, ...]]:
        """As plain data and one tensor: functions without a name cannot be pickled."""
        flat = self.layers.flat.detach().cpu()
        embedding = None
        if self.embedding is not None:
            embedding = self.embedding.plan, self.embedding.knots.cpu()
        own = (self.activation_names, self.output_name, self.normalisation, self.residual)
        return _restored, (self.member_sizes, own, embedding, flat)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "MLP":
        """`to`, `double`, `cuda`: convert the flat tensor, then look at it through views again."""
        flat = fn(self.layers.flat)
        layers = LayerTensors(
            self.members,
            self.layers.sizes,
            self.layers.embedding_shapes,
            parts=self.layers.parts,
            unit_vectors=self.layers.unit_vectors,
            unit_statistics=self.layers.unit_statistics,
            dtype=flat.dtype,
            device=flat.device,
        )
        layers.flat.copy_(flat)
        if self.embedding is not None:
            self.embedding = self.embedding.to(flat)
        self._adopt(layers)
        return self


def _restored(
    sizes: list[list[int]],
    own: tuple[list[str], str, str, bool],
    embedding: tuple[EmbeddingPlan, Tensor] | None,
    flat: Tensor,
) -> MLP:
    activations, output, normalisation, residual = own
    network = MLP(
        sizes,
        activations=activations,
        output=output,
        embedding=None if embedding is None else Embedding(*embedding),
        normalisation=normalisation,
        residual=residual,
        dtype=flat.dtype,
    )
    network.layers.flat.copy_(flat)
    return network
