"""Rules that every setting obeys, found by introspection of the config classes."""

import math
import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Union, cast, get_args, get_origin, get_type_hints

import pytest
from lab import Plain, changed, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.errors import UserError

MAY_BE_INFINITE = ("optimizer.clip_norm", "stop.min_delta", "stop.weights_tol", "stop.seconds")
"""An infinite limit is none."""


@dataclass(frozen=True)
class Leaf:
    """A field that holds a value: its key, its type hint, and the choice of its group."""

    key: str
    hint: object
    choice: str = ""

    @property
    def id(self) -> str:
        """`optimizer.lr (adam)`."""
        return f"{self.key} ({self.choice})" if self.choice else self.key

    @property
    def values(self) -> Plain:
        """The config in which the choice is made."""
        chosen = (f"{self.key.partition('.')[0]}={self.choice}",) if self.choice else ()
        return values_of(*chosen, batch_size="full")

    @property
    def kinds(self) -> set[object]:
        """The types that it may hold; a list counts as what it holds."""
        union = get_origin(self.hint) in (Union, types.UnionType)
        options = get_args(self.hint) if union else (self.hint,)
        return {get_args(kind)[0] if get_origin(kind) is list else kind for kind in options}


def leaves_of(kind: type, prefix: str = "", choice: str = "") -> Iterator[Leaf]:
    """Every field, with one choice for each class of a group."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint, key = hints[field.name], f"{prefix}{field.name}"
        if hint in CHOICES:
            distinct = {chosen: name for name, chosen in CHOICES[cast(type, hint)].items()}
            for chosen, name in distinct.items():
                yield from leaves_of(chosen, f"{key}.", name)
        elif isinstance(hint, type) and is_dataclass(hint):
            yield from leaves_of(hint, f"{key}.")
        elif not (choice and field.name == "name"):
            yield Leaf(key, hint, choice)


LEAVES = list(leaves_of(Config))
FLOATS = [leaf for leaf in LEAVES if float in leaf.kinds]
each_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.id)


def refusal(leaf: Leaf, value: object) -> str:
    """What is said of a value."""
    with pytest.raises(UserError) as error:
        read(Config, changed(leaf.values, {leaf.key: value}), "")
    return str(error.value)


def test_introspection_finds_settings() -> None:
    """Of every kind."""
    keys = {leaf.key for leaf in LEAVES}
    assert {"seed", "model.width", "data.turns", "optimizer.beta2", "stop.seconds"} <= keys
    assert len(LEAVES) > 100


@each_leaf
def test_its_default_is_written_in_yaml_and_needed(leaf: Leaf) -> None:
    """No default hides in Python: a YAML file of one's own that forgets it is told so."""
    values = leaf.values
    section: Plain = values
    *path, last = leaf.key.split(".")
    for name in path:
        section = cast(Plain, section[name])
    del section[last]
    with pytest.raises(UserError) as error:
        read(Config, values, "")
    assert str(error.value) == f"{leaf.key} is missing from the config"


@each_leaf
def test_it_refuses_other_types(leaf: Leaf) -> None:
    """In one line with the key and the value."""
    wrong: list[object] = [{1: {}}, [[{}]]]
    wrong += [value for value in (True, "text", None, 2.5) if type(value) not in leaf.kinds]
    for value in wrong:
        message = refusal(leaf, value)
        assert message.startswith((f"{leaf.key} must be ", f"{leaf.key}.1 must be "))
        shown = "null" if value is None else repr(value)
        assert message.endswith((f", got {shown}", ", got [{}]", ", got {}"))  # an entry
        assert "\n" not in message


@pytest.mark.parametrize("leaf", FLOATS, ids=lambda leaf: leaf.id)
def test_it_refuses_not_a_number(leaf: Leaf) -> None:
    """NaN is in no range."""
    assert refusal(leaf, math.nan).startswith(f"{leaf.key} must be ")


@pytest.mark.parametrize(
    "leaf",
    {leaf.key: leaf for leaf in FLOATS if leaf.key not in MAY_BE_INFINITE}.values(),
    ids=lambda leaf: leaf.key,
)
def test_it_refuses_infinity(leaf: Leaf) -> None:
    """It would end as a diverged run, or as rows that are no numbers."""
    assert refusal(leaf, math.inf).startswith(f"{leaf.key} must be ")
