"""What is to be traced: the course's example, own settings and numbers, or a saved run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mlp_lab.config.composition import saved_values
from mlp_lab.config.messages import explain
from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError, nearest, require
from mlp_lab.formatting import shown
from mlp_lab.network.losses import COMPATIBLE_LOSSES, Objective, choose_objective
from mlp_lab.runs.prepared import Problem, pose
from mlp_lab.trace.names import course_names, tensor_shapes

if TYPE_CHECKING:
    import torch

    from mlp_lab.data.dataset import Part
    from mlp_lab.network.mlp import MLP
    from mlp_lab.trace.backprop import Network

Matrix = list[list[float]]
Compose = Callable[[list[str]], Config]
"""Settings as typed -> the configuration of a training."""

EXAMPLE: dict[str, Matrix] = {
    "x": [[2.0]],
    "t": [[3.0]],
    "Omega_0": [[1.0, -1.0]],
    "beta_0": [[0.5, 1.0]],
    "Omega_1": [[2.0], [-1.0]],
    "beta_1": [[0.5]],
}
"""The course's network, y = phi_0 + phi_1 h_1 + phi_2 h_2 with ReLU; its second unit is silent."""

EXAMPLE_SIZES = [1, 2, 1]

EXAMPLE_TARGET: dict[str, Matrix] = {"linear": [[3.0]], "sigmoid": [[1.0]], "softmax": [[1.0, 0.0]]}
"""By the output function."""

ROWS = 3
"""Of a data set, unless asked for otherwise."""

OWN = re.compile(r"[xty]|(Omega|beta)_\d+|(theta|phi)_\d+")
"""Keys that are numbers of the network, and no settings of a training."""


SETTINGS = ("model", "loss", "data", "seed", "dtype", "experiment")
"""Settings of a training on which a trace depends; `dtype` is that of the weights' draw."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asks for. `rows` None: as many as there are, or a data set's first."""

    run: Path | None = None
    settings: list[str] = field(default_factory=list)
    numbers: dict[str, Matrix] = field(default_factory=dict)
    rows: int | None = None

    @classmethod
    def of(cls, words: Sequence[str], file: str | None, rows: int | None) -> Asked:
        """Sort the words: a folder, settings of a training, own numbers.

        Raises:
            UserError: a word is none of these, or they do not go together.
        """
        if rows is not None:
            require(rows >= 1, "--rows", "1 or more", rows)
        folders = [word for word in words if "=" not in word]
        own = {}
        if file is not None:
            own = {key: matrix(key, value) for key, value in numbers_file(Path(file)).items()}
        typed = [word for word in words if "=" in word]
        settings = [word for word in typed if not OWN.fullmatch(word.partition("=")[0])]
        for word in settings:
            if word.lstrip("+~").partition("=")[0].partition(".")[0] not in SETTINGS:
                close = nearest(word.partition("=")[0].partition(".")[0], [*SETTINGS, *EXAMPLE])
                raise UserError(
                    f"{word} changes nothing in a trace{close} (it depends on {', '.join(SETTINGS)}"
                    " and on own numbers)"
                )
        for word in typed:
            if word not in settings:
                key, _, value = word.partition("=")
                own[key] = matrix(key, parsed(word, value))
        if "y" in own:
            raise UserError("y is what the network gives: a row's target is t, as in t=3")
        if len(folders) > 1:
            raise UserError(f"one RUN_FOLDER at a time, got {' '.join(folders)}")
        if folders and settings:
            raise UserError(f"{folders[0]} has settings of its own: leave out {settings[0]}")
        return cls(Path(folders[0]) if folders else None, settings, own, rows)


def numbers_file(path: Path) -> Mapping[str, object]:
    """A YAML file of own numbers.

    Raises:
        UserError: it holds something else.
    """
    try:
        with path.open("rb") as file:
            found: object = yaml.safe_load(file)
    except yaml.YAMLError as error:
        raise UserError(explain(error) or f"{path} is no YAML") from None
    if not isinstance(found, Mapping):
        raise UserError(f"{path} must hold numbers by name, as in x: 2, got {shown(found)}")
    for key in found:
        if not OWN.fullmatch(str(key)):
            raise UserError(f"{path}: unknown key {key!r} (x, t, Omega_k, beta_k, theta_ij, phi_j)")
    return {str(key): value for key, value in found.items()}


def parsed(word: str, value: str) -> object:
    """A value as YAML has it.

    Raises:
        UserError: it is no YAML.
    """
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise UserError(f"cannot read {word!r}: do its brackets and commas match?") from None


def matrix(key: str, value: object) -> Matrix:
    """A number, a row of numbers or a list of rows, as rows.

    Raises:
        UserError: it is none of these.
    """
    rows = value if isinstance(value, list) else [value]
    if not any(isinstance(row, list) for row in rows):
        rows = [rows]
    found = [[_number(entry) for entry in row] if isinstance(row, list) else [] for row in rows]
    lengths = {len(row) for row in found}
    finite = all(math.isfinite(entry) for row in found for entry in row)
    rule = "a number, a list of numbers, or a list of equally long rows"
    require(finite and len(lengths) == 1 and 0 not in lengths, key, rule, value)
    return found


def _number(entry: object) -> float:
    """A number; NaN for what is none. YAML takes 1e-3 for text."""
    if isinstance(entry, int | float | str) and not isinstance(entry, bool):
        try:
            return float(entry)
        except (ValueError, OverflowError):
            return math.nan
    return math.nan


def network_of(asked: Asked, compose: Compose) -> Network:
    """What a command line asks for, in double precision.

    Raises:
        UserError: settings, numbers and data do not fit each other.
    """
    if asked.run is not None:
        return _of_run(asked.run, asked)
    about_data = any(word.startswith(("data=", "data.", "experiment=")) for word in asked.settings)
    base = [] if about_data else ["data=cubic"]  # any that needs no file; it is never loaded
    if not any(word.startswith("model=") for word in asked.settings):
        base += ["model=shallow", *["model.width=2"] * (not _sets(asked, "model.width"))]
    config = compose([*base, *asked.settings])
    return _of_data(config, asked) if about_data else _of_numbers(config, asked)


def _sets(asked: Asked, *keys: str) -> bool:
    return any(word.partition("=")[0] in keys for word in asked.settings)


def _of_run(folder: Path, asked: Asked) -> Network:
    """A saved run's network on the first of its training rows."""
    import torch

    from mlp_lab.network.mlp import MLP, layer_names
    from mlp_lab.predictor import load
    from mlp_lab.trace.backprop import Network

    predictor = load(folder)
    plain, objective = predictor.network.double(), predictor.objective
    config = read(Config, saved_values(folder), "")
    state = plain.state_dict()
    names = layer_names(config.model.depth)
    sizes = [state[f"{names[0]}.weight"].shape[1]]
    sizes += [len(state[f"{name}.bias"]) for name in names]
    mlp = MLP(
        [sizes],
        activations=config.model.activations,
        output=objective.output,
        dtype=torch.float64,
    )
    for k, name in enumerate(names):
        mlp.layers.weights[k][0] = state[f"{name}.weight"].t()
        mlp.layers.biases[k][0, 0] = state[f"{name}.bias"]
    x, t, weights = _rows(asked, lambda: pose(config))
    set_numbers(mlp, asked.numbers)
    return checked(
        Network(mlp, objective, x, t, weights, predictor.schema.names, config.model.dropout)
    )


def _of_data(config: Config, asked: Asked) -> Network:
    """A network before its first step, on the first of its training rows."""
    from mlp_lab.trace.backprop import Network

    problem = pose(config)
    x, t, weights = _rows(asked, lambda: problem)
    mlp = initial(config, list(problem.sizes(config)), problem.objective)
    set_numbers(mlp, asked.numbers)
    names, dropout = problem.encoded.schema.names, config.model.dropout
    return checked(Network(mlp, problem.objective, x, t, weights, names, dropout))


def _rows(
    asked: Asked, posed: Callable[[], Problem]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Inputs (B, D), targets (B, C) and weights (B,): own ones, else the first training rows."""
    import torch

    given = {key: _tensor(asked.numbers[key]) for key in ("x", "t") if key in asked.numbers}
    if len(given) == 2:
        return given["x"], given["t"], None
    from mlp_lab.data.dataset import Dataset

    train: Part = Dataset.of(posed().encoded, torch.float64, torch.device("cpu")).train
    count = asked.rows or (len(next(iter(given.values()))) if given else ROWS)
    weights = None if train.loss_weights is None else train.loss_weights[:count]
    return given.get("x", train.inputs[:count]), given.get("t", train.targets[:count]), weights


def _of_numbers(config: Config, asked: Asked) -> Network:
    """A network on rows that are typed, or on the example's."""
    from mlp_lab.trace.backprop import Network

    if asked.rows is not None:
        raise UserError(f"--rows={asked.rows} needs a data set or a run: say data=iris, or x=[...]")
    objective = objective_of(config)
    x = _tensor(asked.numbers.get("x", EXAMPLE["x"]))
    typed = asked.numbers.get("t")
    t = _tensor(EXAMPLE_TARGET[objective.output] * len(x) if typed is None else typed)
    sizes = [x.shape[1], *config.model.widths, t.shape[1]]
    mlp = initial(config, sizes, objective)
    if sizes == EXAMPLE_SIZES and not _sets(asked, "seed", "model.init"):
        set_numbers(mlp, EXAMPLE)
    set_numbers(mlp, asked.numbers)
    return checked(Network(mlp, objective, x, t, dropout=config.model.dropout))


def objective_of(config: Config) -> Objective:
    """Output and loss of the first task that they fit: a number, two classes, more.

    Raises:
        UserError: they fit none, since they do not fit each other.
    """
    errors = []
    for task in COMPATIBLE_LOSSES:
        try:
            return choose_objective(task, config.model.output, config.loss.name)
        except UserError as error:
            errors.append(error)
    raise errors[1]  # two classes take every loss and every output


def initial(config: Config, sizes: list[int], objective: Objective) -> MLP:
    """The network that a training would begin with, in double precision."""
    import torch

    from mlp_lab.engine.seeds import Stream, torch_generator
    from mlp_lab.network.mlp import MLP

    mlp = MLP(
        [sizes],
        activations=config.model.activations,
        output=objective.output,
        dtype={"float32": torch.float32, "float64": torch.float64}[config.dtype],
    )
    mlp.initialise([config.model.init], [torch_generator(config.seed, Stream.WEIGHTS)])
    return mlp.to(torch.float64)


def set_numbers(mlp: MLP, numbers: Mapping[str, Matrix]) -> None:
    """Replace weights and biases by own ones, whole tensors or entries by the course's names.

    Raises:
        UserError: the network has none of that name, or one of another shape.
    """
    sizes = mlp.member_sizes[0]
    shapes, entries = tensor_shapes(sizes), course_names(sizes)
    for key, given in numbers.items():
        if key in ("x", "t"):
            continue
        if key not in shapes and key not in entries:
            known = [*shapes, *entries]
            listed = ", ".join(known[:20]) + ", …" * (len(known) > 20)
            raise UserError(f"unknown key {key!r}{nearest(key, known)} ({listed})")
        tensor, row, column = entries.get(key, (key, 0, 0))
        symbol, _, layer = tensor.partition("_")
        home = (mlp.layers.weights if symbol == "Omega" else mlp.layers.biases)[int(layer)][0]
        shape = (1, 1) if key in entries else shapes[key]
        got = (len(given), len(given[0]))
        require(got == shape, key, _in_words(shape), given)
        if key in entries:
            home[row, column] = given[0][0]
        else:
            home.copy_(_tensor(given))


def _in_words(shape: tuple[int, int]) -> str:
    rows, columns = shape
    return f"{rows} row{'s' * (rows > 1)} of {columns} number{'s' * (columns > 1)}"


def checked(network: Network) -> Network:
    """The network, if its rows fit it.

    Raises:
        UserError: x and t differ in rows, have other columns than the network, or t cannot be.
    """
    x, t, sizes, loss = network.x, network.t, network.sizes, network.objective.loss
    if len(x) != len(t):
        raise UserError(f"x and t must have equally many rows, got {len(x)} and {len(t)}")
    for key, tensor, size in (("x", x, sizes[0]), ("t", t, sizes[-1])):
        if tensor.shape[1] != size:
            raise UserError(
                f"{key} must have {size} number{'s' * (size > 1)} in a row, got {tensor.shape[1]}"
            )
    if loss == "bce" and not bool(((t >= 0) & (t <= 1)).all()):
        raise UserError(f"t must be in [0, 1] with loss=bce, got {t.tolist()}")
    shares = bool((t >= 0).all()) and bool(((t.sum(1) - 1).abs() < 1e-9).all())
    if loss == "cce" and not shares:
        raise UserError(
            f"each row of t must be shares that sum to 1 with loss=cce, got {t.tolist()}"
        )
    return network


def _tensor(values: Matrix) -> torch.Tensor:
    import torch

    return torch.tensor(values, dtype=torch.float64)
