"""A saved network: its layers, and its weights held against them."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.network.saved import Layers, layers_of, read_weights
from mlp_lab.network.torch_networks import networks_of

LAYERS = Layers([2, 3, 1], ["relu"], "sigmoid", "bce")

OPTIONS = "network.loss_options"

PLAIN: dict[str, object] = {
    "sizes": [2, 3, 1], "activations": ["relu"], "output": "sigmoid", "loss": "bce"
}  # fmt: skip


def load_network(path: Path, layers: Layers) -> torch.nn.Sequential | Ensemble:
    """The layers of a file, in the type of their weights."""
    weights = read_weights(path, layers)
    return networks_of(layers, weights, str(next(iter(weights[0].values())).dtype))


def state() -> dict[str, torch.Tensor]:
    """Weights that fit."""
    return {name: torch.ones(shape) for name, shape in LAYERS.shapes.items()}


def test_a_network_is_read(tmp_path: Path) -> None:
    """In the type of its weights; the layers are known by their names."""
    assert layers_of(PLAIN, "network", "binary") == LAYERS
    save_file({name: tensor.double() for name, tensor in state().items()}, tmp_path / "m")
    network = load_network(tmp_path / "m", LAYERS)
    assert network(torch.ones(1, 2, dtype=torch.float64)).item() == pytest.approx(1, abs=1e-4)
    assert {name: list(t.shape) for name, t in network.state_dict().items()} == LAYERS.shapes


def test_other_layers_are_read(tmp_path: Path) -> None:
    """A normalised, residual network; what it has not is refused."""
    given = {
        **PLAIN,
        "sizes": [2, 3, 3, 1],
        "activations": ["relu", "tanh"],
        "normalisation": "layer",
        "residual": True,
    }
    layers = layers_of(given, "network", "binary")
    assert layers.shapes["normalisation_1.weight"] == [3]
    saved = {name: torch.full(shape, 0.5) for name, shape in layers.shapes.items()}
    save_file(saved, tmp_path / "m")
    network = load_network(tmp_path / "m", layers)
    assert {name: list(t.shape) for name, t in network.state_dict().items()} == layers.shapes
    # Equal units normalise to 0, so h_1 = 0.5 and h_2 = 0.5 + tanh 0.5, three of each.
    f = 0.5 + 1.5 * (0.5 + math.tanh(0.5))
    assert network(torch.ones(1, 2)).item() == pytest.approx(1 / (1 + math.exp(-f)))
    with pytest.raises(UserError, match=r"network.residual must be false where hidden layers"):
        layers_of({**given, "sizes": [2, 3, 4, 1]}, "network", "binary")
    with pytest.raises(UserError, match=r"network.normalisation must be one of none, layer"):
        layers_of({**given, "normalisation": "group"}, "network", "binary")


def test_running_averages_are_read(tmp_path: Path) -> None:
    """Batch normalisation predicts with them; a negative variance is refused."""
    layers = layers_of({**PLAIN, "normalisation": "batch"}, "network", "binary")
    saved = {name: torch.ones(shape) for name, shape in layers.shapes.items()}
    saved["normalisation_0.running_var"] *= 4
    save_file(saved, tmp_path / "m")
    # f = 1 + 2 inputs, less the mean 1, over 2, plus the shift 1: a hidden unit is 2.
    found = load_network(tmp_path / "m", layers)(torch.ones(1, 2)).item()
    assert found == pytest.approx(1 / (1 + math.exp(-7)), abs=1e-6)
    saved["normalisation_0.running_var"] *= -1
    save_file(saved, tmp_path / "m")
    with pytest.raises(UserError, match=r"normalisation_0.running_var must be 0 or more"):
        load_network(tmp_path / "m", layers)


def test_gated_layers_are_read(tmp_path: Path) -> None:
    """u, then v, in one layer: h = u sigmoid(v) of the first unit, of the second 0."""
    layers = layers_of({**PLAIN, "activations": ["glu"], "sizes": [2, 2, 1]}, "network", "binary")
    assert layers.shapes["hidden_0.weight"] == [4, 2]
    assert layers.shapes["output.weight"] == [1, 2]
    saved = {name: torch.zeros(shape) for name, shape in layers.shapes.items()}
    saved["hidden_0.bias"] += torch.tensor([3.0, 0, 1, 5])
    saved["output.weight"] += 1
    save_file(saved, tmp_path / "m")
    h = 3 / (1 + math.exp(-1))
    found = load_network(tmp_path / "m", layers)(torch.ones(1, 2)).item()
    assert found == pytest.approx(1 / (1 + math.exp(-h)), abs=1e-6)


def test_numbers_of_a_loss_are_read() -> None:
    """Those of focal loss, here; a network of version 0.1 has none."""
    focal = layers_of({**PLAIN, "loss": "focal", "loss_options": {"gamma": 3}}, "network", "binary")
    assert focal.objective == Objective("sigmoid", "focal", (("gamma", 3.0),))
    assert LAYERS.objective == Objective("sigmoid", "bce")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sizes": [2, 1]}, "network.sizes must be 3 layers for 1 activations, got 2"),
        ({"sizes": [2, 0, 1]}, "network.sizes must be 1 or more, got [2, 0, 1]"),
        ({"sizes": [2, "3", 1]}, "network.sizes[1] must be a whole number"),
        ({"activations": ["sin"]}, "network.activations must be one of relu, leaky_relu"),
        ({"output": "tanh"}, "network.output must be one of sigmoid, softmax, linear, got 'tanh'"),
        ({"loss": "cce"}, "network.loss must be one of bce, mse, mae, focal, got 'cce'"),
        ({"loss": "focal"}, "network.loss_options.gamma is missing"),
        *(
            ({"loss": "focal", "loss_options": given}, f"{OPTIONS}{words}")
            for given, words in (
                ({"gamma": -1.0}, ".gamma must be in [0, 1000], got -1"),
                ({"gamma": "2"}, ".gamma must be a number"),
                ([], " must be a group"),
            )
        ),
        ({"loss_options": {"gamma": 2.0}}, "unknown key 'network.loss_options.gamma'"),
        ({"more": 1}, "unknown key 'network.more'"),
    ],
)
def test_layers_that_cannot_be(change: dict[str, object], words: str) -> None:
    """By their key."""
    with pytest.raises(UserError) as caught:
        layers_of({**PLAIN, **change}, "network", "binary")
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("name", "tensor", "words"),
    [
        ("output.bias", None, "output.bias is missing"),
        ("more", torch.ones(1), "unknown tensor 'more'"),
        ("output.weight", torch.ones(3), "output.weight must be of shape [1, 3], got [3]"),
        ("output.weight", torch.ones(1), "output.weight must be of shape [1, 3], got [1]"),
        ("output.bias", torch.ones(1).double(), "output.bias must be of type F32, got F64"),
        ("output.bias", torch.ones(1).long(), "output.bias must be of type F32, got I64"),
        (
            "output.bias",
            torch.full([1], torch.nan),
            "output.bias holds a number that is not finite",
        ),
    ],
)
def test_weights_of_another_network(
    name: str, tensor: torch.Tensor | None, words: str, tmp_path: Path
) -> None:
    """One number is not spread over all weights, and none is cut or rounded."""
    found = {key: value for key, value in state().items() if key != name}
    save_file(found if tensor is None else {**found, name: tensor}, tmp_path / "m")
    with pytest.raises(UserError) as caught:
        load_network(tmp_path / "m", LAYERS)
    assert str(caught.value) == f"{tmp_path / 'm'}: {words}"


def test_layers_larger_than_their_weights(tmp_path: Path) -> None:
    """Nothing is allocated for them: here it would be 400 TB."""
    save_file(state(), tmp_path / "m")
    layers = Layers([10**7, 10**7, 1], ["relu"], "sigmoid", "bce")
    with pytest.raises(UserError, match=r"hidden_0.weight must be of shape \[10000000, 10000000\]"):
        load_network(tmp_path / "m", layers)


PLAN: dict[str, object] = {
    "kind": "piecewise",
    "size": 2,
    "bins": 3,
    "frequencies": 4,
    "numbers": [0],
    "categories": [[1, 4]],
    "category_size": 2,
    "inputs": 5,
}
EMBEDDED = {**PLAIN, "sizes": [5, 3, 1], "embedding": PLAN, "ensemble": 2}


def test_an_ensemble_with_an_embedding_is_read(tmp_path: Path) -> None:
    """Every network of it, each with knots and tables of its own."""
    layers = layers_of(EMBEDDED, "network", "binary")
    assert layers.linear_sizes == [1 + 2 + 2, 3, 1]
    weights = {name: torch.rand(shape) for name, shape in layers.shapes.items()}
    for k in (0, 1):
        weights[f"networks.{k}.embedding.knots"] = torch.arange(4.0)[None]
    save_file(weights, tmp_path / "m")
    network = load_network(tmp_path / "m", layers)
    assert network.state_dict().keys() == weights.keys()
    assert network(torch.zeros(6, 5)).shape == (6, 1)
    weights["networks.1.embedding.knots"] = torch.tensor([[0.0, 2.0, 1.0, 3.0]])
    save_file(weights, tmp_path / "m")
    with pytest.raises(
        UserError, match=r"networks\.1\.embedding\.knots must be in ascending order"
    ):
        load_network(tmp_path / "m", layers)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "linear"}, "network.embedding.kind must be one of none, piecewise"),
        ({"bins": 0}, "network.embedding.bins must be"),
        ({"size": 10**9}, "network.embedding.size must be"),
        ({"inputs": 4}, "network.embedding.inputs must be 5, as network.sizes, got 4"),
        ({"numbers": [5]}, "network.embedding.numbers must be ascending positions of 5 inputs"),
        ({"numbers": [0, 0]}, "network.embedding.numbers must be ascending positions"),
        ({"numbers": [-1]}, "network.embedding.numbers must be ascending positions"),
        ({"categories": [[3, 2]]}, "network.embedding.categories must be ascending positions"),
        ({"categories": [[1, 9]]}, "network.embedding.categories must be ascending positions"),
        ({"categories": [[1]]}, "network.embedding.categories must be ascending positions"),
        ({"categories": [[0, 2]]}, "network.embedding.categories must be none of its numbers"),
        ({"numbers": "x"}, "network.embedding.numbers must be a list"),
        ({"other": 1}, "unknown key 'network.embedding.other'"),
    ],
)
def test_refused_embeddings(change: dict[str, object], words: str) -> None:
    """Nothing of it is looked up before it is known to be there."""
    with pytest.raises(UserError) as error:
        layers_of({**EMBEDDED, "embedding": {**PLAN, **change}}, "network", "binary")
    assert str(error.value).startswith(words)


@pytest.mark.parametrize("count", [0, -1, 10**6])
def test_refused_ensembles(count: int) -> None:
    """Of no network, or of more than can be."""
    with pytest.raises(UserError, match=r"^network\.ensemble must be"):
        layers_of({**EMBEDDED, "ensemble": count}, "network", "binary")
