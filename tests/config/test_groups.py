"""configs/ without Hydra says what Hydra says."""

from pathlib import Path

import pytest
from surveys import survey, written

from mlp_lab.commands.composing import compose
from mlp_lab.config.groups import choices, chosen, composed, default_values, merged
from mlp_lab.config.reading import read
from mlp_lab.config.recipe import settled
from mlp_lab.config.schema import GROUPS, Config
from mlp_lab.errors import UserError
from mlp_lab.runs.prepared_data import PreparedDataCache


def test_defaults_are_those_of_the_command_line() -> None:
    assert read(Config, default_values(), "") == compose([])


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in GROUPS for name in choices(group)]
)
def test_every_choice_is_that_of_the_command_line(group: str, name: str, tmp_path: Path) -> None:
    values = merged(default_values(), chosen(group, name))
    words = [f"{group}={name}"]
    if words == ["data=table"]:  # its model looks at the rows
        written(survey(), tmp_path)
        words += [f"data.path={tmp_path / 'survey.csv'}", "data.target=voted"]
        own = {"path": str(tmp_path / "survey.csv"), "target": "voted"}
        values = merged(values, {"data": {**values["data"], **own}})  # type: ignore[dict-item]
    values, _ = settled(values, PreparedDataCache().facts)
    assert read(Config, values, "") == compose(words)


@pytest.mark.parametrize(
    "words",
    [
        ["model=tabular", "optimizer=sgd"],
        ["optimizer=gd", "data=iris"],
        ["loss=huber", "schedule=step", "data=sine", "model=wide"],
    ],
)
def test_several_choices_are_those_of_the_command_line(words: list[str]) -> None:
    """Whichever of them brings others along."""
    values = composed(dict(word.split("=") for word in words))
    values, _ = settled(values, PreparedDataCache().facts)
    assert read(Config, values, "") == compose(words)


def test_what_a_caller_changes_stays_its_own() -> None:
    values = default_values()
    values["model"]["depth"] = 7  # type: ignore[index]
    assert default_values() != values


def test_a_choice_that_there_is_not() -> None:
    with pytest.raises(UserError, match="unknown optimizer 'adm': did you mean 'adam'"):
        chosen("optimizer", "adm")
