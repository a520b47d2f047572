"""`--help`: every setting is explained, in lines of 80 letters."""

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
from mlp_lab.errors import UserError

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
        ("optimizr", "unknown key 'optimizr': did you mean 'optimizer'?"),
        ("optimizer=adm", "unknown optimizer 'adm': did you mean 'adam'?"),
    ],
)
def test_a_topic_that_there_is_not(topic: str, line: str) -> None:
    with pytest.raises(UserError) as refused:
        help_text([topic], "")
    assert str(refused.value).startswith(line)
