"""Ranges as Hydra writes them, and as Optuna has them."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from mlp_lab.errors import UserError
from mlp_lab.sweep.ranges import search_space


def parsed(*words: str) -> list[Override]:
    """Overrides as Hydra reads them."""
    return OverridesParser.create().parse_overrides(list(words))


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("a=interval(0,1)", FloatDistribution(0, 1)),
        ("a=tag(log,interval(1e-4,1e-1))", FloatDistribution(1e-4, 1e-1, log=True)),
        ("a=int(interval(8,64))", IntDistribution(8, 64)),
        ("a=tag(log,int(interval(1,128)))", IntDistribution(1, 128, log=True)),
        ("a=range(8,65,8)", IntDistribution(8, 64, step=8)),
        ("a=range(1,20,5)", IntDistribution(1, 16, step=5)),
        ("a=range(5,1,-2)", IntDistribution(3, 5, step=2)),
        ("a=range(3)", IntDistribution(0, 2)),
        ("a=tag(log,range(1,101))", IntDistribution(1, 100, log=True)),
        ("a=shuffle(range(1,5))", IntDistribution(1, 4)),
        ("a=range(0.5,5)", FloatDistribution(0.5, 4.5, step=1)),
        ("a=range(0,1,0.1)", FloatDistribution(0, 0.9, step=0.1)),
        ("a=float(range(1,5))", FloatDistribution(1, 4, step=1)),
        ("a=relu,tanh", CategoricalDistribution(("relu", "tanh"))),
        ("a=relu,relu,tanh", CategoricalDistribution(("relu", "tanh"))),
        ("a=1e-3,1e-2", CategoricalDistribution(("0.001", "0.01"))),
        ("a=[1,2],[3,4]", CategoricalDistribution(("[1,2]", "[3,4]"))),
        ("a='x y',null", CategoricalDistribution(("'x y'", "null"))),
    ],
)
def test_ranges(word: str, wanted: BaseDistribution) -> None:
    """As Hydra writes them."""
    assert search_space(parsed(word, "b=3")) == ({"a": wanted}, ["b=3"])


def test_words_stay_as_they_are() -> None:
    """Those that add or remove a key, too."""
    words = ["+b=3", "~c", "d='x y'", "e={f:1}"]
    space, fixed = search_space(parsed(*words, "++a=1,2"))
    assert (list(space), fixed) == (["++a"], words)


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("a=3", "nothing to search"),
        ("seed=0,1", "seed repeats a setting"),
        ("+seed=0,1", "seed repeats a setting"),
        ("data.split_seed=0,1", "data.split_seed repeats a setting"),
        ("sweep.members=1,2", "sweep.members changes no result"),
        ("device=cpu,cuda", "device changes no result"),
        ("a=interval(1,1)", "a must be an interval from low to high, got 'interval(1,1)'"),
        ("a=interval(0,inf)", "a must be an interval from low to high"),
        ("a=tag(log,interval(0,1))", "a must be above 0 on a logarithmic scale"),
        ("a=tag(log,range(0,9))", "a must be above 0 on a logarithmic scale"),
        ("a=tag(log,range(1,9,2))", "a must be in steps of 1 with log"),
        ("a=tag(log,choice(1,2))", "a must be a range of numbers to be on a logarithmic scale"),
        ("a=tag(lgo,interval(1,2))", "unknown tag of a 'lgo': did you mean 'log'?"),
        ("a=range(5,1)", "a must be a range with values"),
        ("a=int(range(1.5,3.2,0.5))", "a must be a range in steps other than 0"),
    ],
)
def test_what_cannot_be_searched(word: str, line: str) -> None:
    """One line."""
    with pytest.raises(UserError) as refusal:
        search_space(parsed(word))
    assert line in str(refusal.value)
    assert "\n" not in str(refusal.value)
