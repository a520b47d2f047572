"""Optuna's study of a search: its journal, its batches of trials, and what it is told of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    check_distribution_compatibility,
)
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from mlp_lab.errors import UserError
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.sweep.config import JOURNAL, SearchConfig

SETTING, LOST = "setting", "lost"
"""What the study remembers: what all trials share; numbers of trials that never were trained."""


def require_enough_ranges(sampler: str, space: Mapping[str, BaseDistribution]) -> None:
    """Raise where Optuna would silently draw at random instead."""
    numbers = [d for d in space.values() if not isinstance(d, CategoricalDistribution)]
    if sampler == "cmaes" and len(numbers) < 2:
        raise UserError(
            "hydra.sweeper.sampler=cmaes needs two or more ranges of numbers,"
            f" got {len(numbers)}: use tpe"
        )


def open_study(folder: Path) -> optuna.Study:
    """The study whose journal lies in a sweep's folder.

    Nobody else is in that folder: a lock, and half a line, are of a process that was killed.

    Raises:
        UserError: the journal cannot be read.
    """
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
    study: optuna.Study, space: Mapping[str, BaseDistribution], fixed: Sequence[str], folder: Path
) -> None:
    """Raise if trials of this search could not be compared with those that the folder holds.

    Ranges may become narrower or wider.
    """
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
    return key == "sweep.select" or key.partition(".")[0] not in (*INCIDENTAL, "sweep")


def lose_unfit(study: optuna.Study, space: Mapping[str, BaseDistribution]) -> None:
    """Give up trials that a process left before they were whole, or drew from other ranges."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.distributions != space:
            study.set_user_attr(LOST, [*study.user_attrs.get(LOST, []), trial.number])
            study.tell(trial.number, state=TrialState.FAIL)


def waiting(study: optuna.Study) -> list[FrozenTrial]:
    """Trials to train, as far as their numbers follow each other: jobs have the same."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [t for i, t in enumerate(trials) if t.number == trials[0].number + i]


def ask(
    study: optuna.Study, space: Mapping[str, BaseDistribution], config: SearchConfig
) -> list[FrozenTrial]:
    """The next batch; empty when there are enough trials."""
    known = len(study.get_trials(deepcopy=False))
    missing = config.trials - known + len(set(study.user_attrs.get(LOST, [])))
    for number in range(known, known + min(config.batch, missing)):
        study.sampler = sampler(config, number)
        study.ask(dict(space))
    return waiting(study)


def sampler(config: SearchConfig, number: int) -> BaseSampler:
    """What proposes a trial, seeded for it alone: resuming makes no difference to what it draws."""
    (seed,) = map(int, np.random.SeedSequence([config.seed, number]).generate_state(1))
    made: Mapping[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: TPESampler(seed=seed, constant_liar=True),
        "random": lambda: RandomSampler(seed=seed),
        "cmaes": lambda: CmaEsSampler(seed=seed),
        "gp": lambda: GPSampler(seed=seed),
    }
    return made[config.sampler]()


def tell(study: optuna.Study, number: int, value: float) -> None:
    """Tell what a trial reached; not a number: it failed or diverged."""
    if math.isfinite(value):
        study.tell(number, value)
    else:
        study.tell(number, state=TrialState.FAIL)
