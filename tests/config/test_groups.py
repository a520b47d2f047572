"""configs/ without Hydra says what Hydra says."""

import pytest

from mlp_lab.commands.composing import compose
from mlp_lab.config.groups import choices, chosen, default_values
from mlp_lab.config.reading import read
from mlp_lab.config.schema import GROUPS, Config
from mlp_lab.errors import UserError


def test_defaults_are_those_of_the_command_line() -> None:
    assert read(Config, default_values(), "") == compose([])


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in GROUPS for name in choices(group)]
)
def test_every_choice_is_that_of_the_command_line(group: str, name: str) -> None:
    values = default_values() | chosen(group, name)
    assert read(Config, values, "") == compose([f"{group}={name}"])


def test_what_a_caller_changes_stays_its_own() -> None:
    values = default_values()
    values["model"]["depth"] = 7  # type: ignore[index]
    assert default_values() != values


def test_a_choice_that_there_is_not() -> None:
    with pytest.raises(UserError, match="unknown optimizer 'adm': did you mean 'adam'"):
        chosen("optimizer", "adm")
