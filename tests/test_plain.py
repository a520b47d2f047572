"""Plain data as values of their types."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from mlp_lab.errors import UserError
from mlp_lab.plain import brief, read_as, require_keys


@dataclass(frozen=True, slots=True)
class Inner:
    """Has a default."""

    text: str = "a"


@dataclass(frozen=True, slots=True)
class Outer:
    """Has a field of each kind."""

    count: int
    share: float
    inner: Inner | None
    pair: tuple[float, float]
    many: list[Inner]
    by_name: Mapping[str, bool] = field(default_factory=dict)


WHOLE = {"count": 3, "share": 1, "inner": {}, "pair": [1, 2.5], "many": [{"text": "b"}]}


def test_a_dataclass_comes_back() -> None:
    """A whole number is a float where one is wanted; a default stands for what is missing."""
    found = read_as(Outer, WHOLE)
    assert found == Outer(3, 1.0, Inner(), (1.0, 2.5), [Inner("b")], {})
    assert type(found.share) is float
    assert read_as(Outer, {**WHOLE, "inner": None, "by_name": {"x": True}}).by_name == {"x": True}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": True}, "count must be a whole number of at most 18 digits, got true"),
        ({"count": 1.0}, "count must be a whole number of at most 18 digits, got 1.0"),
        ({"count": 2**63}, "count must be a whole number of at most 18 digits, got 92233720"),
        ({"share": "1"}, "share must be a number, got '1'"),
        ({"inner": {"txt": "a"}}, "unknown key 'inner.txt'"),
        ({"inner": []}, "inner must be a group or null, got []"),
        ({"pair": [1]}, "pair must be a list of 2, got [1]"),
        ({"pair": [1, None]}, "pair[1] must be a number, got null"),
        ({"many": [{}, {"text": 1}]}, "many[1].text must be text, got 1"),
        ({"by_name": {"x": 1}}, "by_name.x must be true or false, got 1"),
        ({"by_name": {1: True}}, "a key of by_name must be text, got 1"),
        ({"more": 1}, "unknown key 'more'"),
    ],
)
def test_what_is_refused(change: dict[str, object], words: str) -> None:
    """By its key."""
    with pytest.raises(UserError) as caught:
        read_as(Outer, {**WHOLE, **change})
    assert str(caught.value).startswith(words)


def test_what_is_missing() -> None:
    """And has no default."""
    with pytest.raises(UserError, match=r"^count is missing$"):
        read_as(Outer, {name: WHOLE[name] for name in WHOLE if name != "count"})
    with pytest.raises(UserError, match=r"^the content must be a group, got \[\]$"):
        read_as(Outer, [])
    assert require_keys({"a": 1}, {"a": True, "b": False}) == {"a": 1}


@pytest.mark.parametrize("name", ["x", "-1", "01", "9" * 30, "٣", "1.0", ""])
def test_a_number_as_a_key(name: str) -> None:
    """As JSON has it, and no other way."""
    assert read_as(dict[int, int], {"3": 1}) == {3: 1}
    with pytest.raises(UserError, match="a key of jobs must be a whole number of 0 or more"):
        read_as(dict[int, int], {name: 1}, "jobs")


def test_a_long_value_is_cut() -> None:
    """A line is for people."""
    assert len(brief("x" * 10**6)) == 61
