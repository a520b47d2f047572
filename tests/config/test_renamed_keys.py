"""Former names of keys work, and say what they are now."""

from collections.abc import Iterator

import pytest

from mlp_lab.config import renamed_keys
from mlp_lab.config.renamed_keys import (
    ADDED,
    RENAMED,
    Added,
    with_current_name,
    with_current_names,
    with_former_names,
)

OLD, NEW = next(iter(RENAMED.items()))
GROUP, _, FIELD = OLD.partition(".")
FIELD_NOW = NEW.partition(".")[2]


@pytest.fixture(autouse=True)
def _silent_so_far() -> Iterator[None]:
    """A name is announced once in a process."""
    renamed_keys._announce.cache_clear()
    yield
    renamed_keys._announce.cache_clear()


def test_names_stay_in_their_groups() -> None:
    """Else a value would have to move; and no name is both a former one and one of now."""
    assert all(old.partition(".")[0] == new.partition(".")[0] for old, new in RENAMED.items())
    assert not set(RENAMED) & set(RENAMED.values())


@pytest.mark.parametrize("prefix", ["", "+", "++", "~"])
@pytest.mark.parametrize("value", ["=3", "=[a=b]", "=", ""])
def test_a_word(prefix: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Only its key changes."""
    assert with_current_name(f"{prefix}{OLD}{value}") == f"{prefix}{NEW}{value}"
    assert capsys.readouterr().err.startswith(f"{OLD} is now {NEW}")


@pytest.mark.parametrize(
    "word", [f"{NEW}=3", f"{OLD}r=3", f"x.{OLD}=3", f"{FIELD}=3", f"seed={OLD}", "-m", ""]
)
def test_other_words(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As they are, in silence."""
    assert with_current_name(word) == word
    assert capsys.readouterr().err == ""


def test_it_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """In a sweep of many jobs too; what the program kept itself is not announced."""
    values = {GROUP: {FIELD: 1}}
    with_current_names(values)
    assert capsys.readouterr().err == ""
    for _ in range(3):
        with_current_name(f"{OLD}=1")
        with_current_names(values, announce=True)
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def _nothing_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keys have come since."""
    for key in [*ADDED]:
        monkeypatch.delitem(ADDED, key)


@pytest.mark.usefixtures("_nothing_added")
def test_a_whole_configuration() -> None:
    """The former name, where both stand; what was given stays as it was."""
    values = {GROUP: {"name": "x", FIELD: 1, FIELD_NOW: 2}, "seed": 0, "sweep": None}
    assert with_current_names(values) == {
        GROUP: {"name": "x", FIELD_NOW: 1},
        "seed": 0,
        "sweep": None,
    }
    assert values[GROUP] == {"name": "x", FIELD: 1, FIELD_NOW: 2}


@pytest.mark.parametrize("old", RENAMED)
def test_there_and_back(old: str) -> None:
    """What a hash was taken of is found again."""
    group, _, field = old.partition(".")
    former: dict[str, object] = {group: {field: 1}}
    now = with_current_names(former)
    assert now != former
    assert with_former_names(now) == former
    assert with_current_names(now) == now


@pytest.mark.usefixtures("_nothing_added")
def test_added_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration of before stands for what it did; a hash of it does not see them."""
    monkeypatch.setitem(ADDED, "model.new", Added("none"))
    monkeypatch.setitem(ADDED, "members", Added(1))
    monkeypatch.setitem(ADDED, "schedule.per", Added("epoch", ("cosine",)))
    old = {"model": {"depth": 1}, "schedule": {"name": "cosine"}}
    now = with_current_names(old)
    assert now["model"] == {"depth": 1, "new": "none"}
    assert now["members"] == 1
    assert now["schedule"] == {"name": "cosine", "per": "epoch"}
    former = with_former_names(now)
    assert {key: former[key] for key in old} == old
    assert "members" not in former
    assert with_current_names({"schedule": {"name": "step"}})["schedule"] == {"name": "step"}
    changed = {"model": {"depth": 1, "new": "much"}, "members": 2}
    assert with_current_names(changed)["model"] == changed["model"]
    assert with_former_names(changed) == changed
