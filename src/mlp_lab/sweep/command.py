"""The command line of a sweep, as Hydra has composed it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf

from mlp_lab.config.column_keys import shown_names
from mlp_lab.config.composition import config_options, from_values, of_the_command
from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.program import train_words
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.composing import Composer
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.resumed_command import NOT_REPEATED, words_to_keep
from mlp_lab.sweep.running import MakeJob, Sweep, SweepCommand, running_sweep


def opened_sweep(
    loader: ConfigLoader, master: DictConfig, jobs: int, *, searching: bool
) -> AbstractContextManager[Sweep]:
    """A sweep by its own configuration, for at most so many jobs at once.

    Raises:
        UserError: a key or value of sweep.* that cannot be, or that its sweeper cannot do.
    """
    command = sweep_command(master, searching=searching)
    make_job = job_maker(Composer(loader, master), config_options(master.hydra))
    return running_sweep(command, make_job, jobs)


def job_maker(composer: Composer, options: Sequence[str]) -> MakeJob:
    """What makes grid points jobs; `options`: where settings come from beside configs/."""
    data = PreparedDataCache()  # jobs that leave settings to the data have its rows read once

    def make_job(words: Sequence[str], number: int) -> tuple[Job, Mapping[str, object]]:
        overrides = [word for word in words if not of_the_command(word)]
        composed = composer.compose(overrides, number)
        config, values, _ = from_values(composed.values, overrides, data.facts)
        words = [*options, *map(shown_names, overrides)]
        return Job(config, values, composed.folder, words), composed.record

    return make_job


def sweep_command(master: DictConfig, *, searching: bool) -> SweepCommand:
    """What a sweep's own configuration says of all its jobs together.

    Raises:
        UserError: a key or value of sweep.* that cannot be, or that its sweeper cannot do.
    """
    settings = read(SweepConfig, OmegaConf.to_container(master.sweep, resolve=True), "sweep")
    if settings.detach and searching:
        raise UserError("a search asks for jobs by what others reach: leave out sweep.detach")
    in_batches = master.hydra.sweeper.get("max_batch_size")
    if settings.halving is not None and (searching or in_batches):
        left_out = "it out of a search" if searching else "out hydra.sweeper.max_batch_size"
        raise UserError(f"sweep.halving judges a whole grid at once: leave {left_out}")
    typed = cast(dict[str, Any], OmegaConf.to_container(master.hydra.overrides))  # ${...} as it is
    words = [w for w in (*typed["hydra"], *typed["task"]) if not w.startswith(NOT_REPEATED)]
    options = config_options(master.hydra)
    return SweepCommand(
        settings=settings,
        folder=Path(str(master.hydra.sweep.dir)),
        device=str(master.device),
        threads=int(master.threads),
        quiet=bool(master.quiet),
        pictures=bool(master.tracking.report),
        searching=searching,
        words=[*train_words(), *options, "-m", *words],
        kept=words_to_keep(words, options),
    )
