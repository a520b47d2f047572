"""Every setting with every kind of bad value: one line, exit status 1, and nothing left on disk.

A value that is not bad for its key trains an epoch. Neither may take long, whatever it says.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from itertools import product
from pathlib import Path
from shutil import rmtree
from typing import get_type_hints

import numpy as np
import pytest
from lab import BARE, call, within

from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.sweep.config import SweepConfig

SECONDS = 240
"""Of a command; those that train an epoch take one."""

QUICK = 40
"""Commands of the default run."""

VALUES = (
    *("-1", "0", "0.5", "1e300", "-1e300", "1e-320", "1e400", "nan", "inf", "-inf"),
    *("1" + "0" * 20, "-1" + "0" * 20, "9" * 290, "9" * 400, "9" * 5000, "0x10", "1_0", "null"),
    *("true", "text", "''", "[]", "[1,-2]", "[[1]]", "{a:1}", "${nosuch}", "${seed}${seed}"),
)

GROUP_CHOICES = {
    "loss": ("auto", "huber", "quantile", "focal"),
    "data": ("iris", "moons", "gaussians", "spirals", "sine", "table"),
    "optimizer": ("sgd", "momentum", "heavy_ball", "adagrad", "adadelta", "rmsprop", "adamw"),
    "schedule": ("step", "cosine", "warmup", "one_cycle", "plateau"),
}
"""Choices that have settings between them all."""

RANGES = (
    *("range(0,10,0)", "range(10000000)", "range(0,1e9)", "range(0,1,1e-12)", "range(0,1e400)"),
    *("range(nan,1)", "range(0,inf)", "range(0,-5)", "range(5,0,1)", "range(0.5,1,0)"),
    *("range(1" + "0" * 30 + ")", "interval(0,1)", "interval(nan,1)", "choice()", "choice(a)"),
    *("shuffle(range(100000000))", "sort(range(1,3,0))", "tag(log,range(0,3))", "glob(*)"),
    *("range(-1e300,1e300)", "range(9" + "9" * 5000 + ")", "0,${nosuch}", "-1,-2", "1,,2", ","),
)

SEARCH = ("-m", "hydra/sweeper=optuna")

FEW = ("hydra.sweeper.n_trials=2", "hydra.sweeper.batch=2")


def sweeps() -> Iterator[list[str]]:
    """Sweeps and searches whose ranges, numbers or counts cannot be."""
    for key, values in product(("seed", "optimizer.lr"), RANGES):
        yield ["-m", f"{key}={values}"]
        yield [f"{key}={values}"]  # for one run
    for key, values in product(("model.width", "optimizer.lr"), RANGES):
        yield [*SEARCH, *FEW, f"{key}={values}"]
    for field, value in product(fields(SweepConfig), VALUES):
        if field.name != "latex":
            yield ["-m", "seed=0,1", f"sweep.{field.name}={value}"]
    for key, value in product(("n_trials", "batch", "seed", "sampler"), VALUES):
        few = [word for word in FEW if key not in word]
        yield [*SEARCH, *few, "optimizer.lr=interval(1e-3,1e-2)", f"hydra.sweeper.{key}={value}"]
    for value in VALUES:
        yield ["-m", f"hydra.sweeper.max_batch_size={value}", "seed=0,1"]
        yield ["-m", f"cv={value}"]
        yield ["-m", "cv=2", f"cv_repeats={value}"]
    yield from map(str.split, COUNTED)


COUNTED = (
    "-m cv=1000000",
    "-m cv=2 cv_repeats=1000000000",
    "cv=100000 cv_repeats=2",
    "-m hydra/sweeper=optuna model.width=range(1,9) hydra.sweeper.n_trials=100000 cv=2",
    "-m hydra/sweeper=optuna model.width=range(1,9) cv=100 cv_repeats=1000 sweep.dry_run=true",
    "-m seed=range(100000) data.split_seed=0,1",
    "-m seed=range(1000) data.split_seed=range(1000) epochs=range(1000)",
    "-m seed=0,1 sweep.processes=1000",
    "-m seed=0,1 sweep.halving=2 sweep.brackets=1000000000",
    "-m +hydra.sweeper.params.seed=range(1e7) optimizer.lr=0.1",
    "-m hydra/launcher=basic seed=range(1e7)",
    "-m hydra/launcher=basic seed=range(0,1,0)",
    "model.depth=100000 model.width=1 batch_size=1",
)
"""More than a sweep, or a step, can be."""


def numbers_of(kind: type, path: str) -> Iterator[str]:
    """Dotted keys of a dataclass and of those in it, but not of groups with choices."""
    for name, hint in get_type_hints(kind).items():
        if name == "name" or hint in CHOICES:
            continue
        if isinstance(hint, type) and is_dataclass(hint):
            yield from numbers_of(hint, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def keys() -> list[tuple[str, ...]]:
    """Every key of a run, each after the choice of a group that has it."""
    found: list[tuple[str, ...]] = [
        (key,) for key in numbers_of(Config, "") if key not in ("resume", "device")
    ]
    seen = set[str]()
    for base, choices in CHOICES.items():
        group = next(name for name, hint in get_type_hints(Config).items() if hint is base)
        for choice in GROUP_CHOICES[group]:
            for key in numbers_of(choices[choice], f"{group}."):
                if key not in seen:
                    seen.add(key)
                    found.append((f"{group}={choice}", key))
    return found


def commands() -> list[list[str]]:
    """Words of every attack."""
    single = []
    for (*before, key), value in product(keys(), VALUES):
        if (key, value) != ("quiet", "0"):
            single.append([*before, f"{key}={value}"])
    return [*single, *sweeps()]


def fault(words: Sequence[str], here: Path) -> str:
    """What is wrong with how a command ends, or nothing."""
    usual = ["data=iris"] * (not any(word.startswith("data=") for word in words))
    usual += ["epochs=1", *BARE]
    given = [word.partition("=")[0] for word in words]
    usual = [word for word in usual if word.partition("=")[0] not in given]
    try:
        with within(SECONDS):
            done = call([*usual, *words], here)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    left = [path.name for path in here.iterdir()]
    if done.returncode == 0 or "diverged" in done.stderr:
        return ""
    lines = done.stderr.splitlines()
    if done.returncode != 1 or len(lines) != 1 or len(lines[0]) > 2000:
        return f"status {done.returncode}, {len(lines)} lines: {done.stderr[-500:]}"
    return f"left {left}: {lines[0]}" if left else ""


def test_the_jobs_of_a_search_are_counted(tmp_path: Path) -> None:
    """Before a trial is asked for: each trains a network for each fold of each repeat."""
    words = ["-m", "hydra/sweeper=optuna", "model.width=range(1,9)", "data=iris", *BARE]
    words += ["hydra.sweeper.n_trials=501", "cv=10", "cv_repeats=20"]
    began = time.monotonic()
    for more in ([], ["sweep.dry_run=true"]):
        done = call([*words, *more], tmp_path)
        assert done.stderr == (
            "a sweep has at most 100,000 jobs, got 100,200: n_trials=501 x cv=10 x cv_repeats=20\n"
        )
        assert done.returncode == 1
    assert time.monotonic() - began < SECONDS
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_many_jobs(tmp_path: Path) -> None:
    """Takes a part of a millisecond for each, lists the first thousand, and leaves nothing."""
    words = ["-m", "sweep.dry_run=true", "seed=range(5000)", "data=iris", "epochs=1", *BARE]
    done = call(words, tmp_path, COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "... and 4,000 jobs more" in lines
    assert lines[-1].startswith("5,000 jobs in")
    assert len(lines) < 1100
    assert list(tmp_path.iterdir()) == []


def test_some_of_the_list(tmp_path: Path) -> None:
    """A sample, always the same."""
    listed = commands()
    assert len(listed) >= 900
    chosen = np.random.default_rng(17).choice(len(listed), QUICK, replace=False)
    require_no_fault([listed[int(i)] for i in chosen], tmp_path)


PARTS, EVERY = 8, 4
"""Tests that share the list, and of how many commands each tries one: of 27 values, no divisor."""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_much_of_the_list(part: int, tmp_path: Path) -> None:
    """Every key, and every value: no traceback, nothing that hangs, one line, no folder left."""
    require_no_fault(commands()[::EVERY][part::PARTS], tmp_path)


def require_no_fault(listed: Sequence[Sequence[str]], folder: Path) -> None:
    """Give each command a folder of its own."""
    faults = {}
    for i, words in enumerate(listed):
        here = folder / str(i)
        here.mkdir()
        found = fault(words, here)
        if found:
            faults[" ".join(words)[:200]] = found
        rmtree(here)
    assert faults == {}
