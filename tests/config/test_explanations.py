"""`--help`: every setting is explained, in lines of 80 letters."""

import re
from collections.abc import Iterable

import pytest

from mlp_lab.config.explanations import (
    ALL_GROUPS,
    WIDTH,
    Explained,
    file_of,
    group,
    help_text,
    settings,
    shipped,
)
from mlp_lab.config.groups import chosen, default_values
from mlp_lab.config.schema import GROUPS
from mlp_lab.data.config import SCALINGS, TRANSFORMS
from mlp_lab.data.tables.config import TASKS
from mlp_lab.errors import UserError
from mlp_lab.native.interface import KERNELS
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.architecture import INITS, NORMALISATIONS
from mlp_lab.network.embedding_plan import KINDS
from mlp_lab.network.losses import OUTPUTS
from mlp_lab.sweep.config import ENGINES
from mlp_lab.tracking.config import BOOSTING

EVERYTHING = [*settings(), *(each for name in GROUPS for each in group(name))]


@pytest.mark.parametrize("each", EVERYTHING, ids=lambda each: each.key)
def test_every_key_is_explained(each: Explained) -> None:
    """By a comment in one of its files at least."""
    assert each.words


@pytest.mark.parametrize("name", ALL_GROUPS)
def test_every_choice_is_explained(name: str) -> None:
    """By the heading of its file."""
    assert all(file_of(f"{name}/{choice}")[0] for choice in shipped(name))


def test_no_key_is_missing() -> None:
    """Neither of a run nor of a group's choices; nothing stands there twice."""
    keys = [each.key for each in EVERYTHING]
    assert len(set(keys)) == len(keys)
    for name, value in default_values().items():
        if name not in GROUPS:
            nested = [f"{name}.{key}" for key in value] if isinstance(value, dict) else [name]
            assert set(nested) <= set(keys)
    for name in GROUPS:
        for choice in shipped(name):
            section = chosen(name, choice)[name]
            assert isinstance(section, dict)
            assert {f"{name}.{key}" for key in section if key != "name"} <= set(keys)


def test_the_lines_are_short() -> None:
    """Of everything, and of each group."""
    for topics in ((), ALL_GROUPS):
        text = help_text(topics, "python train.py")
        assert max(map(len, text.splitlines())) <= WIDTH + len("several values.")
        assert max(len(line) for line in text.splitlines() if line.startswith("  ")) <= WIDTH


@pytest.mark.parametrize(
    ("topic", "parts", "lacking"),
    [
        ("optimizer", ["optimizer=adam ", "optimizer.alpha: 0.9", "(of momentum)"], "model"),
        ("optimizer=adam", ["optimizer.lr: 0.001", "optimizer.beta1: 0.9"], "rho"),
        ("model=deep", ["model.depth: 3", "model.width: 128"], "wide"),
        ("lr", ["optimizer.lr"], "clip"),
        ("stop", ["stop.patience: null", "stop.seconds: null"], "sweep"),
        ("device", ["device: auto", "cpu, cuda"], "epochs"),
        ("experiment", ["experiment=spirals"], "lr"),
    ],
)
def test_one_topic(topic: str, parts: list[str], lacking: str) -> None:
    """A group, one of its choices, or a key."""
    text = help_text([topic], "")
    assert all(part in text for part in parts)
    assert lacking not in text


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("learning_rate", "unknown key 'learning_rate': here it is 'optimizer.lr'"),
        ("wdth", "unknown key 'wdth': did you mean 'model.width'? (seed, epochs, "),
        ("shuffle", "unknown key 'shuffle': training rows"),
        ("optimizr", "unknown key 'optimizr': did you mean 'optimizer'?"),
        ("optimizer=adm", "unknown optimizer 'adm': did you mean 'adam'?"),
    ],
)
def test_a_topic_that_there_is_not(topic: str, line: str) -> None:
    with pytest.raises(UserError) as refused:
        help_text([topic], "")
    assert str(refused.value).startswith(line)


@pytest.mark.parametrize(
    ("topic", "lines"),
    [
        ("optimizer.lr", ["optimizer.lr: 0.001 learning rate (of adam, adamw, rmsprop)"]),
        ("data.noise", ["data.noise: 0.3 spread of each cloud (of gaussians)"]),
        ("noise", ["data.noise: 0.1 standard deviation of y", "(of absolute, cubic, sawtooth"]),
        ("data.quote", ['data.quote: " of CSV']),
        ("optimizer", ["optimizer.weight_decay Omega shrinks by lr times this"]),
        ("optimizer=adamw", ["optimizer.weight_decay: 0.01 Omega shrinks by lr times this"]),
    ],
)
def test_a_key_means_what_its_choice_makes_it(topic: str, lines: list[str]) -> None:
    """Defaults and comments that differ between the choices of a group stand apart."""
    text = " ".join(help_text([topic], "").split())
    assert all(line in text for line in lines)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("model.activation", ACTIVATIONS),
        ("model.output", OUTPUTS),
        ("model.init", INITS),
        ("model.normalisation", NORMALISATIONS),
        ("model.embedding", KINDS),
        ("data.scaling", SCALINGS),
        ("data.target_transform", [name for name in TRANSFORMS if name != "none"]),
        ("data.task", [name for name in TASKS if name != "auto"]),
        ("data.stream", ["always", "never", "auto"]),
        ("averaging.kind", ["ema", "swa"]),
        ("tracking.boosting", BOOSTING),
        ("kernel", KERNELS),
        ("sweep.engine", ENGINES),
        ("schedule.per", ["epoch", "step"]),
        ("stop.monitor", ["loss", "metric", "roc_auc", "f1", "mae"]),
    ],
)
def test_choices_of_a_key_are_named(key: str, names: Iterable[str]) -> None:
    """Those of tables that are closed, one of which may be the default."""
    words = re.findall(r"\w+", help_text([key], ""))
    assert [name for name in names if name not in words] == []
