"""What is advised can be typed, and changes what it should."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from judged import SOUND
from lab import configure

from mlp_lab.config.schema import Config
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.records import Divergence
from mlp_lab.program import TRY
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import why_ended
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.verdict.advice import (
    AS_GOOD,
    FIT,
    alternatives_for,
    changes_for,
    epochs_for,
    first_to_mend,
    next_command,
    nothing_left,
)
from mlp_lab.verdict.advice import advised as with_commands
from mlp_lab.verdict.evidence import Evidence, LayerStatistics
from mlp_lab.verdict.rules import NOTE_RULES, STATE_RULES, judge


def always(_: Finding) -> str:
    """There is a command for everything."""
    return "x"


def test_a_network_that_no_gradient_reaches_is_not_widened() -> None:
    """What mends its gradients is what to try for the state, too."""
    under, good, vanishing, dead = (
        Finding(kind, "", "", {})
        for kind in ("underfit", "good fit", "vanishing gradients", "dead units")
    )
    low = Finding("learning rate too low", "", "", {})
    assert first_to_mend(Verdict(under, [low, dead, vanishing]), always) is vanishing
    assert first_to_mend(Verdict(under, [low, dead]), always) is low
    assert first_to_mend(Verdict(under, [low, dead]), lambda _: "") is under
    assert first_to_mend(Verdict(under, [dead]), always) is under
    assert first_to_mend(Verdict(good, [vanishing]), always) is good


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
    words = "resume=run epochs=150 stop.patience=null stop.seconds=null"
    assert command == f"python train.py {words}"
    assert why_ended(configure(*stops, "epochs=150"), 20, progress)
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
    words = advised("underfit", option, "experiment=spirals", "model.depth=0")
    assert words == [option, "experiment=spirals", "model.depth=3"]


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
    if kind in ("good fit", "nothing to learn", "not converged", "too early to say"):
        assert changes == []
    if kind == "suspiciously good":
        words += ["data=table", "data.path=x", "data.target=y"]
    changed = {word.partition("=")[0] for word in changes}
    configure(*[word for word in words if word.partition("=")[0] not in changed], *changes)


@pytest.mark.parametrize(
    ("epochs", "steps", "wanted"), [(1, 22, 14), (10, 40, 75), (200, 99.0, 607), (2, 99, 7)]
)
def test_a_curve_that_can_be_judged_takes_steps(epochs: int, steps: float, wanted: int) -> None:
    """300 of them, and no fewer than three times the epochs."""
    finding = Finding("too early to say", "", "", {"epochs": epochs, "steps": steps})
    assert epochs_for(finding, configure(f"epochs={epochs}")) == wanted
    assert epochs_for(Finding("good fit", "", "", {}), configure()) is None


def test_stopping_early_comes_with_something_that_changes_the_weights() -> None:
    """Those of the best epoch are kept without it, too; nothing is repeated, or taken back."""
    words = ["model=deep", "data=diabetes"]
    for more in (["stop.patience=20", "model.dropout=0.2"], ["optimizer.weight_decay=0.001"]):
        assert changes_for(Finding("overfit", "", "", {}), configure(*words), [], by_key=False) == (
            more
        )
        words += more
        under = changes_for(Finding("underfit", "", "", {}), configure(*words), [], by_key=False)
        assert under == ["model.width=512"]
    assert changes_for(Finding("overfit", "", "", {}), configure(*words), [], by_key=False) == []


def test_a_network_is_not_widened_for_ever() -> None:
    under = Finding("underfit", "", "", {})
    assert changes_for(under, configure("model.width=256"), [], by_key=False)
    assert changes_for(under, configure("model.width=512"), [], by_key=False) == []


def test_a_verdict_says_when_nothing_more_may_help() -> None:
    """A state that asks for something has a command, or the words to leave it at that."""
    under, good, dead = (
        Finding(kind, kind, "", {}) for kind in ("underfit", "good fit", "dead units")
    )
    assert with_commands(Verdict(under, []), lambda _: "x").state.words == "underfit"
    left = with_commands(Verdict(under, []), lambda _: "").state.words
    assert left == f"underfit; {nothing_left('')}"
    assert with_commands(Verdict(under, []), lambda _: "", "x was tried").state.words.endswith(
        "use it, or get more data (x was tried)"
    )
    found = with_commands(Verdict(good, [dead]), lambda finding: "x" * (finding is dead))
    assert found.in_brief() == ["good fit", "dead units"]
    found = with_commands(Verdict(under, [dead]), lambda finding: "x" * (finding is dead))
    assert found.in_brief()[-1] == "try: x"


def test_a_baseline_that_does_as_well_is_the_one_to_use() -> None:
    """Once there is nothing to mend; one thing is recommended, and none that is in doubt."""
    good, under, wild, linear, constant, trees, leak, shifted, outliers = (
        Finding(kind, kind, "", numbers)
        for kind, numbers in (
            ("good fit", {}),
            ("underfit", {}),
            ("diverged", {}),
            ("no better than a baseline", {"val": 0.9, "linear": 0.9, "standard error": 0.1}),
            ("no better than a baseline", {"val": 0.0, "constant": 0.0, "standard error": 0.1}),
            ("worse than gradient boosting", {}),
            ("suspiciously good", {}),
            ("later rows differ", {}),
            ("outliers", {}),
        )
    )

    def said(state: Finding, *notes: Finding, of: Sequence[Finding] = ()) -> str:
        found = with_commands(Verdict(state, list(notes)), lambda finding: "x" * (finding in of))
        return " ".join(finding.words for finding in found.findings)

    use = "no better than a baseline; it is simpler: use it"
    assert said(good, linear) == f"good fit {use}"
    for more in (trees, leak, shifted):
        assert "use" not in said(good, more, linear)
    assert "use" not in said(good, linear, outliers, of=[outliers])
    assert "use" not in said(good, constant)
    numbers = {"val": 0.9, "linear": 0.7, "standard error": 0.15}  # ahead by more than one error
    assert "use" not in said(good, replace(linear, numbers=numbers))
    assert "use" in said(good, replace(linear, numbers=numbers | {"standard error": 0.25}))
    assert ": use the linear baseline, which is simpler, or get" in said(under, linear)
    assert ": use gradient boosting, which does better, or get" in said(under, linear, trees)
    assert ": use it, or get more data" in said(under)
    for unsure in (said(under, constant), said(under, leak), said(under, shifted), said(wild)):
        assert "nothing is left to try here" in unsure
        assert "use it" not in unsure
    assert "use" not in said(under, linear, of=[under])


@pytest.mark.parametrize("state", ["too early to say", "unstable", "good fit"])
def test_hidden_units_are_left_alone_where_something_else_is_to_come(state: str) -> None:
    """More epochs, shorter steps, or nothing."""
    dead = Finding("dead units", "", "", {"layer 1": 0.3})
    found = with_commands(Verdict(Finding(state, state, "", {}), [dead]), always)
    assert [note.command for note in found.notes] == [""]


@pytest.mark.parametrize("state", ["overfit", "underfit"])
def test_where_later_rows_differ_nothing_is_regularised(state: str) -> None:
    """A network that learnt too little is mended all the same."""
    verdict = Verdict(Finding(state, state, "", {}), [Finding("later rows differ", "", "", {})])
    found = with_commands(verdict, always).state
    assert (found.command == "") == (state == "overfit")
    if state == "overfit":
        assert found.words.endswith("(what changed is mended by other rows or columns)")


def test_a_column_that_gives_the_target_away_is_dropped_first() -> None:
    """Before the network that reads it is mended; where it cannot be, the state counts."""
    over, leak = Finding("overfit", "", "", {}), Finding("suspiciously good", "", "", {})
    assert first_to_mend(Verdict(over, [leak]), always) is leak
    assert first_to_mend(Verdict(over, [leak]), lambda finding: "x" * (finding is over)) is over


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        (["optimizer.lr=1e-6"], ["optimizer.lr=0.001"]),
        ([], ["optimizer.lr=0.01"]),
        (["optimizer.lr=0.002"], []),
        (["optimizer=gd"], ["optimizer.lr=1"]),
    ],
)
def test_a_rate_is_raised_once_above_the_usual(typed: list[str], changes: list[str]) -> None:
    """To the optimizer's own from below; one that was chosen above it stays."""
    finding = Finding("learning rate too low", "", "", {})
    assert changes_for(finding, configure(*typed), [], by_key=False) == changes


@pytest.mark.parametrize(
    ("kind", "typed", "changes"),
    [
        ("unscaled inputs", ["data.scaling=none"], ["data.scaling=standard"]),
        ("unscaled inputs", [], []),
        ("outliers", [], ["loss=huber"]),
        ("outliers", ["loss=huber"], ["loss=mae"]),
        ("outliers", ["loss=mae"], []),
        ("counts", [], ["loss=poisson"]),
        ("rare classes", [], ["data.class_weights=balanced"]),
        ("suspiciously good", [], []),
        ("later rows differ", [], []),
    ],
)
def test_what_the_data_need(kind: str, typed: list[str], changes: list[str]) -> None:
    """A table that is left with no column has no command."""
    finding = Finding(kind, "", "", {})
    assert changes_for(finding, configure(*typed), [], by_key=False) == changes


@pytest.mark.parametrize(("dead", "change"), [(0.4, "model.activation=elu"), (0.6, "lr")])
def test_units_that_steps_killed_need_shorter_steps(dead: float, change: str) -> None:
    """More than half of a layer: initial weights alone kill far fewer."""
    finding = Finding("dead units", "", "", {"layer 1": dead})
    (word,) = changes_for(finding, configure("optimizer.lr=0.1"), [], by_key=False)
    assert word == {"lr": "optimizer.lr=0.01"}.get(change, change)


def test_a_rate_that_is_far_too_high_comes_before_more_units() -> None:
    """Of a network that does not learn enough: the optimizer's own rate, then its size."""
    under = Finding("underfit", "", "", {})
    found = alternatives_for(under, configure("optimizer.lr=0.3"), [], by_key=False)
    assert found == [["optimizer.lr=0.001"], ["model.width=512"]]
    assert alternatives_for(under, configure("optimizer.lr=0.009"), [], by_key=False) == [
        ["model.width=512"]
    ]
    wild = Finding("diverged", "", "", {})
    assert changes_for(wild, configure("optimizer=sgd", "optimizer.lr=100"), [], by_key=False) == [
        "optimizer.lr=0.05"
    ]


CONFIGURATIONS = (
    ("data=table", "data.path=x", "data.target=y", "model=deep"),
    ("data=table", "data.path=x", "data.target=y", "model=deep", "data.scaling=none", "epochs=15"),
    ("data=table", "data.path=x", "data.target=y", "model=perceptron", "optimizer=sgd"),
    ("model=deep", "model.activation=tanh", "optimizer.lr=0.5", "optimizer.weight_decay=0.1"),
    ("model=shallow", "optimizer.lr=1e-6", "model.dropout=0.5", "stop.patience=5", "epochs=200"),
    ("model=wide", "model.init=torch", "optimizer=adamw", "loss=mae", "data=sine"),
)


T = TypeVar("T")


def drawn(draw: np.random.Generator) -> Evidence:
    """Any combination of what may be found."""

    def pick(options: Sequence[T]) -> T:
        return options[int(draw.integers(len(options)))]

    length, slope = pick([1, 8, 40]), pick([0.0, 0.8, 0.99])
    train_loss = [1.1 - slope * min(1.0, 2 * k / length) for k in range(length)]
    if draw.random() < 0.2:
        train_loss = [loss + 0.5 * (k % 2) for k, loss in enumerate(train_loss)]
    val_loss = [loss + pick([0.0, 0.5]) * k / length for k, loss in enumerate(train_loss)]
    val, classes = pick([-0.1, 0.3, 0.85, 0.99]), draw.random() < 0.5
    layers = [
        LayerStatistics(dead=pick([0, 0.3, 0.7, 1]), saturated=pick([0, 0.5]), gradient=pick(SIZES))
        for _ in range(2)
    ]
    found = replace(
        SOUND,
        train_loss=train_loss,
        val_loss=val_loss,
        train=pick([0.0, 0.5, 0.99]),
        val=val,
        steps=pick([20, 1000]),
        kept=pick([1, length]),
        kept_d2={"train": pick([0.0, 0.99]), "val": pick([-0.1, 0.0, val])},
        baselines={"linear": pick([0.0, 0.5, 1.0]), "gradient boosting": pick([0.0, 0.5, 1.0])},
        baselines_d2={"linear": pick([0.0, 0.5]), "gradient boosting": pick([0.0, 0.5])},
        measure="accuracy" if classes else "R²",
        constant_errors=dict.fromkeys(("train", "val"), pick([0.05, 0.5])) if classes else {},
        weight_decay=pick([0.0, 0.1]),
        moved=pick([0.01, 0.3, 2.0]),
        test=pick([None, 0.0]),
        test_rows=100,
        largest_input=pick([1.0, 1e5]),
        outlying=0.0 if classes else pick([0.0, 0.9]),
        layers=layers,
        leaks=pick([[], ["x alone almost determines the target"]]),
        divergence=Divergence(1, 1, 0.1) if draw.random() < 0.1 else None,
    )
    if draw.random() < 0.1:
        return replace(found, val=None, val_rows=0, val_loss=[], baselines={}, baselines_d2={})
    return found


SIZES = (1e-6, 1.0, 1e6)


@pytest.mark.parametrize("typed", CONFIGURATIONS)
def test_nothing_that_is_said_at_once_contradicts_itself(typed: tuple[str, ...]) -> None:
    """Of any combination of evidence: one direction, nothing that is there, nothing in doubt."""
    config, draw = configure(*typed), np.random.default_rng(0)
    job = Job(config, {}, Path("run"), typed)
    progress = Progress(EarlyStopping(), Origin("", "", list(typed)))
    leaks = ["x0"] * (config.data.name == "table")
    commands = set()
    for _ in range(200):
        found = judge(drawn(draw))
        verdict = with_commands(found, lambda one: next_command(one, job, progress, leaks))
        words = " ".join(finding.words for finding in verdict.findings)
        kinds = {finding.kind for finding in verdict.findings}
        settings = [
            dict(word.partition("=")[::2] for word in shlex.split(finding.command)[2:])
            for finding in verdict.findings
            if finding.command
        ]
        changes = [
            {key: value for key, value in one.items() if f"{key}={value}" not in typed}
            for one in settings
        ]
        assert_of_one_mind(changes, config)
        assert words.count("use ") <= 1, words
        if kinds & {"suspiciously good", "later rows differ", "diverged", "undecided"}:
            assert "use " not in words, words
        if kinds.isdisjoint((*FIT, "undecided")):  # these rows have validation rows
            assert verdict.state.command or "left to try" in words or AS_GOOD in words
        if "suspiciously good" in kinds and leaks:
            first = next(line for line in verdict.in_brief() if line.startswith(TRY))
            assert first.endswith("'data.drop=[x0]'")
        commands |= {tuple(shlex.split(finding.command)[2:]) for finding in verdict.findings}
    for command in commands:
        if command and not command[0].startswith("resume="):
            assert set(command) != set(typed)
            configure(*command)


def assert_of_one_mind(changes: Sequence[dict[str, str]], config: Config) -> None:
    """No setting with two new values, and no network that is held back and made larger."""
    seen: dict[str, str] = {}
    for one in changes:
        for key, value in one.items():
            assert seen.setdefault(key, value) == value, changes
    curbed = any(float(seen.get(key, 0)) > 0 for key in ("model.dropout", "optimizer.weight_decay"))
    larger = seen.keys() & {"model", "model.width", "model.depth"}
    assert not (curbed and larger), changes
    if "epochs" in seen:
        assert int(seen["epochs"]) > (config.epochs or 0)


def test_a_resumed_run_is_trained_anew_for_as_long() -> None:
    """Not for the epochs that it first began with."""
    job = Job(configure("epochs=150"), {}, Path("run"), ["resume=run", "epochs=150"])
    progress = Progress(EarlyStopping(), Origin("", "", ["data=sine", "epochs=50"]))
    command = next_command(Finding("saturated units", "", "", {}), job, progress, [])
    assert command == ""  # relu is what these have
    command = next_command(Finding("outliers", "", "", {}), job, progress, [])
    assert command.endswith("train.py data=sine epochs=150 loss=huber")


def test_a_run_without_a_limit_goes_on_by_what_ended_it() -> None:
    """Time, but not patience, without which it had no end; and there are no epochs to add."""
    stops = ("epochs=null", "stop.patience=3", "stop.seconds=5")
    progress = Progress(EarlyStopping(waited=3), Origin("", "", []), seconds=6.0, change=0.5)
    finding = Finding("not converged", "", "", {})
    command = next_command(finding, Job(configure(*stops), {}, Path("run"), stops), progress, [])
    assert command == "python train.py resume=run stop.seconds=null"
    assert epochs_for(finding, configure(*stops)) is None
    assert not why_ended(configure(*stops, "stop.patience=4", "stop.seconds=null"), 9**9, progress)
    assert why_ended(configure(*stops), 20, progress).endswith("set stop.patience above 3")
