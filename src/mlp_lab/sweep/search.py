"""Search beyond a grid: Optuna asks for a stack of trials at a time, and is told their values."""

import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from mlp_lab.config.composition import fold_overrides
from mlp_lab.sweep.config import JOURNAL, SearchConfig
from mlp_lab.sweep.counting import require_few_jobs
from mlp_lab.sweep.grid import grid_points
from mlp_lab.sweep.journal import require_journal
from mlp_lab.sweep.ranges import search_space
from mlp_lab.sweep.study import ask, lose_unfit, open_study, require_same_search, tell, waiting

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[float]]
"""Trains grid points, from a job number on; what each of them reached, less is better."""


def parsed(
    loader: ConfigLoader, master: DictConfig, arguments: list[str], trials: int
) -> tuple[list[Override], list[list[str]]]:
    """The words of a search, and the folds of its trials: one without words where there are none.

    Raises:
        UserError: `cv` and the words contradict each other, or so many `trials` have too many jobs.
    """
    parser = OverridesParser.create(config_loader=loader)
    folds = grid_points(parser.parse_overrides(fold_overrides(master, arguments)))
    if len(folds) > 1:
        repeats = f" x cv_repeats={master.cv_repeats}" * (master.cv_repeats > 1)
        require_few_jobs(trials * len(folds), f"n_trials={trials} x cv={master.cv}{repeats}")
    return parser.parse_overrides(arguments), folds


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
    with warnings.catch_warnings(), copy_of(folder) if dry_run else nullcontext(folder) as place:
        warnings.simplefilter("ignore")  # of Optuna, about what is experimental
        study = open_study(place)
        require_same_search(study, space, fixed, folder)
        lose_unfit(study, space)
        while trials := waiting(study) or ask(study, space, config):
            words = [[f"{key}={trial.params[key]}" for key in space] for trial in trials]
            points = [[*fixed, *own, *fold] for own in words for fold in folds]
            values = launch(points, trials[0].number * len(folds))
            if dry_run:
                return
            for i, trial in enumerate(trials):
                own_values = values[i * len(folds) : (i + 1) * len(folds)]
                tell(study, trial.number, sum(own_values) / len(folds))


@contextmanager
def copy_of(folder: Path) -> Iterator[Path]:
    """A folder with a copy of the journal, for as long as it is looked at."""
    with TemporaryDirectory() as name:
        if (folder / JOURNAL).exists():
            require_journal(folder / JOURNAL)
            shutil.copy(folder / JOURNAL, name)
        yield Path(name)
