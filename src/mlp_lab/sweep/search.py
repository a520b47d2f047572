"""Search beyond a grid: Optuna asks for a stack of trials at a time, and is told their values."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from mlp_lab.errors import UserError, require, require_choice

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

JOURNAL = "optuna.journal"
SAMPLERS = ("tpe", "random", "cmaes", "gp")
REPEATED = ("seed", "data.fold", "data.repeat")

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


def require_optuna() -> None:
    """Raise unless Optuna is installed."""
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise UserError(
            "hydra/sweeper=optuna needs optuna: pip install 'mlp_lab[optuna]'"
        ) from error


def search_space(
    overrides: Sequence[Override],
) -> tuple[dict[str, "BaseDistribution"], list[str]]:
    """What is searched, by key, and the words that stay as they are.

    Raises:
        UserError: nothing is searched, or something cannot be.
    """
    space, fixed = {}, []
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            fixed.append(f"{key}={override.get_value_element_as_str()}")
        elif key in REPEATED:
            raise UserError(
                f"{key} repeats a setting and is no part of a search: give it one value, and judge"
                " every trial over several runs with cv=5"
            )
        else:
            space[key] = _distribution(key, override)
    if not space:
        raise UserError(
            "hydra/sweeper=optuna has nothing to search: give a range,"
            " as optimizer.lr=tag(log,interval(1e-4,1e-1))"
        )
    return space, fixed


def _distribution(key: str, override: Override) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    value = override.value()
    if isinstance(value, IntervalSweep):
        low, high, log = value.start, value.end, "log" in value.tags
        assert low is not None
        assert high is not None
        require(low < high, key, "an interval from low to high", f"{low:g} to {high:g}")
        require(not log or low > 0, key, "above 0 on a logarithmic scale", low)
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(low, high, log=log)
    if isinstance(value, RangeSweep) and isinstance(value.step, int):
        values = range(int(value.start or 0), int(value.stop or 0), value.step)
        require(len(values) > 0, key, "a range with values", override.input_line)
        return IntDistribution(min(values), max(values), step=abs(value.step))
    return CategoricalDistribution(tuple(override.sweep_string_iterator()))


def sampler(config: SearchConfig, behind: int) -> "BaseSampler":
    """Where a search goes next; one that continues does not repeat its first draws."""
    from optuna import samplers

    seed = config.seed + behind
    made: Mapping[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: samplers.TPESampler(seed=seed, constant_liar=True),
        "random": lambda: samplers.RandomSampler(seed=seed),
        "cmaes": lambda: samplers.CmaEsSampler(seed=seed),
        "gp": lambda: samplers.GPSampler(seed=seed),
    }
    return made[config.sampler]()


def open_study(folder: Path, config: SearchConfig) -> "Study":
    """The study whose journal lies in the sweep's folder; what a killed process ran is lost."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    # This process has the folder to itself; Optuna's own lock outlives one that was killed.
    (folder / f"{JOURNAL}.lock").unlink(missing_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    study = optuna.create_study(storage=storage, study_name="sweep", load_if_exists=True)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        # A number is a folder: what was half-trained there is found by its settings, not by it.
        study.set_user_attr(f"lost {trial.number}", value=True)
    study.sampler = sampler(config, len(study.get_trials(deepcopy=False)))
    return study


def finished(study: "Study") -> int:
    """Trials that need not be repeated."""
    return len(study.get_trials(deepcopy=False)) - len(study.user_attrs)


def words(trial: "Trial") -> list[str]:
    """A trial as overrides."""
    return [f"{key}={value}" for key, value in trial.params.items()]


def search(
    overrides: Sequence[Override],
    folds: Sequence[Sequence[str]],
    folder: Path,
    config: SearchConfig,
    launch: Launch,
) -> None:
    """Ask, train and tell until there are `trials`; a trial is judged by its mean over folds.

    Raises:
        UserError: nothing can be searched.
    """
    from optuna.trial import TrialState

    space, fixed = search_space(overrides)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Optuna, about what is experimental
        study = open_study(folder, config)
        while (left := config.trials - finished(study)) > 0:
            trials = [study.ask(space) for _ in range(min(config.batch, left))]
            points = [[*fixed, *words(trial), *fold] for trial in trials for fold in folds]
            values = launch(points, trials[0].number * len(folds))
            for i, trial in enumerate(trials):
                mean = sum(values[i * len(folds) : (i + 1) * len(folds)]) / len(folds)
                if math.isfinite(mean):
                    study.tell(trial, mean)
                else:
                    study.tell(trial, state=TrialState.FAIL)
