"""Search beyond a grid: Optuna asks for a stack of trials at a time, and is told their values."""

import math
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from hydra.core.override_parser.types import Override

from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.sweep.jobs import NOT_IDENTITY
from mlp_lab.sweep.pickle_check import require_harmless
from mlp_lab.sweep.ranges import search_space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

JOURNAL = "optuna.journal"
SAMPLERS = ("tpe", "random", "cmaes", "gp")

SETTING, LOST = "setting", "lost"
"""What the study remembers: what all trials share; numbers of trials that never were trained."""

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[float]]
"""Trains grid points, from a job number on; what each of them reached, less is better."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """`trials` in all, asked for in batches of `batch`; `sampler`: one of SAMPLERS."""

    trials: int
    batch: int
    sampler: str
    seed: int

    def __post_init__(self) -> None:
        require(self.trials >= 1, "hydra.sweeper.n_trials", "1 or more", self.trials)
        require(self.batch >= 1, "hydra.sweeper.batch", "1 or more", self.batch)
        require(self.seed >= 0, "hydra.sweeper.seed", "0 or more", self.seed)
        require_choice(self.sampler, "hydra.sweeper.sampler", SAMPLERS)


def require_optuna(sampler: str) -> None:
    """Raise unless Optuna is installed, and what a sampler needs beside it."""
    for package in ("optuna", *(("cmaes",) if sampler == "cmaes" else ())):
        if find_spec(package) is None:
            raise UserError(f"hydra/sweeper=optuna needs {package}: pip install 'mlp_lab[optuna]'")


def search(
    overrides: Sequence[Override],
    folds: Sequence[Sequence[str]],
    folder: Path,
    config: SearchConfig,
    launch: Launch,
    *,
    dry_run: bool = False,
) -> None:
    """Ask, train and tell until there are `trials`; a trial is judged by its mean over folds.

    Trials that a killed process left go first, from where they were. `dry_run` shows the next
    batch to `launch` and keeps nothing.

    Raises:
        UserError: nothing can be searched, or the folder holds another search.
    """
    space, fixed = search_space(overrides)
    require_enough_ranges(config.sampler, space)
    with warnings.catch_warnings(), copy_of(folder) if dry_run else itself(folder) as place:
        warnings.simplefilter("ignore")  # of Optuna, about what is experimental
        study = open_study(place)
        require_same_search(study, space, fixed, folder)
        lose_unfit(study, space)
        require_harmless(study.get_trials(deepcopy=False), str(folder / JOURNAL))
        while trials := waiting(study) or ask(study, space, config):
            words = [[f"{key}={trial.params[key]}" for key in space] for trial in trials]
            points = [[*fixed, *own, *fold] for own in words for fold in folds]
            values = launch(points, trials[0].number * len(folds))
            if dry_run:
                return
            for i, trial in enumerate(trials):
                own_values = values[i * len(folds) : (i + 1) * len(folds)]
                tell(study, trial.number, sum(own_values) / len(folds))


def require_enough_ranges(sampler: str, space: Mapping[str, "BaseDistribution"]) -> None:
    """Raise where Optuna would silently draw at random instead."""
    from optuna.distributions import CategoricalDistribution

    numbers = [d for d in space.values() if not isinstance(d, CategoricalDistribution)]
    if sampler == "cmaes" and len(numbers) < 2:
        raise UserError(
            "hydra.sweeper.sampler=cmaes needs two or more ranges of numbers,"
            f" got {len(numbers)}: use tpe"
        )


@contextmanager
def itself(folder: Path) -> Iterator[Path]:
    """The folder, where what is written stays."""
    yield folder


@contextmanager
def copy_of(folder: Path) -> Iterator[Path]:
    """A folder with a copy of the journal, for as long as it is looked at."""
    with TemporaryDirectory() as name:
        if (folder / JOURNAL).is_file():
            shutil.copy(folder / JOURNAL, name)
        yield Path(name)


def open_study(folder: Path) -> "Study":
    """The study whose journal lies in a sweep's folder.

    Nobody else is in that folder: a lock, and half a line, are of a process that was killed.

    Raises:
        UserError: the journal cannot be read.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / JOURNAL
    for lock in folder.glob(f"{JOURNAL}.lock*"):
        lock.unlink()
    if path.is_file():
        keep_whole_lines(path)
    try:
        backend = JournalFileBackend(str(path), JournalFileOpenLock(str(path)))
        storage = JournalStorage(backend)
        return optuna.create_study(storage=storage, study_name="sweep", load_if_exists=True)
    except (ValueError, KeyError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def keep_whole_lines(path: Path) -> None:
    """Cut off what comes after a file's last line break."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def require_same_search(
    study: "Study", space: Mapping[str, "BaseDistribution"], fixed: Sequence[str], folder: Path
) -> None:
    """Raise if trials of this search could not be compared with those that the folder holds.

    Ranges may become narrower or wider.
    """
    from optuna.distributions import check_distribution_compatibility

    setting = sorted([*filter(is_compared, fixed), *space])
    kept = study.user_attrs.get(SETTING)
    if kept is None:
        study.set_user_attr(SETTING, setting)
    elif kept != setting:
        raise UserError(
            f"{folder} holds a search of {' '.join(kept)}, not of {' '.join(setting)}:"
            " give it another hydra.sweep.dir"
        )
    for trial in study.get_trials(deepcopy=False):
        for key, before in trial.distributions.items():
            try:
                check_distribution_compatibility(before, space[key])
            except ValueError as error:
                raise UserError(
                    f"{folder} holds a search in which {key} had other choices, or another scale:"
                    " give it another hydra.sweep.dir"
                ) from error


def is_compared(word: str) -> bool:
    """Whether a fixed word has a part in what trials reach."""
    key = word.lstrip("+~").partition("=")[0]
    return key == "sweep.select" or key.partition(".")[0] not in (*NOT_IDENTITY, "sweep")


def lose_unfit(study: "Study", space: Mapping[str, "BaseDistribution"]) -> None:
    """Give up trials that a process left before they were whole, or drew from other ranges."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.distributions != space:
            study.set_user_attr(LOST, [*study.user_attrs.get(LOST, []), trial.number])
            study.tell(trial.number, state=TrialState.FAIL)


def waiting(study: "Study") -> list["FrozenTrial"]:
    """Trials to train, as far as their numbers follow each other: jobs have the same."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [t for i, t in enumerate(trials) if t.number == trials[0].number + i]


def ask(
    study: "Study", space: Mapping[str, "BaseDistribution"], config: SearchConfig
) -> list["FrozenTrial"]:
    """The next batch; empty when there are enough trials."""
    known = len(study.get_trials(deepcopy=False))
    left = config.trials - known + len(set(study.user_attrs.get(LOST, [])))
    for number in range(known, known + min(config.batch, left)):
        study.sampler = sampler(config, number)
        study.ask(dict(space))
    return waiting(study)


def sampler(config: SearchConfig, number: int) -> "BaseSampler":
    """What proposes a trial, seeded for it alone: going on makes no difference to what it draws."""
    from optuna import samplers

    (seed,) = map(int, np.random.SeedSequence([config.seed, number]).generate_state(1))
    made: Mapping[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: samplers.TPESampler(seed=seed, constant_liar=True),
        "random": lambda: samplers.RandomSampler(seed=seed),
        "cmaes": lambda: samplers.CmaEsSampler(seed=seed),
        "gp": lambda: samplers.GPSampler(seed=seed),
    }
    return made[config.sampler]()


def tell(study: "Study", number: int, value: float) -> None:
    """What a trial reached; not a number: it failed or diverged."""
    from optuna.trial import TrialState

    if math.isfinite(value):
        study.tell(number, value)
    else:
        study.tell(number, state=TrialState.FAIL)
