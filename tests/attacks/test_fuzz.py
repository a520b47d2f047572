"""Commands at random: each trains, or says in one line why it does not, and leaves nothing.

The same commands at every run, so that a failure comes again; `MLP_LAB_FUZZ` is another seed.
"""

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from drawn import Command, commands, save_tables
from hypothesis import HealthCheck, given, seed, settings
from lab import call, within

from mlp_lab.runs.result_file import read_result
from mlp_lab.tracking.curves import read_curves

SECONDS = 300
"""Of a command; most take less than one, and a busy machine is no failure."""

FEW, MANY = 12, 120
"""Commands of the default run, and of each slow test."""

SLOW_TESTS = 2

NOTES = ("no ranking: ",)
"""What may be said of a sweep that ended well."""

NOTHING_MORE = ": nothing more was trained"
"""How a refusal ends where a sweeper asks for jobs in turns, and some of them are trained."""

SEED = int(os.environ.get("MLP_LAB_FUZZ", "17"))


def refuse_constant(word: str) -> float:
    """JSON has no such number."""
    raise ValueError(word)


def require_whole(run: Path) -> str:
    """A run has ended well, or as it says itself; how."""
    text = (run / "result.json").read_text(encoding="utf-8")
    status = str(json.loads(text, parse_constant=refuse_constant)["status"])
    if status == "failed":
        return status
    result = read_result(run / "result.json")
    rows = read_curves(run / "curves.csv")
    assert status == "diverged" or len(rows) == result["epochs_run"]
    if status != "diverged":
        assert all(math.isfinite(row["train_loss"]) for row in rows)
    assert not list(run.glob(".*.partial"))
    return status


def runs_in(folder: Path) -> Iterator[Path]:
    """Folders of runs that began."""
    return (path.parent for path in folder.rglob("config.yaml") if path.parent.name != ".hydra")


def require_sound(command: Command, here: Path) -> None:
    """Give a command to `train` in a folder with tables, and look at what it says and leaves."""
    where = "sweep" if command.sweeping else "run"
    try:
        with within(SECONDS):
            done = call([*command.words, f"hydra.{where}.dir=out"], here)
    finally:
        with suppress(KeyError):
            del os.environ["HYDRA_FULL_ERROR"]
    lines, out = done.stderr.splitlines(), here / "out"
    assert all(len(line) < 2000 for line in lines)
    statuses = [require_whole(run) for run in runs_in(out)]
    if done.returncode == 0:
        assert all(line.startswith(NOTES) for line in lines), lines
        assert set(statuses) <= {"completed", "stopped"} or command.sweeping
        return
    assert done.returncode == 1
    if not out.exists():
        assert len(lines) == 1, lines
    elif command.one_by_one:
        assert all(line.startswith("job ") for line in lines[:-1]), lines
    elif command.sweeping and lines[-1].endswith(NOTHING_MORE):
        assert lines[-1].startswith("job "), lines  # a sweeper that asks in turns asked for it
    elif command.sweeping:
        assert {"failed", "diverged"} & set(statuses), (lines, statuses)
    else:
        assert statuses == ["diverged"]
        assert len(lines) == 1, lines


def fuzz(examples: int, number: int = 0) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many commands, always the same."""
    chosen = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck]
    )
    return lambda test: seed(SEED + number)(chosen(given(command=commands())(test)))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that commands find their tables in."""
    folder = tmp_path_factory.mktemp("tables")
    save_tables(folder)
    return folder


def attack(command: Command, tables: Path) -> None:
    """In a folder of its own."""
    with TemporaryDirectory() as place:
        here = Path(place) / "here"
        copytree(tables, here)
        require_sound(command, here)


@fuzz(FEW)
def test_a_command_trains_or_is_refused_in_one_line(command: Command, tables: Path) -> None:
    attack(command, tables)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 1 + SLOW_TESTS))
def test_many_commands(number: int, tables: Path) -> None:
    """A minute or two each, in one process: `MANY` settles how long."""

    @fuzz(MANY, number)
    def sound(command: Command) -> None:
        attack(command, tables)

    sound()
