"""Jobs are counted before any is made."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from mlp_lab.errors import UserError
from mlp_lab.sweep.counting import MOST_JOBS, require_few, value_count
from mlp_lab.sweep.grid import grid_points


def parsed(*words: str) -> list[Override]:
    """Overrides as Hydra reads them."""
    return OverridesParser.create().parse_overrides(list(words))


@pytest.mark.parametrize(
    "word",
    [
        *("a=1", "a=[1,2]", "a=1,2,3", "a=choice(x,y)", "a=range(7)", "a=range(2,9,3)"),
        *("a=range(9,2,-3)", "a=range(5,5)", "a=range(3,1)", "a=range(0,1,0.1)", "a=range(1.5)"),
        *("a=shuffle(range(4))", "a=sort(range(4),reverse=true)", "a=range(1,0,-0.25)"),
    ],
)
def test_as_many_as_there_are(word: str) -> None:
    """What is counted is what a grid then has."""
    (override,) = parsed(word)
    assert value_count(override) == len(grid_points([override]))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a=range(100001)"], "a sweep has at most 100,000 jobs, got 100,001: a=range(100001)"),
        (["a=range(0,1e9)"], "a sweep has at most 100,000 jobs, got 1,000,000,000: a=range(0,1e9)"),
        (["a=range(1e6)", "b=1", "c=1,2"], "a sweep has at most 100,000 jobs, got 2,000,000: a="),
        (["a=range(1" + "0" * 305 + ")"], "a must be a range of finite numbers, below 1e300, got"),
        (["a=range(1e200)", "b=range(1e200)"], "a sweep has at most 100,000 jobs, got far more: "),
        (["a=range(0,10,0)"], "a must be a range in steps other than 0, got 'range(0,10,0)'"),
        (["a=range(nan,1)"], "a must be a range of finite numbers, below 1e300, got"),
        (["a=range(0,inf)"], "a must be a range of finite numbers, below 1e300, got"),
    ],
)
def test_what_is_refused(words: list[str], line: str) -> None:
    """Before a list of it is made."""
    with pytest.raises(UserError) as refusal:
        require_few(parsed(*words))
    assert str(refusal.value).startswith(line)


def test_a_large_grid_is_allowed() -> None:
    """Up to the number that is stated."""
    assert len(grid_points(parsed(f"a=range({MOST_JOBS // 2})", "b=1,2"))) == MOST_JOBS
