"""One network of torch's own layers."""

import subprocess
import sys

import torch
from torch import nn

from mlp_lab.network.activations import ACTIVATIONS, GATES
from mlp_lab.network.architecture import layer_names
from mlp_lab.network.embedding_plan import EmbeddedColumns, plan_embedding
from mlp_lab.network.mlp import MLP
from mlp_lab.network.plain_network import (
    PLAIN_ACTIVATIONS,
    EmbeddedInputs,
    Gated,
    plain_activation,
    plain_network,
    units_of,
)


def test_plain_layers_for_every_activation() -> None:
    """torch's own where it has one; it has none for most gated units."""
    assert {*PLAIN_ACTIVATIONS, *GATES} == ACTIVATIONS.keys()
    gated = {name for name in ACTIVATIONS if isinstance(plain_activation(name), Gated)}
    assert gated == GATES.keys() - {"glu"}


def test_units_of_plain_layers() -> None:
    """A gated layer's linear one has two numbers for each unit."""
    network = MLP([[3, 4, 5, 2]], activations=["swiglu", "relu"], output="linear").member(0)
    assert str(network.hidden_0) == "Linear(in_features=3, out_features=8, bias=True)"
    assert units_of(network, ["swiglu", "relu"]) == [3, 4, 5, 2]
    assert "Gated(swiglu)" in repr(network)


def test_layers_by_name() -> None:
    """An embedding comes first, a probability last; weights are those of the state."""
    plan = plan_embedding(
        EmbeddedColumns((0, 1), (), 3),
        kind="piecewise",
        size=2,
        bins=3,
        frequencies=1,
        category_size=0,
    )
    assert plan is not None
    embedded = EmbeddedInputs(plan)
    assert set(embedded.state_dict()) == {"knots", "piecewise_weight", "piecewise_bias"}
    state = {f"embedding.{name}": value + 1 for name, value in embedded.state_dict().items()}
    sizes = [plan.outputs, 4, 1]
    for name, n_in, n_out in zip(layer_names(1), sizes[:-1], sizes[1:], strict=True):
        own = nn.Linear(n_in, n_out).state_dict()
        state |= {f"{name}.{part}": tensor for part, tensor in own.items()}
    network = plain_network(sizes, ["relu"], "sigmoid", state, plan)
    assert [name for name, _ in network.named_children()] == [
        *("embedding", "hidden_0", "activation_0", "output", "probability")
    ]
    assert all(torch.equal(network.state_dict()[name], state[name]) for name in state)
    assert network(torch.zeros(5, 3)).shape == (5, 1)
    assert "3 -> 5, numbers: piecewise" in repr(network)


def test_nothing_slow_is_imported() -> None:
    """Layers are made without what torch imports to fill those that have no storage."""
    code = (
        "import sys, torch; from mlp_lab.network.plain_network import plain_network;"
        "state = {'output.weight': torch.ones(1, 2), 'output.bias': torch.zeros(1)};"
        "network = plain_network([2, 1], [], 'linear', state); state['output.weight'].zero_();"
        "print(network(torch.ones(1, 2)).item(), 'sympy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.split() == ["2.0", "False"]  # and its weights are its own
