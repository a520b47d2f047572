"""The network that is traced: the course's example, own settings and numbers, or a saved run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from mlp_lab.config.reading import read
from mlp_lab.config.saved import saved_values
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.errors import UserError, nearest, require
from mlp_lab.network.embeddings import Embedding, fit_knots
from mlp_lab.network.losses import COMPATIBLE_LOSSES, Objective, choose_objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.plain_network import plain_activation
from mlp_lab.predictor import load
from mlp_lab.runs.prepared_data import PreparedData, prepare_data
from mlp_lab.trace.names import course_names, tensor_shapes
from mlp_lab.trace.quantities import Network
from mlp_lab.trace.request import DEEP_EXAMPLE, EXAMPLE, Matrix, TraceRequest

Compose = Callable[[list[str]], Config]
"""Settings as typed -> the configuration of a training."""

EXAMPLES = {(1, 2, 1): EXAMPLE, (1, 2, 2, 1): DEEP_EXAMPLE}
"""Units of every layer, inputs first -> weights and biases to show."""

EXAMPLE_TARGET: dict[str, Matrix] = {
    "linear": [[3.0]],
    "exponential": [[3.0]],
    "sigmoid": [[1.0]],
    "softmax": [[1.0, 0.0]],
    "ordinal": [[0.0, 1.0, 0.0]],
}
"""By the output function."""

ROWS = 3
"""Rows of a data set that are traced, unless the request says otherwise."""


def traced_network(request: TraceRequest, compose: Compose) -> Network:
    """The network that a command line asks for, in double precision.

    Raises:
        UserError: settings, numbers and data do not fit each other.
    """
    if request.run is not None:
        return _of_run(request.run, request)
    about_data = any(
        word.startswith(("data=", "data.", "experiment=")) for word in request.settings
    )
    base = ["batch_size=full"]  # of which nothing is seen, and which any rows are enough for
    base += [] if about_data else ["data=cubic"]  # any that needs no file; it is never loaded
    if not any(word.startswith("model=") for word in request.settings):
        base += ["model=shallow", *["model.width=2"] * (not _sets(request, "model.width"))]
    config = compose([*base, *request.settings])
    return _of_data(config, request) if about_data else _of_numbers(config, request)


def _sets(request: TraceRequest, *keys: str) -> bool:
    return any(word.partition("=")[0] in keys for word in request.settings)


def _of_run(folder: Path, request: TraceRequest) -> Network:
    """A saved run's network on the first of its training rows; of an ensemble, the first."""
    predictor = load(folder)
    config = read(Config, saved_values(folder), "")
    model, output = config.model, predictor.objective.output
    smoothing = config.loss.smoothing
    objective = replace(predictor.objective, label_smoothing=smoothing, temperature=1.0)
    networks = predictor.networks
    plain, other = networks[0].double(), f"{folder}: the model of config.yaml is not that of"
    if not _activates(plain, model.activations):
        raise UserError(f"{other} schema.json")
    try:
        mlp = MLP.of_plain(
            *(plain, model.activations, output),
            normalisation=model.normalisation,
            residual=model.residual,
        )
    except ValueError:
        raise UserError(f"{other} schema.json") from None
    x, t, weights = _rows(request, lambda: prepare_data(config))
    set_numbers(mlp, request.numbers)
    names, dropout, count = predictor.schema.names, model.dropout, len(networks)
    return checked(Network(mlp, objective, x, t, weights, names, dropout=dropout, ensemble=count))


def _activates(plain: nn.Sequential, activations: Sequence[str]) -> bool:
    """Whether the hidden layers have these activations."""
    found = [str(layer) for name, layer in plain.named_children() if name.startswith("activation")]
    return found == [str(plain_activation(name)) for name in activations]


def _of_data(config: Config, request: TraceRequest) -> Network:
    """A network before its first step, on the first of its training rows."""
    prepared = prepare_data(config)
    x, t, weights = _rows(request, lambda: prepared)
    mlp = initial(
        config, list(prepared.sizes(config)), prepared.objective, _embedding(config, prepared)
    )
    set_numbers(mlp, request.numbers)
    names, dropout = prepared.encoded.schema.names, config.model.dropout
    count = config.ensemble
    return checked(
        Network(mlp, prepared.objective, x, t, weights, names, dropout=dropout, ensemble=count)
    )


def _embedding(config: Config, prepared: PreparedData) -> Embedding | None:
    """What embeds the inputs of a network that begins, with knots from all training rows."""
    plan = prepared.summary.embedding(config)
    if plan is None:
        return None
    train = Dataset.of(prepared.encoded, torch.float64, torch.device("cpu")).train
    knots = train.inputs.new_empty(0, 0)
    if plan.knots:
        knots = fit_knots(train.inputs[:, plan.numbers], plan.bins)
    return Embedding(plan, knots[None])


def _rows(
    request: TraceRequest, prepare: Callable[[], PreparedData]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Inputs (B, D), targets (B, C) and weights (B,): own ones, else the first training rows."""
    own = {key: _tensor(request.numbers[key]) for key in ("x", "t") if key in request.numbers}
    if len(own) == 2:
        return own["x"], own["t"], None
    train = Dataset.of(prepare().encoded, torch.float64, torch.device("cpu")).train
    count = request.rows or (len(next(iter(own.values()))) if own else ROWS)
    weights = None if train.loss_weights is None else train.loss_weights[:count]
    return own.get("x", train.inputs[:count]), own.get("t", train.targets[:count]), weights


def _of_numbers(config: Config, request: TraceRequest) -> Network:
    """A network on rows that are typed, or on the example's."""
    if request.rows is not None:
        raise UserError(
            f"--rows={request.rows} needs a data set or a run: say data=iris, or x=[...]"
        )
    if config.model.embedding != "none" or config.model.category_size:
        raise UserError(
            "what embeds inputs is of a table's columns: trace a data set or a run, or"
            " model.embedding=none model.category_size=0"
        )
    objective = objective_of(config)
    x = _tensor(request.numbers.get("x", EXAMPLE["x"]))
    typed = request.numbers.get("t")
    t = _tensor(EXAMPLE_TARGET[objective.output] * len(x) if typed is None else typed)
    sizes = [x.shape[1], *config.model.widths, objective.pre_activations(t.shape[1])]
    mlp = initial(config, sizes, objective)
    plain = max(mlp.layers.parts, default=1) == 1
    if plain and not _sets(request, "seed", "model.init"):
        set_numbers(mlp, EXAMPLES.get(tuple(sizes), {}))
    set_numbers(mlp, request.numbers)
    return checked(Network(mlp, objective, x, t, dropout=config.model.dropout))


def objective_of(config: Config) -> Objective:
    """Output and loss of the first task that they fit: a number, two classes, more.

    Raises:
        UserError: they fit none, since they do not fit each other.
    """
    errors = []
    for task in COMPATIBLE_LOSSES:
        try:
            return choose_objective(task, config.model.output, config.loss)
        except UserError as error:
            errors.append(error)
    raise errors[1]  # two classes take every loss and every output


def initial(
    config: Config, sizes: list[int], objective: Objective, embedding: Embedding | None = None
) -> MLP:
    """The network that a training would begin with, in double precision."""
    mlp = MLP(
        [sizes],
        activations=config.model.activations,
        output=objective.output,
        embedding=embedding,
        normalisation=config.model.normalisation,
        residual=config.model.residual,
        dtype={"float32": torch.float32, "float64": torch.float64}[config.dtype],
    )
    generators = [torch_generator(config.seed, Stream.WEIGHTS)]
    mlp.initialise([config.model.init], generators, [config.model.frequency_scale])
    return mlp.to(torch.float64)


def set_numbers(mlp: MLP, numbers: Mapping[str, Matrix]) -> None:
    """Replace weights and biases by own ones, whole tensors or entries by the course's names.

    Raises:
        UserError: the network has none of that name, or one of another shape.
    """
    sizes = mlp.member_sizes[0]
    parts = mlp.layers.parts
    shapes, entries = tensor_shapes(sizes, parts), course_names(sizes, parts)
    for key, value in numbers.items():
        if key in ("x", "t"):
            continue
        if key not in shapes and key not in entries:
            known = [*shapes, *entries]
            listed = ", ".join(known[:20]) + ", …" * (len(known) > 20)
            raise UserError(f"unknown key {key!r}{nearest(key, known)} ({listed})")
        tensor, row, column = entries.get(key, (key, 0, 0))
        symbol, _, layer = tensor.partition("_")
        layers = mlp.layers.weights if symbol == "Omega" else mlp.layers.biases
        parameter = layers[int(layer)][0]
        shape = (1, 1) if key in entries else shapes[key]
        own_shape = (len(value), len(value[0]))
        require(own_shape == shape, key, _in_words(shape), value)
        if key in entries:
            parameter[row, column] = value[0][0]
        else:
            parameter.copy_(_tensor(value))


def _in_words(shape: tuple[int, int]) -> str:
    rows, columns = shape
    return f"{rows} row{'s' * (rows > 1)} of {columns} number{'s' * (columns > 1)}"


def checked(network: Network) -> Network:
    """The network, if its rows fit it; its targets as they are in training.

    Raises:
        UserError: x and t differ in rows, have other columns than the network, or t cannot be.
    """
    x, t, sizes, loss = network.x, network.t, network.sizes, network.objective.loss
    if len(x) != len(t):
        raise UserError(f"x and t must have equally many rows, got {len(x)} and {len(t)}")
    outputs = sizes[-1] + network.mlp.output.fewer
    for key, tensor, size in (("x", x, network.inputs), ("t", t, outputs)):
        if tensor.shape[1] != size:
            raise UserError(
                f"{key} must have {size} number{'s' * (size > 1)} in a row, got {tensor.shape[1]}"
            )
    summed = network.objective.function.summed
    if loss in ("bce", "focal") and not summed and not bool(((t >= 0) & (t <= 1)).all()):
        raise UserError(f"t must be in [0, 1] with loss={loss}, got {t.tolist()}")
    if loss == "poisson" and not bool((t >= 0).all()):
        raise UserError(f"t must be 0 or more with loss=poisson, got {t.tolist()}")
    probabilities = bool((t >= 0).all()) and bool(((t.sum(1) - 1).abs() < 1e-9).all())
    if summed and not probabilities:
        raise UserError(
            f"each row of t must be probabilities that sum to 1 with loss={loss}, got {t.tolist()}"
        )
    return _smoothed(network)


def _smoothed(network: Network) -> Network:
    """With the targets that it is trained on, so that L is what the gradients are of."""
    objective = network.objective
    return replace(
        network,
        objective=replace(objective, label_smoothing=0.0),
        t=objective.training_targets(network.t),
        label_smoothing=objective.label_smoothing,
    )


def _tensor(values: Matrix) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)
