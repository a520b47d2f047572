"""What a run leaves behind when it ends, however it ends."""

import json
import os
from pathlib import Path

import pytest
import torch
from lab import written
from safetensors.torch import load_file
from torch import nn

from mlp_lab.errors import Interrupted
from mlp_lab.files import to_json
from mlp_lab.network.architecture import layer_names
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.results import environment, failure_recorded, record_failure, write_results


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(13, "denied"), FloatingPointError(), KeyError("k")]
)
def test_a_failure_is_on_record_and_passed_on(error: Exception, tmp_path: Path) -> None:
    """By its type and its words."""
    with pytest.raises(type(error)) as caught, failure_recorded(tmp_path):
        raise error
    assert caught.value is error
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["status"] == "failed"
    assert found["reason"] == f"{type(error).__name__}: {error}"


def test_an_open_file_does_not_say_which(tmp_path: Path) -> None:
    """The folder does then; a name that is there stays."""
    for error, name in ((OSError(28, "full"), str(tmp_path)), (OSError(28, "full", "a"), "a")):
        with pytest.raises(OSError, match="full"), failure_recorded(tmp_path):
            raise error
        assert error.filename == name


@pytest.mark.parametrize("error", [Interrupted("x"), KeyboardInterrupt(), SystemExit(3)])
def test_what_can_be_resumed_has_no_result(error: BaseException, tmp_path: Path) -> None:
    """Nor has what ended well one of ours."""
    with pytest.raises(type(error)), failure_recorded(tmp_path):
        raise error
    with failure_recorded(tmp_path):
        pass
    assert written(tmp_path) == set()


def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    """The error that led to it is what counts."""
    record_failure(tmp_path / "gone", ValueError("x"))
    with pytest.raises(ValueError, match="x"), failure_recorded(tmp_path / "gone"):
        raise ValueError("x")
    assert written(tmp_path) == set()


def test_figures_depend_on_this() -> None:
    """In types of Python's own, since a reader of the file has no torch."""
    found = environment(torch.device("cpu"), "native")
    assert found["device"] == "cpu"
    assert found["kernel"] == "native"
    assert found["threads"] == torch.get_num_threads()
    assert found["cpus"] == os.cpu_count()
    assert type(found["torch"]) is str
    assert json.loads(to_json(found)) == found


def test_a_network_is_plain_layers(tmp_path: Path) -> None:
    """Its weights load into torch's own, and predict what it did; the result comes last."""
    network = MLP(
        [[3, 4, 2]],
        activations=["tanh"],
        output="linear",
        dtype=torch.float64,
        device=torch.device("cpu"),
    )
    network.initialise(["he"], [torch.Generator().manual_seed(1)])
    schema = to_json({"task": "regression"})
    huber = Objective("linear", "huber", (("delta", 2.0),))
    write_results(tmp_path, network, schema, huber, {"loss": float("nan")})
    said = json.loads((tmp_path / "schema.json").read_text())
    assert said == {
        "task": "regression",
        "network": {
            "sizes": [3, 4, 2],
            "activations": ["tanh"],
            "output": "linear",
            "loss": "huber",
            "loss_options": {"delta": 2.0},
        },
    }
    assert json.loads((tmp_path / "result.json").read_text()) == {"loss": None}
    weights = load_file(tmp_path / "model.safetensors")
    plain = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    names = [f"{layer}.{kind}" for layer in layer_names(1) for kind in ("weight", "bias")]
    assert sorted(weights) == sorted(names)
    plain.load_state_dict(
        {own: weights[name] for own, name in zip(plain.state_dict(), names, strict=True)}
    )
    rows = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(plain(rows), network(rows)[0])
    assert written(tmp_path) == {"schema.json", "result.json", "model.safetensors"}
