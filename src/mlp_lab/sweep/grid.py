"""The grid of a command line: every combination of the values that its keys are given."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from mlp_lab.config.composition import fold_overrides, refuse_sweep_settings
from mlp_lab.config.schema import OF_THE_COMMAND
from mlp_lab.errors import UserError, require
from mlp_lab.files import write_whole
from mlp_lab.runs.folder import OF_A_SWEEP
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.sweep.composing import compose_job
from mlp_lab.sweep.counting import require_few

Point = list[str]
"""What a job changes, as words of a command line."""


def batches(
    loader: ConfigLoader,
    master: DictConfig,
    params: Sequence[str],
    arguments: Sequence[str],
    size: int | None,
    *,
    stacked: bool,
) -> list[tuple[int, list[Point]]]:
    """The points of a grid, at most `size` at once, with the number of each batch's first.

    `master` is the sweep's own configuration, whose `cv` adds folds; `params` are the ranges of
    hydra.sweeper.params, `arguments` the words of the command line. Jobs are `stacked` if they
    train together; else one trains after the other.

    Raises:
        UserError: it is no grid, or an empty one.
    """
    require(size is None or size >= 1, "hydra.sweeper.max_batch_size", "1 or more", size)
    if not stacked:
        refuse_sweep_settings(arguments, "stacks of jobs: it needs hydra/launcher=stacked")
    words = [*params, *arguments, *fold_overrides(master, arguments)]
    overrides = OverridesParser.create(config_loader=loader).parse_overrides(words)
    require_grid(overrides, stacked=stacked)
    points = grid_points(overrides)
    if not points:
        raise UserError("the grid is empty: a key has a range without values")
    size = size or len(points)
    return [(first, points[first : first + size]) for first in range(0, len(points), size)]


def grid_points(overrides: Sequence[Override]) -> list[Point]:
    """Every combination of the values of each key, the last key's changing first.

    Raises:
        UserError: there are more than a sweep trains.
    """
    require_few(overrides)
    words: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if override.is_sweep_override():
            values = list(override.sweep_string_iterator())
        else:
            values = [override.get_value_element_as_str()]
        words[key] = [f"{key}={value}" for value in values]
    return [list(point) for point in product(*words.values())]


def require_grid(overrides: Sequence[Override], *, stacked: bool) -> None:
    """Raise a UserError unless each combination of some values is a job of its own.

    `stacked`: equal jobs are one.
    """
    for override in overrides:
        if not override.is_sweep_override():
            continue
        key, word = override.key_or_group, override.input_line
        if not override.is_discrete_sweep():
            raise UserError(
                f"{word} is a range, which hydra/sweeper=optuna searches: a grid takes values, as"
                f" {key}=1,2"
            )
        if key.partition(".")[0] in OF_THE_COMMAND:
            raise UserError(f"{word} gives several values, but it is about all jobs: give it one")
        if stacked and key.partition(".")[0] in INCIDENTAL:
            raise UserError(f"{word} changes no result, and equal jobs train once: give it one")


def require_composable(loader: ConfigLoader, master: DictConfig, points: Iterable[Point]) -> None:
    """Compose every point before any is trained, for launchers that do so one by one.

    Raises:
        HydraException, OmegaConfBaseException: one cannot be composed.
    """
    for point in points:
        compose_job(loader, master, point)


def save_record(master: DictConfig) -> None:
    """Write Hydra's record of a sweep into its folder, as its basic sweeper does."""
    folder = Path(str(master.hydra.sweep.dir))
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / OF_A_SWEEP, OmegaConf.to_yaml(master), wait=False)
