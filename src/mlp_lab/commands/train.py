"""The command `train`: words -> a configuration that can be trained; with -m, those of a sweep.

What cannot be is refused here, before torch loads.
"""

import logging
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import cast

import hydra
from hydra.conf import HydraConf
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mlp_lab.commands.composing import VERSION_BASE, prepare_hydra
from mlp_lab.commands.failure import FULL_ERROR, TRACEBACK_WANTED, fail
from mlp_lab.commands.options import Options, parse
from mlp_lab.config.column_keys import shown_names
from mlp_lab.config.composition import (
    config_options,
    fold_overrides,
    from_hydra,
    refuse_sweep_settings,
)
from mlp_lab.config.explanations import help_text
from mlp_lab.config.extra_folder import beside_configs, require_settings_alone
from mlp_lab.config.groups import config_folder
from mlp_lab.config.hydra_section import require_inert, require_plain
from mlp_lab.config.known_composition import KnownComposition
from mlp_lab.config.messages import explain
from mlp_lab.config.overrides import readable, require_names, require_short_numbers, require_unicode
from mlp_lab.config.renamed_keys import with_current_name
from mlp_lab.config.schema import CONFIG_NAME, Config
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import JOBS_FAILED, Interrupted, UserError
from mlp_lab.files import appended, is_full, require_no_links
from mlp_lab.output import VisibleFormatter
from mlp_lab.program import (
    INTERRUPTED,
    as_typed,
    interruptible,
    resume_command,
    stop_writing,
    train_words,
)
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.folder import CONFIG, LOG, RECORD, write_record
from mlp_lab.runs.job import Job
from mlp_lab.runs.lock import alone_in, remove_unused_folder
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.runs.torchrun import Place, place_of_this, with_devices
from mlp_lab.sweep.resumed_command import resumed_words
from mlp_lab.version import __version__

logger = logging.getLogger(__name__)


def main() -> None:
    """Compose the configuration from the command line and train; exit status 1 on an error."""
    if sys.argv[1:] == ["--version"]:
        print(__version__)
        return
    logging.raiseExceptions = False  # where train.log cannot be written, the terminal says why
    os.environ[FULL_ERROR] = "1"  # let errors through to us; Hydra would print several lines
    try:
        with interruptible():
            place = place_of_this()
            if place is not None and place.rank:
                from mlp_lab.runs.follower import train_along  # noqa: PLC0415  torch

                train_along(place)
            else:
                follow(parse(sys.argv[1:]), place)
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


def follow(options: Options, place: Place | None = None) -> None:
    """Train, or show what Hydra is asked to show; what settings mean, we say ourselves.

    `place`: of this process, where torchrun started it among others.
    """
    if place is not None and (options.shows or options.multirun):
        raise UserError("torchrun is for the training of one network: leave it out")
    if "--help" in options.shows:
        topics = [word.lstrip("+~") for word in options.words]
        print(help_text(topics, shlex.join(train_words())))
        return
    prepare_hydra()
    require_unicode(options.words)
    require_short_numbers(options.words)
    words = [readable(with_current_name(word)) for word in with_devices(options.words, place)]
    require_names(words)
    require_plain(words)
    require_settings_alone(options.config_dir, options.config_name)
    with beside_configs(options.config_dir):
        if options.shows:
            sys.argv[1:] = [*options.shows, *words]
            folder = str(config_folder())
            hydra.main(folder, CONFIG_NAME, version_base=VERSION_BASE)(train_job)()
        else:
            train(options.config_name, words, options.beside, multirun=options.multirun)


def train(name: str, words: list[str], options: Sequence[str], *, multirun: bool) -> None:
    """Compose a configuration, see that Hydra runs nothing that it says, and let it begin.

    `options`: those that name settings beside `words`, as they are typed.

    Raises:
        UserError: a word or a file that cannot be.
    """
    folder = str(config_folder())
    with hydra.initialize_config_dir(folder, job_name="train", version_base=VERSION_BASE):
        program = GlobalHydra.instance().hydra
        assert program is not None
        mode = RunMode.MULTIRUN if multirun else RunMode.RUN
        if multirun:
            words = resumed_words(
                words, partial(composed_sweep, program.config_loader, name), options
            )
        composed = program.config_loader.load_configuration(name, words, mode)
        require_inert(composed, words)
        program.config_loader = KnownComposition(program.config_loader, composed)
        start = program.multirun if multirun else program.run
        start(config_name=name, task_function=train_job, overrides=words)


def composed_sweep(loader: ConfigLoader, name: str, words: Sequence[str]) -> DictConfig:
    """What the words of a sweep stand for, its ranges left out.

    Raises:
        UserError: Hydra would run something that they say.
    """
    composed = loader.load_configuration(name, list(words), RunMode.MULTIRUN)
    require_inert(composed, words)
    return composed


def train_job(composed: DictConfig) -> None:
    """One run: what Hydra calls with each composed configuration."""
    hydra_config = HydraConfig.get()
    folder = as_typed(Path(hydra_config.runtime.output_dir))
    alone = hydra_config.mode == RunMode.RUN
    with logged_into(folder):
        try:
            if not alone:
                require_no_links(folder, as_typed(Path(hydra_config.sweep.dir).absolute()))
            if composed.resume is None and not (folder / CONFIG).exists():
                write_record(folder, record_of(composed, hydra_config))
            begin(composed, hydra_config, folder, alone=alone)
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
            if is_full(error) and alone:
                message += after_making_room(folder)
            log_failure(message, folder, alone=alone)
            if not alone:
                print(f"job {hydra_config.job.num}: {message}", file=sys.stderr)
                raise UserError(JOBS_FAILED) from error  # Hydra goes on with the other jobs
            if TRACEBACK_WANTED:
                raise
            fail(message)


def log_failure(message: str, folder: Path, *, alone: bool) -> None:
    """Keep in train.log what the terminal says, unless nothing of the run is to stay."""
    if not (alone and remove_unused(folder)):
        with suppress(OSError):  # nothing can be written any more, as the terminal will say
            logger.error(message)


def after_making_room(folder: Path) -> str:
    """How a run goes on that a full disk has ended, if it had begun."""
    if not (folder / CONFIG).is_file():
        return ""
    return f"; make room, then resume with: {resume_command(folder)}"


def record_of(composed: DictConfig, hydra_config: HydraConf) -> dict[str, str]:
    """What Hydra would write of a command: names of files -> content."""
    return {
        "config.yaml": OmegaConf.to_yaml(composed),
        "hydra.yaml": OmegaConf.to_yaml(HydraConfig.instance().cfg),
        "overrides.yaml": OmegaConf.to_yaml(hydra_config.overrides.task),
    }


def begin(composed: DictConfig, hydra_config: HydraConf, folder: Path, *, alone: bool) -> None:
    """Read a composed configuration, and train its network.

    Raises:
        UserError: it cannot be trained, or it diverged.
    """
    recorded = OmegaConf.to_container(hydra_config.overrides.task)  # ${...} as it is
    overrides = cast(list[str], recorded)
    data = PreparedDataCache()
    config, values, chosen = from_hydra(composed, overrides, data.facts)
    require_one_run(config, folder)
    if alone:
        require_no_sweep(composed, overrides)
    words = map(shown_names, overrides)
    job = Job(config, values, folder, [*config_options(hydra_config), *words])
    do(job, data, [] if config.quiet else chosen)


def do(job: Job, data: PreparedDataCache, chosen: Sequence[str]) -> None:
    """Train a job's network, or only show its data; say what was `chosen` for its rows.

    Raises:
        UserError: it cannot be trained, or it diverged.
    """
    config, folder = job.config, job.folder
    prepared = data.prepare_data(config)
    if isinstance(config.data, TableConfig) and config.data.report_only:
        assert prepared.overview is not None
        if config.devices > 1:
            raise UserError(
                f"data.report_only=true needs no devices={config.devices}: leave it out"
            )
        from mlp_lab.data.tables.printing import give_report  # noqa: PLC0415  rich

        give_report(prepared.overview, folder, config.quiet)
        print(folder)
        return
    for line in chosen:
        print(line)
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
    """Remove what was made for a run that never began; whether it was removed.

    One in which another process trains, or is about to, stays.
    """
    return remove_unused_folder(folder, {RECORD})


class RunLog(logging.FileHandler):
    """train.log, which is not written through a link."""

    def _open(self) -> TextIOWrapper:
        return appended(Path(self.baseFilename))


@contextmanager
def logged_into(folder: Path) -> Iterator[None]:
    """What is logged in the block goes into the run's train.log; the terminal is for people.

    The file begins with the first message. A library that logs at exit does not open it again.
    """
    handler = RunLog(folder / LOG, encoding="utf-8", delay=True)
    handler.setFormatter(VisibleFormatter("[%(asctime)s][%(levelname)s] %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        with suppress(OSError):  # no room: the terminal has said so
            handler.close()
