"""Every YAML file: composed by its own header's command line, validated and trained."""

import math
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from lab import (
    BARE,
    CONFIGS,
    Plain,
    changed,
    command,
    curves,
    train,
    train_values,
    trained,
    values_of,
    written,
)
from surveys import survey
from surveys import written as save_survey

from mlp_lab.config.reading import read
from mlp_lab.config.schema import CHOICES, OF_THE_COMMAND
from mlp_lab.data.catalogue import DATA
from mlp_lab.network.losses import LOSS_CONFIGS
from mlp_lab.network.optimizers import OPTIMIZERS, OptimizerConfig
from mlp_lab.network.schedules import SCHEDULES

FILES = sorted(path for path in CONFIGS.rglob("*.yaml") if "hydra" not in path.parts)
GROUP_FILES = [path for path in FILES if path.parent != CONFIGS]
IDS = [f"{path.parent.name}={path.stem}" for path in GROUP_FILES]
NUMBERS = {"data": 18, "experiment": 15, "loss": 10, "model": 5, "optimizer": 10, "schedule": 6}


def header(path: Path) -> list[str]:
    """The overrides of the command line in a file's opening comment."""
    opening = [line for line in path.read_text().splitlines()[:3] if line.startswith("# python")]
    assert len(opening) == 1, f"{path} starts with {len(opening)} command lines"
    words = shlex.split(opening[0].removeprefix("# "))
    assert words[:2] == ["python", "train.py"]
    return words[2:]


def shortened(values: Plain) -> Plain:
    """The same for two epochs, on few rows."""
    data = values["data"]
    assert isinstance(data, dict)
    rows = {"data.rows": 400, "data.train_rows": None} if "rows" in data else {}
    if data["name"] == "digits":
        rows = {"data.train_rows": data["train_rows"] or 300}
    schedule = values["schedule"]
    assert isinstance(schedule, dict)
    warmup = {"schedule.warmup_epochs": 1} if "warmup_epochs" in schedule else {}
    return changed(values, {"epochs": 2, **rows, **warmup})


def test_the_number_of_files() -> None:
    """A new file is counted here, so that none is left out unseen."""
    assert Counter(path.parent.name for path in GROUP_FILES) == NUMBERS
    assert len(GROUP_FILES) == sum(NUMBERS.values()) == 64
    assert [path.name for path in FILES if path not in GROUP_FILES] == [
        "parts.yaml",
        "settings.yaml",
        "train.yaml",
    ]
    assert len(list(CONFIGS.rglob("*.yaml"))) == 67


def test_every_choice_has_a_file_of_its_name() -> None:
    """The tables and the folders hold the same names."""
    tables: dict[str, Mapping[str, type]] = {
        "data": DATA,
        "loss": LOSS_CONFIGS,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
    }
    assert len(tables) == len(CHOICES)
    for group, table in tables.items():
        assert {path.stem for path in (CONFIGS / group).iterdir()} == set(table)


@pytest.mark.parametrize("path", GROUP_FILES, ids=IDS)
def test_a_file_composes_from_its_header_and_trains(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command line names it, and two epochs have a loss."""
    monkeypatch.chdir(tmp_path)
    save_survey(survey(), tmp_path)  # survey.csv, which the header of data/table.yaml names
    overrides = header(path)
    assert f"{path.parent.name}={path.stem}" in overrides
    values = shortened(values_of(*overrides))
    if path.parent.name in ("data", "optimizer", "schedule", "loss"):
        section = values[path.parent.name]
        assert isinstance(section, dict)
        assert section["name"] == path.stem
    _, rows = trained(values)
    assert len(rows) == 2
    assert all(0 < row["loss"] < math.inf for row in rows)


def test_the_main_file_composes_from_its_header() -> None:
    """train.yaml's own command line is its defaults."""
    assert values_of(*header(CONFIGS / "train.yaml")) == values_of()


def test_a_group_file_holds_no_key_that_its_class_has_not() -> None:
    """A whole file: its keys, read alone, are the class's fields."""
    tables: dict[str, Mapping[str, type]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}
    for group, table in tables.items():
        for name, kind in table.items():
            content = yaml.safe_load((CONFIGS / group / f"{name}.yaml").read_text())
            section = content.get(group, content)
            assert set(section) == {field.name for field in fields(kind)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_learns_at_its_files_defaults(name: str) -> None:
    """The training loss on digits falls to a stated level at no hand-picked rate."""
    values = values_of(f"optimizer={name}", epochs=20 if name == "gd" else 4)
    losses = [row["loss"] for row in trained(values)[1]]
    assert losses[-1] < 0.6 * losses[0] if name == "gd" else losses[-1] < 0.7 * losses[0]
    assert losses[-1] < 1.2  # a guess over ten classes is 2.3


def test_an_optimizer_file_gives_its_class() -> None:
    """`optimizer=adam` is Adam and nothing above it."""
    for name, kind in OPTIMIZERS.items():
        section = values_of(f"optimizer={name}")["optimizer"]
        assert type(read(OptimizerConfig, section, "optimizer")) is kind


def test_gd_takes_all_rows() -> None:
    """Its file sets the batch size, and only there."""
    assert values_of("optimizer=gd")["batch_size"] == "full"
    assert values_of("optimizer=sgd")["batch_size"] == 32


def test_early_stopping_is_overfitting_with_a_stop() -> None:
    """One key apart."""
    whole, stopped = (values_of(f"experiment={name}") for name in ("overfitting", "early_stopping"))
    assert changed(whole, {"stop.patience": 10}) == stopped


def test_a_runs_config_runs_again_by_itself(tmp_path: Path) -> None:
    """config.yaml's own command line composes to what the run was; the same curves follow."""
    first = train(tmp_path / "first", "data=iris", "epochs=3", "model.dropout=0.1", *BARE)
    shown = command([*header(first / "config.yaml"), "--cfg", "job"], tmp_path)
    assert shown.returncode == 0, shown.stderr
    values = yaml.safe_load(shown.stdout)
    for key in OF_THE_COMMAND:
        values.pop(key)
    assert values == values_of("data=iris", "epochs=3", "model.dropout=0.1", *BARE)
    again = train_values(tmp_path / "again", values)
    assert curves(again) == curves(first)
    assert written(again) == written(first)
