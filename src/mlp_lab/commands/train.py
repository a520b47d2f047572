"""The command `train`: words -> a configuration that can be trained; with -m, those of a sweep.

What cannot be is refused here, before torch loads.
"""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr, suppress
from dataclasses import fields
from io import StringIO
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from mlp_lab.commands.composing import register_resolvers
from mlp_lab.commands.failure import FULL_ERROR, TRACEBACK_WANTED, fail
from mlp_lab.config.composition import (
    config_folder,
    config_options,
    fold_overrides,
    from_hydra,
    refuse_sweep_settings,
    store_open_groups,
)
from mlp_lab.config.messages import explain
from mlp_lab.config.overrides import readable
from mlp_lab.config.renamed_keys import with_current_name
from mlp_lab.config.schema import CONFIG_NAME, Config
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import JOBS_FAILED, Interrupted, UserError
from mlp_lab.program import INTERRUPTED, as_typed, interruptible, stop_writing
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.folder import remove_folder
from mlp_lab.runs.job import Job
from mlp_lab.runs.lock import alone_in
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.version import __version__

logger = logging.getLogger(__name__)


def main() -> None:
    """Compose the configuration from the command line and train; exit status 1 on an error."""
    if sys.argv[1:] == ["--version"]:
        print(__version__)
        return
    refuse_dashes(sys.argv[1:])
    sys.argv[1:] = [readable(with_current_name(word)) for word in multirun_first(sys.argv[1:])]
    register_resolvers()
    store_open_groups()
    logging.raiseExceptions = False  # where train.log cannot be written, the terminal says why
    os.environ[FULL_ERROR] = "1"  # let errors through to us; Hydra would print several lines
    command = hydra.main(
        version_base="1.3", config_path=str(config_folder()), config_name=CONFIG_NAME
    )(train_job)
    try:
        with interruptible():
            command()
    except Interrupted as stop:  # of a sweep
        print(stop, file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # of --help | head
        stop_writing()
        sys.exit(1)
    except Exception as error:
        message = explain(error)
        if TRACEBACK_WANTED or message is None:
            raise
        fail(message)


def refuse_dashes(words: Sequence[str]) -> None:
    """One line for options that do not exist, as `--epochs 5`; Hydra would print its usage."""
    names = {field.name for field in fields(Config)}
    for word in words:
        key = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and key.partition(".")[0] in names:
            fail(f"unknown option {word!r}: settings are written without dashes, as {key}=...")
    if not any(word.startswith("-") for word in words):
        return
    said = StringIO()
    try:
        with redirect_stderr(said):
            _, unknown = get_args_parser().parse_known_args(words)
    except SystemExit:  # its usage, and the error in the last line
        fail(said.getvalue().splitlines()[-1].partition("error: ")[2])
    for word in unknown:
        if word.startswith("-"):
            fail(f"unknown option {word!r}: --help names those that there are")


def multirun_first(words: Sequence[str]) -> list[str]:
    """-m before the overrides, where Hydra looks for it; a cross-validation is several runs."""
    flags = [word for word in words if word in ("-m", "--multirun")]
    if any(word.startswith("cv=") and word != "cv=null" for word in words):
        flags = flags or ["-m"]
    return [*flags[:1], *(word for word in words if word not in flags)]


def train_job(composed: DictConfig) -> None:
    """One run: what Hydra calls with each composed configuration."""
    hydra_config = HydraConfig.get()
    folder = as_typed(Path(hydra_config.runtime.output_dir))
    overrides = list(hydra_config.overrides.task)
    alone = hydra_config.mode == RunMode.RUN
    try:
        config, values = from_hydra(composed, overrides)
        require_one_run(config, folder)
        if alone:
            require_no_sweep(composed, overrides)
        do(Job(config, values, folder, [*config_options(hydra_config), *overrides]))
    except KeyboardInterrupt:
        remove_unused(folder)
        raise
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        if not (alone and remove_unused(folder)):
            with suppress(OSError):  # nothing can be written any more, as the terminal will say
                logger.error(message)
        if not alone:
            print(f"job {hydra_config.job.num}: {message}", file=sys.stderr)
            raise UserError(JOBS_FAILED) from error  # Hydra goes on with the other jobs
        if TRACEBACK_WANTED:
            raise
        fail(message)


def do(job: Job) -> None:
    """Train a job's network, or only show its data.

    Raises:
        UserError: it cannot be trained, or it diverged.
    """
    config, folder = job.config, job.folder
    prepared = prepare_data(config)
    if isinstance(config.data, TableConfig) and config.data.report_only:
        assert prepared.overview is not None
        from mlp_lab.data.tables.printing import give_report  # noqa: PLC0415  rich

        give_report(prepared.overview, folder, config.quiet)
        print(folder)
        return
    with alone_in(folder) as lock:
        progress = require_possible(job, prepared)
        with Drawer(lock) if config.tracking.report else nullcontext() as drawer:
            from mlp_lab.commands.training import train_and_report  # noqa: PLC0415  torch

            train_and_report(job, prepared, progress, drawer)


def require_one_run(config: Config, folder: Path) -> None:
    """Raise if a run is to go on in a folder that is not its own."""
    if config.resume is not None and folder.resolve() != Path(config.resume).resolve():
        raise UserError(
            f"resume={config.resume} resumes in that folder alone: leave out -m and hydra.*.dir"
        )


def require_no_sweep(composed: DictConfig, overrides: Sequence[str]) -> None:
    """Raise if one run is asked for what only a sweep can do."""
    refuse_sweep_settings(overrides, "the jobs of a sweep: put -m before the overrides")
    if fold_overrides(composed):
        raise UserError(f"cv={composed.cv} trains several networks: put -m before the overrides")


def remove_unused(folder: Path) -> bool:
    """Remove what Hydra made for a run that never began; whether it was removed."""
    unused = {path.name for path in folder.iterdir()} <= {".hydra"}
    if unused:
        log_no_more(folder)
        remove_folder(folder)
    return unused


def log_no_more(folder: Path) -> None:
    """Close the log file in a folder; what logs at exit, as torch does, would open it again."""
    root = logging.getLogger()
    for handler in root.handlers.copy():
        if isinstance(handler, logging.FileHandler) and _lies_in(folder, handler.baseFilename):
            root.removeHandler(handler)
            handler.close()


def _lies_in(folder: Path, file: str) -> bool:
    return Path(file).resolve().is_relative_to(folder.resolve())
