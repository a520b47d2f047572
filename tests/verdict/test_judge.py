"""The evidence that verdicts rest on, against independent computations; where they are written."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import BARE, configure, stack_of, train
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from torch import nn

from mlp_lab import load
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.metrics.permutation_importance import column_importance
from mlp_lab.metrics.skill import share_of_outputs
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import why_ended
from mlp_lab.runs.prepared import Problem, pose
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.verdict.advice import changes_for, next_command, to_mend
from mlp_lab.verdict.hidden_units import ROWS, look_inside
from mlp_lab.verdict.neighbours import neighbours_share
from mlp_lab.verdict.rules import NOTES, STATES, Finding, Verdict


def posed(*overrides: str) -> tuple[Problem, Dataset]:
    """A data set as the networks of a run see it."""
    problem = pose(configure("dtype=float64", *overrides))
    return problem, Dataset.of(problem.encoded, torch.float64, torch.device("cpu"))


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_hidden_layers_by_hooks(activation: str) -> None:
    """Dead and saturated shares, and gradients, of a plain torch network with hooks."""
    words = ("data=diabetes", f"model.activation={activation}", "model.depth=2", "model.width=40")
    problem, dataset = posed(*words)
    stack = stack_of(configure("dtype=float64", *words))
    begun, ended = stack.network.take([0]), stack.network.take([0])
    ended.layers.biases[0][0, 0, :10] = -100  # dead, or saturated
    layers = look_inside(begun, ended, dataset.train, problem.objective)
    plain, rows = ended.member(0), dataset.train.some(ROWS)
    f = plain.get_submodule("hidden_0")(rows.inputs).detach().requires_grad_()
    (slope,) = torch.autograd.grad(plain.get_submodule("activation_0")(f).sum(), f)
    assert layers[0].dead == (slope.abs().amax(0) == 0).double().mean().item()
    steepest = {"tanh": 1.0, "sigmoid": 0.25, "relu": 0.0}[activation]
    assert layers[0].saturated == (slope.abs().mean(0) < 0.05 * steepest).double().mean().item()
    assert max(layers[0].dead, layers[0].saturated) >= 0.25
    for k, layer in enumerate(layers):
        expected = hooked_gradient(begun.member(0), k, rows)
        assert layer.gradient == pytest.approx(expected, rel=1e-9)


def hooked_gradient(plain: nn.Sequential, layer: int, rows: Part) -> float:
    """RMS of dL/df of a hidden layer under the mean squared error, by autograd."""
    seen: list[torch.Tensor] = []
    plain.get_submodule(f"hidden_{layer}").register_forward_hook(
        lambda module, given, f: seen.append(f)
    )
    loss = nn.functional.mse_loss(plain(rows.inputs), rows.targets)
    (gradient,) = torch.autograd.grad(loss, seen)
    return float(gradient.square().mean().sqrt())


def test_neighbours_against_scikit_learn() -> None:
    """Of a number, and of classes."""
    _, dataset = posed("data=diabetes")
    train, val = dataset.train, dataset.val
    fitted = KNeighborsRegressor(10).fit(train.inputs, train.targets)
    expected = r2_score(val.targets, fitted.predict(val.inputs))
    assert neighbours_share(dataset) == pytest.approx(expected, abs=1e-9)
    _, dataset = posed("data=digits")
    train, val = dataset.train, dataset.val
    labels, truth = train.targets.argmax(1), val.targets.argmax(1)
    fitted = KNeighborsClassifier(10, algorithm="brute").fit(train.inputs, labels)
    accuracy = accuracy_score(truth, fitted.predict(val.inputs))
    majority = np.bincount(truth).max() / len(truth)
    expected = (accuracy - majority) / (1 - majority)
    assert neighbours_share(dataset) == pytest.approx(expected, abs=0.01)  # ties


def test_importance_of_columns_by_hand() -> None:
    """A column that the network does not read costs nothing; one that is all it reads costs all."""
    _, dataset = posed("data=diabetes")
    network = MLP([[10, 1]], activations=[], output="linear", dtype=torch.float64)
    network.layers.weights[0][0, 2, 0] = 1.0
    val = dataset.val
    rows = Part(val.inputs, val.inputs[:, 2:3])  # the third column is the answer

    def score(y: torch.Tensor, part: Part) -> float:
        return 1 - float((y - part.targets).square().mean() / part.targets.var(correction=0))

    found = column_importance(network, rows, dataset.schema, score)
    names = [entry.column.name for entry in dataset.schema.inputs]
    assert list(found) == names
    assert all(found[name] == 0 for name in names if name != names[2])
    assert found[names[2]] == pytest.approx(2, abs=0.3)  # errors of two independent draws


def test_shares_of_outputs() -> None:
    """0 for the best constant, 1 for the truth."""
    for data in ("diabetes", "wine", "breast_cancer"):
        _, dataset = posed(f"data={data}")
        target, rows = dataset.schema.target, dataset.val
        assert share_of_outputs(target, rows.targets, rows) == pytest.approx(1)
        constant = rows.targets.mean(0, keepdim=True).expand_as(rows.targets)
        assert share_of_outputs(target, constant, rows) == pytest.approx(0, abs=1e-9)


def test_where_a_verdict_is_written(tmp_path: Path) -> None:
    """result.json holds words, rule, numbers and a command; its words are also in the events."""
    run = train(tmp_path / "run", "data=spirals", "model=perceptron", "epochs=60", "quiet=true",
                "optimizer.lr=0.01", "tracking.report=false")  # fmt: skip
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert list(verdict) == ["kind", "words", "rule", "numbers", "since", "next", "notes"]
    assert verdict["kind"] == "underfit"
    assert verdict["next"] == (
        "python train.py data=spirals epochs=60 quiet=true optimizer.lr=0.01"
        " tracking.report=false model=deep"
    )
    assert [note["kind"] for note in verdict["notes"]] == ["no better than a baseline"]
    (events,) = run.glob("events.out.tfevents.*")
    assert verdict["words"].encode() in events.read_bytes()


def test_a_network_that_no_gradient_reaches_is_not_widened() -> None:
    """What mends its gradients is what to try for the state, too."""
    under, good, vanishing, dead = (
        Finding(kind, "", "", {})
        for kind in ("underfit", "good fit", "vanishing gradients", "dead units")
    )
    assert to_mend(Verdict(under, [dead, vanishing])) is vanishing
    assert to_mend(Verdict(under, [dead])) is under
    assert to_mend(Verdict(good, [vanishing])) is good


@pytest.mark.parametrize(
    ("kind", "typed", "more"),
    [
        ("vanishing gradients", ["model.init=torch"], ["model.activation=relu", "model.init=he"]),
        ("vanishing gradients", [], []),
        ("exploding gradients", [], ["optimizer.clip_norm=1"]),
        ("exploding gradients", ["optimizer.clip_norm=0.5"], []),
    ],
)
def test_nothing_is_advised_that_a_run_has_already(
    kind: str, typed: list[str], more: list[str]
) -> None:
    """The same command again would end in the same way."""
    words = ["model.activation=relu", *typed]
    finding = Finding(kind, "", "", {})
    assert changes_for(finding, configure(*words), [], by_key=False) == more


def test_a_network_with_a_dead_layer_is_not_widened(tmp_path: Path) -> None:
    """Too large a rate killed it: a tenth reaches 0.9 and more, where a wider one stays dead."""
    run = train(tmp_path / "run", "optimizer.lr=0.1", "epochs=8", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "underfit"
    assert verdict["next"].endswith(" optimizer.lr=0.01")
    again = train(tmp_path / "again", "optimizer.lr=0.01", "epochs=8", *BARE)
    assert json.loads((again / "result.json").read_text())["val"]["accuracy"] > 0.9


def test_the_command_of_an_unfinished_run_goes_on_with_it(tmp_path: Path) -> None:
    """The command that is printed is one that works, and goes further."""
    run = train(tmp_path / "run", "data=digits", "epochs=3", "optimizer.lr=1e-4", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["next"] == f"python train.py resume={run} epochs=6"
    train(run, *verdict["next"].split()[2:])
    assert json.loads((run / "result.json").read_text())["epochs_run"] == 6


def test_what_ended_an_unfinished_run_is_lifted() -> None:
    """Else the command that is printed would be refused: the run would end at once."""
    stops = ("stop.patience=3", "stop.weights_tol=0.1", "stop.seconds=5")
    progress = Progress(EarlyStopping(waited=3), Origin("", "", []), seconds=6.0, change=0.5)
    job = Job(configure(*stops), {}, Path("run"), stops)
    command = next_command(Finding("not converged", "", "", {}), job, progress, [])
    words = "resume=run epochs=100 stop.patience=null stop.seconds=null"
    assert command == f"python train.py {words}"
    assert why_ended(configure(*stops, "epochs=100"), 20, progress)
    assert not why_ended(configure(*stops, *words.split()[1:]), 20, progress)


def advised(kind: str, *overrides: str, leaks: Sequence[str] = ()) -> list[str]:
    """What is to be typed after `python train.py`, of a run that these words began."""
    progress = Progress(EarlyStopping(), Origin("", "", list(overrides)))
    typed = [word for word in overrides if not word.startswith("--")]
    job = Job(configure(*typed), {}, Path("run"), overrides)
    return shlex.split(next_command(Finding(kind, "", "", {}), job, progress, leaks))[2:]


@pytest.mark.parametrize("option", ["--config-dir=mine", "--config-name=config"])
def test_commands_name_the_files_that_a_run_came_from(option: str) -> None:
    """They stay, and what they may set of the layers is outweighed by keys."""
    words = advised("no better than a baseline", option, "experiment=spirals")
    assert words == [option, "experiment=spirals", "model.depth=0"]


@pytest.mark.parametrize(
    "typed",
    [
        ["model.depth=2"],
        ["model=deep", "model.depth=5", "model.width=32", "model.activation=tanh"],
        ["model.depth=2", "model.width=[128,64]", "model.activation=[relu,tanh]"],
        ["experiment=initialisation"],
        ["experiment=spirals", "model.depth=2", "model.width=[8,4]", "model.dropout=0.2"],
    ],
)
def test_a_network_without_hidden_layers_is_one(typed: list[str]) -> None:
    """Nothing that was typed for the layers is left to contradict the command that is printed."""
    words = advised("no better than a baseline", *typed)
    assert configure(*words).model.depth == 0


@pytest.mark.parametrize("typed", [["model=perceptron"], ["model=deep", "model.depth=0"]])
def test_hidden_layers_are_added(typed: list[str]) -> None:
    """Also where the depth itself was typed."""
    assert configure(*advised("underfit", *typed)).model.depth == 3


def test_dropped_columns_stay_dropped() -> None:
    """A leak joins those that were left out; a name with signs in it can be read back."""
    typed = ["data=table", "data.path=x", "data.target=y", "data.drop=[id]"]
    words = advised("suspiciously good", *typed, leaks=["Größe (cm), it's"])
    config = configure(*words)
    assert isinstance(config.data, TableConfig)
    assert config.data.drop == ["id", "Größe (cm), it's"]


@pytest.mark.parametrize("kind", [*STATES, *NOTES])
@pytest.mark.parametrize("model", ["perceptron", "deep"])
@pytest.mark.parametrize("more", ["", "stop.patience=5 model.dropout=0.4", "stop.patience=5"])
def test_every_advice_can_be_followed(kind: str, model: str, more: str) -> None:
    """Changes compose into a configuration; a good fit needs none."""
    words = [f"model={model}", *(more.split() if model == "deep" else [])]
    changes = changes_for(Finding(kind, "", "", {}), configure(*words), ["x"], by_key=False)
    if kind in ("good fit", "not converged"):
        assert changes == []
    if kind == "suspiciously good":
        words += ["data=table", "data.path=x", "data.target=y"]
    changed = {word.partition("=")[0] for word in changes}
    configure(*[word for word in words if word.partition("=")[0] not in changed], *changes)


def test_a_reloaded_network_is_the_one_that_was_judged(tmp_path: Path) -> None:
    """The share of validation rows in the verdict is that of the weights on disk."""
    run = train(tmp_path / "run", "data=wine", "epochs=40", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "good fit"
    _, dataset = posed("data=wine", "dtype=float64")
    y = load(run).network.double()(dataset.val.inputs).detach()
    assert verdict["numbers"]["val"] == pytest.approx(
        share_of_outputs(dataset.schema.target, y, dataset.val), abs=1e-6
    )
