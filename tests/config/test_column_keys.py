"""Names of columns as keys: hidden from Hydra, and themselves again in the configuration."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from mlp_lab.config.column_keys import hidden_names, shown_names, with_names
from mlp_lab.config.overrides import Setting, setting_of

NAMES = ["Age (years)", "Mother's job", "q:1", "education.num", "2020", "größe", "a, b", "[x]", "-"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["types", "levels", "missing_in"])
def test_a_name_is_itself_again(name: str, key: str) -> None:
    """Whatever Hydra would make of it; quotes around it are no part of it."""
    value = "category" if key == "types" else "[a,'b c']"
    for typed in (name, f'"{name}"'):
        word = hidden_names(f"data.{key}.{typed}={value}")
        assert word.isascii()
        (found,) = OverridesParser.create().parse_overrides([word])
        held = {"data": {key: {found.key_or_group.split(".")[-1]: found.value()}}}
        assert with_names(held) == {"data": {key: {name: found.value()}}}
        assert shown_names(word) == f"data.{key}.{name}={value}"


def test_groups_of_names() -> None:
    """As they are typed in braces."""
    typed = "data.types={größe: category, 'a: b': numeric, age: date}"
    (found,) = OverridesParser.create().parse_overrides([hidden_names(typed)])
    names = with_names({"data": {"types": found.value()}})
    assert names == {"data": {"types": {"größe": "category", "a: b": "numeric", "age": "date"}}}


def test_other_words_stay() -> None:
    """And other configurations."""
    for word in ("data.types.age=category", "data.typos.a b=c", "epochs=3", "data.types={a", "x"):
        assert hidden_names(word) == word
    assert with_names({"epochs": 3}) == {"epochs": 3}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("typed", "sign"), [(";", ";"), ("|", "|"), (",", ","), ("newline",) * 2])
def test_signs_by_column(name: str, typed: str, sign: str) -> None:
    """`data.separators` of any name, with a sign that Hydra takes for its own."""
    setting = setting_of(f"data.separators.{name}={typed}")
    assert setting == Setting("separators", name, sign)
