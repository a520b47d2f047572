"""Where lessons train: settings as on the command line -> stacks on every core -> what was learnt.

Nothing here is a second engine. Hydra composes the settings, `sweep.plan` puts them into stacks,
`engine.fit` trains those. Only run folders are left out: a lesson keeps its measurements.
"""

import os
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from mlp_lab.config.composition import from_values
from mlp_lab.config.schema import CONFIG_NAME
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.study import Study, Words
from mlp_lab.lessons.trained import Outcome, Trained
from mlp_lab.lessons.training import Change, Probe, StackTask, build, side_by_side
from mlp_lab.memory import free_memory
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.composing import Composer
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.plan import plan
from mlp_lab.sweep.resources import MEMBERS, MEMORY_SHARE


class Bench:
    """Trains what a lesson asks for, on every core, and shows how far it is."""

    def __init__(
        self, configs: Path, *, seeds: range, quick: bool, shown: Callable[[str], None]
    ) -> None:
        """Compose from the folder `configs`; `quick` asks lessons for a smaller, weaker form."""
        with initialize_config_dir(str(configs), version_base="1.3"):
            loader = GlobalHydra.instance().config_loader()
        words = ["hydra.sweep.dir=."]  # nothing is written there
        master = loader.load_configuration(CONFIG_NAME, words, run_mode=RunMode.MULTIRUN)
        self._composer = Composer(loader, master)
        self._data = PreparedDataCache()
        self._shown = shown
        self.seeds = seeds
        self.quick = quick
        self.kernels: set[str] = set()
        """What has computed networks so far: native, the compiled kernel, or torch."""

    def train(
        self, *studies: Study, probe: Probe | None = None, change: Change | None = None
    ) -> list[list[Trained]]:
        """Train studies together; the networks of each, in the order of its trials.

        `probe` measures every network before training and after each epoch, `change` is what is
        made of the weights that were drawn, before the first step.

        Raises:
            UserError: a setting cannot be, or a stack could not be trained.
        """
        trials = list(chain(*studies))
        jobs = [self._job(trial.words, number) for number, trial in enumerate(trials)]
        processes = os.cpu_count() or 1
        memory = free_memory() * MEMORY_SHARE / processes
        plans = plan(jobs, processes=processes, memory=memory, members=MEMBERS)
        tasks = [self._task([jobs[n] for n in stack.jobs], probe, change) for stack in plans]
        outcomes: dict[int, Outcome] = {}
        self._shown(f"{len(jobs)} networks in {len(tasks)} stacks")
        for done, (place, found) in enumerate(side_by_side(tasks, processes), start=1):
            outcomes |= zip(plans[place].jobs, found, strict=True)
            self.kernels.update(outcome.kernel for outcome in found)
            self._shown(f"{len(outcomes)} of {len(jobs)} networks, {done} of {len(tasks)} stacks")
        trained = (
            Trained(trial.labels, job.job.config, self._data.prepared[job.data_key], outcomes[n])
            for n, (trial, job) in enumerate(zip(trials, jobs, strict=True))
        )
        return [[next(trained) for _ in study] for study in studies]

    def stack(self, words: Words, change: Change | None = None) -> Stack:
        """A stack of one network, before its first step, in this process."""
        return build(self._task([self._job(words, 0)], None, change))

    def _job(self, words: Words, number: int) -> SweepJob:
        words = ["device=cpu", *words]
        composed = self._composer.compose(words, number).values
        config, values, _ = from_values(composed, words, self._data.facts)
        return sweep_job(number, Job(config, values, Path(), words), {}, self._data)

    def _task(self, jobs: list[SweepJob], probe: Probe | None, change: Change | None) -> StackTask:
        data = {job.data_key: self._data.prepared[job.data_key] for job in jobs}
        return StackTask(jobs, data, probe, change)
