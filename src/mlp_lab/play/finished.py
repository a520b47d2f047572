"""A run that was trained before, opened on a page: its network goes on from where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlp_lab.config.saved import saved_values
from mlp_lab.errors import UserError
from mlp_lab.play.lineup import Lineup
from mlp_lab.play.settings import Settings
from mlp_lab.runs.checkpoint import load_checkpoint
from mlp_lab.runs.folder import CHECKPOINT
from mlp_lab.runs.job import PATHS
from mlp_lab.runs.progress import lasting_settings, read_state
from mlp_lab.runs.result_file import result_of
from mlp_lab.tracking.curves import CURVES, read_curves

OPENED = "resume="
"""How the word begins that names a run's folder, as it does for `train`."""

COMPUTING = ("device=", "devices=", "kernel=", "threads=")
"""How words begin of what computes: numbers depend on it up to rounding."""

MOVED = tuple(f"data.{name}=" for name in PATHS)
"""How words begin that may stand beside a run: where its rows lie now."""

ABOUT_THE_RUN = (
    *("resume=", "quiet="),
    *COMPUTING,
    *("tracking.", "hydra.", "hydra/", "sweep.", "name=", "tags=", "--"),
)
"""Words of a command line on which no number depends, or only up to rounding."""


def opened(words: Sequence[str]) -> Path | None:
    """The folder of a run that words name; None where they are settings.

    Raises:
        UserError: settings are named beside it, or another run.
    """
    named = [word for word in words if word.startswith(OPENED)]
    if not named:
        return None
    if any(word not in named[:1] and not word.startswith(MOVED) for word in words):
        raise UserError(
            "a run is opened as it was trained: change its settings on the page (of a table that"
            " has moved, data.path can be said)"
        )
    return Path(named[0].removeprefix(OPENED))


def settings_of(folder: Path, words: Sequence[str] = ()) -> Settings:
    """What a run was trained by: the words of its command line, and where its rows lie now.

    Raises:
        UserError: the folder holds no run that has trained.
    """
    progress = list(read_state(folder / CHECKPOINT).progress.values())
    if len(progress) != 1:
        raise UserError(f"{folder} has {len(progress)} networks: a page opens a run of one")
    moved = [word for word in words if word.startswith(MOVED)]
    all_words = [*progress[0].origin.overrides, *moved]
    return Settings.of([word for word in all_words if not word.startswith(ABOUT_THE_RUN)])


def computed_by(folder: Path) -> tuple[str, ...]:
    """What trained a run, in words, as far as it is not what computes on a page.

    Its result.json says which kernel it was; of a run that has not ended, its settings do.

    Raises:
        UserError: a file of the folder is damaged.
    """
    here = {"kernel": "torch", "device": "cpu", "devices": 1, "threads": 1}
    asked = here | saved_values(folder)
    known = result_of(folder).get("environment", {})
    found = {key: asked[key] for key in here} | {"kernel": known.get("kernel", asked["kernel"])}
    device = known.get("device", asked["device"])  # result.json has the name of a GPU
    found["device"] = "cpu" if device in ("cpu", "auto") else "cuda"
    return tuple(f"{key}={value}" for key, value in found.items() if value != here[key])


def take_up(lineup: Lineup, folder: Path) -> int:
    """Put a network that was just built where a run ended; the number of epochs of its curves.

    Raises:
        UserError: settings or rows are no longer those of the run, or a file is damaged.
    """
    (trial,), (stack,) = lineup.trials, lineup.stacks
    (origin,) = (own.origin for own in read_state(folder / CHECKPOINT).progress.values())
    if origin.settings != lasting_settings(trial.run.job.values):
        raise UserError(f"{folder} was trained by settings that its command line does not say")
    if origin.rows != trial.run.prepared.digest:
        raise UserError(f"{folder} was trained on other rows than there are now")
    (trial.run.progress,) = load_checkpoint(folder / CHECKPOINT, stack).values()
    rows = read_curves(folder / CURVES)[: stack.epoch]
    if len(rows) < stack.epoch:
        raise UserError(f"{folder / CURVES} has {len(rows)} epochs of {stack.epoch}")
    trial.rows += rows
    return stack.epoch
