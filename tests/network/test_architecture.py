"""Initial weights: their spread, and that they are a member's own."""

import math

import pytest
import torch
from torch import Tensor, nn

from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.network.architecture import (
    COPIES,
    INITS,
    ModelConfig,
    count_parameters,
    training_bytes,
)
from mlp_lab.network.mlp import MLP

N_IN, N_OUT = 400, 300
VARIANCE = {"he": 2 / N_IN, "glorot": 2 / (N_IN + N_OUT), "torch": 1 / (3 * N_IN)}


def draw(init: str, seed: int = 0) -> tuple[Tensor, Tensor]:
    """One big layer."""
    weight = torch.zeros(N_IN, N_OUT, dtype=torch.float64)
    bias = torch.zeros(N_OUT, dtype=torch.float64)
    INITS[init](weight, bias, torch.Generator().manual_seed(seed))
    return weight, bias


def test_every_init_is_covered() -> None:
    """A new one needs its variance above."""
    assert set(VARIANCE) == set(INITS)


@pytest.mark.parametrize("init", INITS)
def test_variance(init: str) -> None:
    """Within five deviations of what the literature says; mean zero."""
    weight, _ = draw(init)
    n, variance = N_IN * N_OUT, VARIANCE[init]
    assert weight.var().item() == pytest.approx(variance, rel=5 * math.sqrt(2 / n))
    assert abs(weight.mean().item()) < 5 * math.sqrt(variance / n)
    assert not torch.equal(weight, draw(init, seed=1)[0])


@pytest.mark.parametrize("init", ["glorot", "torch"])
def test_uniform_bounds(init: str) -> None:
    """No weight is outside, some are close to both ends."""
    weight, _ = draw(init)
    bound = math.sqrt(3 * VARIANCE[init])
    assert 0.999 * bound < weight.max().item() <= bound
    assert -bound <= weight.min().item() < -0.999 * bound


def test_he_is_normal() -> None:
    """Two thirds within one deviation, some beyond three."""
    weight, _ = draw("he")
    sizes = weight.abs() / math.sqrt(VARIANCE["he"])
    assert (sizes < 1).double().mean().item() == pytest.approx(0.6827, abs=0.01)
    assert (sizes > 3).double().mean().item() == pytest.approx(0.0027, abs=0.001)


@pytest.mark.parametrize("init", ["he", "glorot"])
def test_zero_biases(init: str) -> None:
    """Only torch's default draws them."""
    _, bias = draw(init)
    assert (bias == 0).all()


def test_torch_default_is_torchs() -> None:
    """Biases and weights are spread as nn.Linear spreads them."""
    weight, bias = draw("torch")
    torch.manual_seed(0)
    layer = nn.Linear(N_IN, N_OUT)
    bound = 1 / math.sqrt(N_IN)
    assert 0.95 * bound < bias.abs().max().item() <= bound
    assert bias.abs().max().item() == pytest.approx(layer.bias.abs().max().item(), rel=0.05)
    assert bias.std().item() == pytest.approx(layer.bias.std().item(), rel=0.1)
    assert weight.std().item() == pytest.approx(layer.weight.std().item(), rel=0.01)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("init", INITS)
def test_neighbours_change_no_initial_weight(init: str, dtype: torch.dtype) -> None:
    """Neither their widths nor their count; bit for bit."""

    def state(sizes: list[list[int]], seeds: list[int], k: int) -> dict[str, Tensor]:
        network = MLP(sizes, activations=["relu"] * 2, output="linear", dtype=dtype)
        network.initialise([init] * len(sizes), [torch.Generator().manual_seed(s) for s in seeds])
        return network.member_state(k)

    mine = [3, 17, 5, 2]
    alone = state([mine], [7], 0)
    narrow = state([[3, 2, 1, 2], mine, [3, 4, 2, 2]], [1, 7, 2], 1)
    wide = state([mine, [3, 40, 30, 2]], [7, 7], 0)
    for name, value in alone.items():
        assert torch.equal(narrow[name], value)
        assert torch.equal(wide[name], value)
    assert alone["hidden_0.weight"].abs().sum() > 0


def test_members_may_differ_in_init() -> None:
    """Each gets the rule it asked for."""
    network = MLP([[3, 4, 2]] * 2, activations=["relu"], output="linear")
    network.initialise(["he", "torch"], [torch.Generator().manual_seed(0) for _ in range(2)])
    assert all((bias[0] == 0).all() for bias in network.biases)
    assert all((bias[1] != 0).all() for bias in network.biases)


PLAIN = {
    "normalisation": "none",
    "residual": False,
    "embedding": "none",
    "embedding_size": 16,
    "bins": 48,
    "frequencies": 16,
    "frequency_scale": 0.1,
    "category_size": 0,
}


def test_model_config() -> None:
    """One value serves all layers; a list has one for each."""
    values = {
        "depth": 3,
        "width": 5,
        "activation": ["relu", "tanh", "elu"],
        "output": "auto",
        "dropout": 0.0,
        "init": "he",
        **PLAIN,
    }
    config = read(ModelConfig, values, "model")
    assert config.widths == [5, 5, 5]
    assert config.activations == ["relu", "tanh", "elu"]
    assert count_parameters([2, *config.widths, 1]) == 15 + 30 + 30 + 6


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("depth", -1),
        ("width", 0),
        ("width", [4, 0]),
        ("width", [4]),
        ("activation", "rellu"),
        ("activation", ["relu"]),
        ("output", "softmx"),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("dropout", [0.1, 1.0]),
        ("dropout", [0.1]),
        ("init", "hee"),
        ("normalisation", "instance"),
        ("embedding", "linear"),
        ("embedding_size", 0),
        ("bins", 0),
        ("frequencies", -1),
        ("frequency_scale", 0.0),
        ("category_size", -1),
    ],
)
def test_refusals_name_the_key(key: str, value: object) -> None:
    """A value that no network can have."""
    values: dict[str, object] = {
        "depth": 2,
        "width": 3,
        "activation": "relu",
        "output": "auto",
        "dropout": 0.0,
        "init": "he",
        **PLAIN,
    }
    with pytest.raises(UserError, match=f"model.{key}"):
        read(ModelConfig, {**values, key: value}, "model")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"depth": 0, "normalisation": "layer"},
            "model.normalisation must be none with model.depth=0",
        ),
        (
            {"depth": 0, "normalisation": "batch"},
            "model.normalisation must be none with model.depth=0",
        ),
        ({"width": 1, "normalisation": "layer"}, "model.width must be 2 or more with model.normal"),
        (
            {"width": [3, 4], "residual": True},
            "residual=true needs two or more hidden layers of one",
        ),
        ({"depth": 1, "residual": True}, "residual=true needs two or more hidden layers of one"),
    ],
)
def test_layers_that_cannot_be(changes: dict[str, object], message: str) -> None:
    """Settings that fit no hidden layers, or not these."""
    values: dict[str, object] = {
        "depth": 2,
        "width": 3,
        "activation": "relu",
        "output": "auto",
        "dropout": 0.0,
        "init": "he",
        **PLAIN,
    }
    with pytest.raises(UserError, match=message):
        read(ModelConfig, values | changes, "model")


def test_parameters_of_normalised_layers() -> None:
    """A gain and a shift for each hidden unit; averages are not learnt."""
    for normalisation in ("layer", "batch"):
        assert count_parameters([2, 3, 4, 1], normalisation) == count_parameters([2, 3, 4, 1]) + 14


def test_parameters_and_memory_of_gated_layers() -> None:
    """As torch counts them; both maps of a gated layer are drawn as one of its width is."""
    sizes, activations = [3, 4, 5, 2], ["swiglu", "relu"]
    network = MLP([sizes], activations=activations, output="linear", normalisation="layer")
    expected = sum(parameter.numel() for parameter in network.member(0).parameters())
    assert count_parameters(sizes, "layer", activations) == expected == network.parameter_counts[0]
    plain, gated = (
        training_bytes(sizes, 10, "float32", activations=names)
        for names in (["relu", "relu"], activations)
    )
    assert gated == plain + 4 * (COPIES * (3 + 1) * 4 + 4 * 10 * 4)
    wide = MLP([[200, 300, 1]], activations=["glu"], output="linear", dtype=torch.float64)
    wide.initialise(["glorot"], [torch.Generator().manual_seed(0)])
    for part in wide.layers.weights[0].chunk(2, -1):
        assert part.abs().max().item() == pytest.approx(math.sqrt(6 / 500), rel=1e-3)
