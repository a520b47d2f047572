"""Optuna's study of a search: its journal, its batches of trials, and what it is told of them."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from mlp_lab.errors import UserError
from mlp_lab.files import make_plain, write_whole
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.sweep.config import JOURNAL, SearchConfig
from mlp_lab.sweep.journal import BROKEN, CREATE_TRIAL, require_journal

MADE_BY: Mapping[str, Callable[..., BaseSampler]] = {
    "tpe": partial(TPESampler, constant_liar=True),
    "random": RandomSampler,
    "gp": GPSampler,
}

SETTING, ASKED, LOST = "setting", "asked", "lost"
"""What the study remembers: what all trials share; how many trials its whole batches have; numbers
of trials that never were trained."""


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
    make_plain(path)
    if path.exists():
        require_journal(path)
        keep_whole_lines(path)
        keep_whole_batches(path)
    try:
        backend = JournalFileBackend(str(path), JournalFileOpenLock(str(path)))
        storage = JournalStorage(backend)
        return optuna.create_study(storage=storage, study_name="sweep", load_if_exists=True)
    except BROKEN as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def keep_whole_lines(path: Path) -> None:
    """Cut off what comes after a file's last line break."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        write_whole(path, content[:whole])


def keep_whole_batches(path: Path) -> None:
    """Cut off a batch that a process was asking for when it was killed: it is asked for again."""
    created, asked, place = list[int](), None, 0
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            entry = json.loads(line)
        except ValueError:  # no journal, as Optuna will find
            return
        if not isinstance(entry, dict):
            return
        if entry.get("op_code") == CREATE_TRIAL:
            created.append(place)
        attributes = entry.get("user_attr")
        if isinstance(attributes, dict) and "trial_id" not in entry:
            asked = attributes.get(ASKED, asked)
        place += len(line)
    if isinstance(asked, int) and 0 <= asked < len(created):
        write_whole(path, path.read_bytes()[: created[asked]])


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
        study.set_user_attr(ASKED, 0)
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
    study.set_user_attr(ASKED, len(study.get_trials(deepcopy=False)))
    return waiting(study)


def sampler(config: SearchConfig, number: int) -> BaseSampler:
    """What proposes a trial, seeded for it alone: resuming makes no difference to what it draws."""
    (seed,) = map(int, np.random.SeedSequence([config.seed, number]).generate_state(1))
    return MADE_BY[config.sampler](seed=seed)


def tell(study: optuna.Study, number: int, value: float) -> None:
    """Tell what a trial reached; not a number: it failed or diverged."""
    if math.isfinite(value):
        study.tell(number, value)
    else:
        study.tell(number, state=TrialState.FAIL)
