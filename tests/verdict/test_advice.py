"""What is advised can be typed, and changes what it should."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab import configure

from mlp_lab.data.tables.config import TableConfig
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import why_ended
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.verdict.advice import changes_for, first_to_mend, next_command
from mlp_lab.verdict.rules import NOTE_RULES, STATE_RULES


def test_a_network_that_no_gradient_reaches_is_not_widened() -> None:
    """What mends its gradients is what to try for the state, too."""
    under, good, vanishing, dead = (
        Finding(kind, "", "", {})
        for kind in ("underfit", "good fit", "vanishing gradients", "dead units")
    )
    assert first_to_mend(Verdict(under, [dead, vanishing])) is vanishing
    assert first_to_mend(Verdict(under, [dead])) is under
    assert first_to_mend(Verdict(good, [vanishing])) is good


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


@pytest.mark.parametrize("kind", [*STATE_RULES, *NOTE_RULES])
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
