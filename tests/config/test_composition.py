"""What files and the command line say together."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab import CONFIGS, compose, refused, values_of
from omegaconf import OmegaConf

from mlp_lab.config.composition import (
    fold_overrides,
    from_values,
    of_the_command,
    refuse_sweep_settings,
)
from mlp_lab.config.groups import config_folder
from mlp_lab.config.schema import OF_THE_COMMAND
from mlp_lab.errors import UserError
from mlp_lab.runs.folder import write_config


def test_a_run_that_was_killed_as_it_claimed_its_folder(tmp_path: Path) -> None:
    """Its config.yaml is empty; the first setting that it lacks is not what is wrong."""
    (tmp_path / "config.yaml").touch()
    line = refused(f"resume={tmp_path}")
    assert line.startswith(f"{tmp_path} holds no run: its config.yaml is empty")


def test_the_configs_are_where_they_are_looked_for() -> None:
    """By an absolute path: a command is typed anywhere."""
    assert config_folder().is_absolute()
    assert (config_folder() / "train.yaml").is_file()
    assert config_folder() == CONFIGS


def test_no_run_has_settings_of_the_command() -> None:
    """Nor the name of a folder to go on in: its config.yaml runs again by itself."""
    composed = OmegaConf.to_container(compose("data=iris"))
    assert isinstance(composed, dict)
    plain = {str(name): value for name, value in composed.items()}
    assert set(OF_THE_COMMAND) < set(plain)
    config, values, _ = from_values(plain, ["data=iris"])
    assert values == values_of("data=iris")
    assert not set(OF_THE_COMMAND) & set(values)
    assert (config.resume, values["resume"]) == (None, None)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("data=[iris,wine]", "data takes one name, got [iris,wine]: "),
        ("data.name=wine", "data.name follows from its group: use data=wine"),
    ],
)
def test_a_group_is_one_name(override: str, line: str) -> None:
    """Of a file: its class's own name is not for the command line."""
    with pytest.raises(UserError) as caught:
        from_values(values_of("data=iris"), [override])
    assert str(caught.value).startswith(line)


def test_an_experiment_without_its_first_line() -> None:
    """Its keys would be those of a group that nobody reads."""
    with pytest.raises(UserError, match="'# @package _global_'"):
        from_values({**values_of(), "experiment": {"epochs": 3}}, [])


def test_a_run_that_goes_on_keeps_its_settings(tmp_path: Path) -> None:
    """But for those that are typed, of those that may change."""
    write_config(tmp_path, values_of("data=iris", epochs=3, stop__patience=4, stop__seconds=9.0))
    typed = values_of("stop.patience=7", "epochs=5", resume=str(tmp_path))
    config, values, _ = from_values(typed, ["stop.patience=7", "epochs=5", f"resume={tmp_path}"])
    assert (config.epochs, config.stop.patience, config.stop.seconds) == (5, 7, 9.0)
    assert config.data.name == "iris"
    assert config.resume == str(tmp_path)
    assert values["resume"] is None


@pytest.mark.parametrize(
    "override", ["seed=1", "optimizer.lr=1", "data=wine", "stop.monitor=metric", "~stop", "+x=1"]
)
def test_what_may_not_change(override: str, tmp_path: Path) -> None:
    """By the key that was typed."""
    write_config(tmp_path, values_of("data=iris"))
    key = override.lstrip("+~").partition("=")[0]
    with pytest.raises(UserError, match=f"^{key} cannot change when a run is resumed"):
        from_values(values_of(resume=str(tmp_path)), [override])


@pytest.mark.parametrize(
    ("override", "whether"),
    [
        ("cv=5", True),
        ("+cv_repeats=2", True),
        ("sweep.members=3", True),
        ("sweeper=1", False),
        ("data.cv=1", False),
        ("seed=0", False),
    ],
)
def test_what_is_about_the_command(override: str, whether: bool) -> None:
    """Whole keys, not beginnings of them."""
    assert of_the_command(override) == whether


@pytest.mark.parametrize("word", ["+sweep.members=1", "sweep.resume=x", "sweep=3", "++sweep={}"])
def test_sweep_settings_where_nothing_sweeps(word: str) -> None:
    """Named as they were typed; a key that only begins alike is another."""
    refuse_sweep_settings(["seed=1", "sweeper.x=1"], "a sweep")
    with pytest.raises(UserError, match=f"^{re.escape(word)} is about a sweep$"):
        refuse_sweep_settings(["seed=1", word], "a sweep")


@pytest.mark.parametrize(
    ("cv", "repeats", "words"),
    [
        (None, 1, []),
        (5, 1, ["data.folds=5", "data.fold=range(5)"]),
        (2, 3, ["data.folds=2", "data.fold=range(2)", "data.repeat=range(3)"]),
    ],
)
def test_folds(cv: int | None, repeats: int, words: list[str]) -> None:
    """Of a cross-validation, and its other cuts."""
    assert fold_overrides(OmegaConf.create({"cv": cv, "cv_repeats": repeats}), words[3:]) == words


@pytest.mark.parametrize(
    ("cv", "repeats", "typed", "line"),
    [
        (1, 1, [], "cv must be 2 or more, or null, got 1"),
        (2.0, 1, [], "cv must be a whole number or null, got 2.0: write 2"),
        (5, 0, [], "cv_repeats must be 1 or more, got 0"),
        (None, 2, [], "cv_repeats must be 1 without cv, got 2"),
        (5, 1, ["seed=1", "data.fold=3"], "cv=5 chooses the folds itself: leave out data.fold=3"),
        (5, 2, ["+data.repeat=1"], "cv=5 chooses the folds itself: leave out +data.repeat=1"),
    ],
)
def test_folds_that_cannot_be(cv: object, repeats: object, typed: Sequence[str], line: str) -> None:
    """A number, or a word beside it that says otherwise."""
    with pytest.raises(UserError) as caught:
        fold_overrides(OmegaConf.create({"cv": cv, "cv_repeats": repeats}), typed)
    assert str(caught.value).startswith(line)


def test_one_cut_may_be_another() -> None:
    """`cv` alone says nothing of data.repeat."""
    composed = OmegaConf.create({"cv": 5, "cv_repeats": 1})
    assert len(fold_overrides(composed, ["data.repeat=1"])) == 2
