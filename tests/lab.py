"""Runs made inside the test process, and commands in processes of their own."""

import copy
import logging
import math
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import cast

import forked
import hydra
import pytest
import torch
import yaml
from omegaconf import DictConfig
from torch import Tensor

from mlp_lab.commands.composing import prepare_hydra
from mlp_lab.commands.train import main as train_main
from mlp_lab.config.composition import from_hydra
from mlp_lab.config.groups import config_folder
from mlp_lab.config.messages import explain
from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.device import choose_device
from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Stack
from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.page import write_report
from mlp_lab.runs.job import Job
from mlp_lab.runs.lock import alone_in
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import PreparedData, PreparedDataCache, prepare_data
from mlp_lab.runs.run import run
from mlp_lab.tracking.curves import Row, read_curves
from mlp_lab.verdict.judge import Judge

ROOT = Path(__file__).parents[1]
TRAIN = [sys.executable, str(ROOT / "train.py")]
TRAIN_WORDS = f"python {shlex.quote(TRAIN[1])}"
"""How a command that `TRAIN` started calls itself."""
MLP_LAB = [str(Path(sys.executable).with_name("mlp-lab"))]
CONFIGS = config_folder()
PARTS: dict[str, object] = yaml.safe_load((CONFIGS / "parts.yaml").read_text())
"""The settings that every data set has, at their defaults."""

BARE = ("quiet=true", "tracking.report=false", "tracking.tensorboard=false")
"""Overrides of a run of which only files about its training are looked at."""

PATIENCE = 300
"""Seconds of a command, of which none takes more than some; a busy machine is no failure."""

prepare_hydra()

Plain = dict[str, object]


@cache
def compose(*overrides: str) -> DictConfig:
    """What Hydra makes of a command line; of a table with a small network if none is named."""
    if "data=table" in overrides and not any(word.startswith("model=") for word in overrides):
        overrides = ("model=deep", *overrides)
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        return hydra.compose("train", overrides=list(overrides))


def values_of(*overrides: str, **changes: object) -> Plain:
    """The composed config as plain data, with `a__b=value` for a.b; Hydra is asked only once."""
    values = copy.deepcopy(from_hydra(compose(*overrides), overrides, PreparedDataCache().facts)[1])
    return changed(values, {key.replace("__", "."): value for key, value in changes.items()})


def changed(values: Plain, changes: Mapping[str, object]) -> Plain:
    """A copy in which some dotted keys have new values."""
    values = copy.deepcopy(values)
    for key, value in changes.items():
        *path, last = key.split(".")
        section = values
        for name in path:
            section = cast(Plain, section[name])
        section[last] = value
    return values


def configure(*overrides: str) -> Config:
    """The typed config of a command line."""
    return from_hydra(compose(*overrides), overrides, PreparedDataCache().facts)[0]


def train(folder: Path, *overrides: str) -> Path:
    """Run a command line in this process; the folder then holds the run."""
    config, values, _ = from_hydra(compose(*overrides), overrides, PreparedDataCache().facts)
    return finish(folder, config, values, overrides)


def refused(*overrides: str, folder: Path = Path("/nonexistent")) -> str:
    """The line that a command line is refused with, whichever step refuses it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        train(folder, *overrides)
    line = explain(caught.value)
    assert line is not None, caught.value
    assert len(line.splitlines()) == 1, line
    return line


def train_values(folder: Path, values: Plain) -> Path:
    """Run a plain config in this process."""
    return finish(folder, read(Config, values, ""), values, [])


def finish(folder: Path, config: Config, values: Plain, overrides: Sequence[str]) -> Path:
    """What a command does once its configuration is read."""
    prepared = prepare_data(config)
    folder.mkdir(parents=True, exist_ok=True)
    job = Job(config, values, folder, overrides)
    with alone_in(folder):
        finished = run(job, prepared, require_possible(job, prepared), Judge())
    if config.tracking.report:
        report_run(finished, folder, write_report, tensorboard=config.tracking.tensorboard)
    finished.termination.raise_if_diverged(folder)
    return folder


def prepared_dataset(*overrides: str) -> tuple[PreparedData, Dataset]:
    """A data set as the networks of a run see it."""
    prepared = prepare_data(configure("dtype=float64", *overrides))
    return prepared, Dataset.of(prepared.encoded, torch.float64, torch.device("cpu"))


def trained(values: Plain) -> tuple[Tensor, list[Row]]:
    """Final weights, and loss and learning rate of each epoch, with no folder and no stopping."""
    config = read(Config, values, "")
    prepared = prepare_data(config)
    stack = stack_of(config)
    assert prepared.rows["train"] > 0
    rows = [
        {"loss": epoch.members[0].train["loss"], "lr": epoch.members[0].lr} for epoch in fit(stack)
    ]
    return stack.evaluated.layers.flat.clone(), rows


def stack_of(config: Config) -> Stack:
    """A stack of one, before its first step."""
    prepared, device = prepare_data(config), choose_device(config.device)
    dataset = Dataset.of(prepared.encoded, getattr(torch, config.dtype), device)
    return stack_on(config, prepared, dataset)


def stack_on(config: Config, prepared: PreparedData, dataset: Dataset) -> Stack:
    """A stack of one on given rows, before its first step."""
    run = Run.fresh(Job(config, values_of(), Path(), []), prepared, dataset)
    return build_stack({0: run}, dataset.train.inputs.device)


def stack_of_runs(folder: Path, *members: Sequence[str]) -> tuple[Stack, dict[int, Run]]:
    """Runs that train together, one for each list of overrides, in folders named 0, 1, ..."""
    runs = {}
    for number, words in enumerate(members):
        config, at = configure(*words), folder / str(number)
        at.mkdir()
        prepared = prepare_data(config)
        dataset = Dataset.of(prepared.encoded, getattr(torch, config.dtype), torch.device("cpu"))
        runs[number] = Run.fresh(Job(config, values_of(*words), at, words), prepared, dataset)
    return build_stack(runs, torch.device("cpu")), runs


def curves(folder: Path) -> list[Row]:
    """curves.csv without the one column that two equal runs differ in; a missing number is -1."""
    rows = read_curves(folder / "curves.csv")
    return [
        {name: -1.0 if math.isnan(row[name]) else row[name] for name in row if name != "seconds"}
        for row in rows
    ]


def comparable(result: Plain) -> Plain:
    """What result.json says of two equal runs: neither times nor command lines."""
    kept = {k: v for k, v in result.items() if k not in ("seconds", "overrides", "environment")}
    if "verdict" in kept:
        verdict = copy.deepcopy(cast(Plain, kept["verdict"]))
        for finding in (verdict, *cast(list[Plain], verdict["notes"])):
            finding.pop("next")
        kept["verdict"] = verdict
    return kept


def command(
    arguments: Iterable[str], folder: Path, program: Sequence[str] = TRAIN, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, in `folder`."""
    words, variables = [*program, *arguments], {**clean_environment(), **environment}
    if forked.can_run(words, variables):
        return forked.run(words, folder, PATIENCE)
    return subprocess.run(
        words,
        cwd=folder,
        env=variables,
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        timeout=PATIENCE,
        check=False,
    )


def call(
    arguments: Iterable[str],
    folder: Path,
    main: Callable[[], None] = train_main,
    program: str = TRAIN[1],
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """A command in `folder` as `command` runs it, but in this process: torch is loaded already.

    For what says something and ends; Hydra's logging is taken away again.
    """
    words, out, errors = [program, *arguments], StringIO(), StringIO()
    root, status = logging.getLogger(), 0
    handlers, level = root.handlers.copy(), root.level
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.chdir(folder)
        patch.setattr(sys, "argv", words)
        patch.setattr(logging, "raiseExceptions", True)
        for name, value in {"HYDRA_FULL_ERROR": "0", **environment}.items():
            patch.setenv(name, value)
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    return subprocess.CompletedProcess(words, status, out.getvalue(), errors.getvalue())


def clean_environment() -> dict[str, str]:
    """The environment of this process without what tests set on purpose."""
    return forked.plain(os.environ)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """End what takes longer, where the system can."""

    def stop(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def written(folder: Path) -> set[str]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
