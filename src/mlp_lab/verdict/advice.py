"""What to try next: for each finding, the words to add to the command."""

import shlex
from collections.abc import Sequence

from mlp_lab.config.schema import Config
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.formatting import in_a_list
from mlp_lab.program import train_words
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.progress import Progress

WIDER = 4
LONGER = 2
LAYERS = ("model.depth", "model.width", "model.activation")
"""What a model of another depth brings itself."""
CAUSES = ("vanishing gradients", "exploding gradients")
"""What may keep a network underfitted, whatever its width."""
STRONG_DROPOUT = 0.3
"""From here on, dropout rather than the network's size may keep it from fitting."""


def first_to_mend(verdict: Verdict) -> Finding:
    """The finding to act on: a network that no gradient reaches is underfitted at any width."""
    causes = [note for note in verdict.notes if note.kind in CAUSES or has_dead_layer(note)]
    return causes[0] if causes and verdict.state.kind == "underfit" else verdict.state


def has_dead_layer(finding: Finding) -> bool:
    """Whether all units of some layer are dead: nothing passes, and no width helps."""
    return finding.kind == "dead units" and max(finding.numbers.values(), default=0) == 1


def next_command(finding: Finding, job: Job, progress: Progress, leaks: Sequence[str]) -> str:
    """A command line that may mend what was found; nothing where all is well.

    `progress` is that of the run, which has ended; `leaks` are its suspected columns.
    """
    config, overrides = job.config, progress.origin.overrides
    if finding.kind == "not converged":
        met = config.stop.met(progress.watch.waited, progress.change, progress.seconds)
        lifted = [f"stop.{key}=null" for key in met]
        words = [f"resume={job.folder}", f"epochs={LONGER * config.epochs}", *lifted]
        return shlex.join([*train_words(), *words])
    # an experiment or a whole configuration may set what a group would choose
    by_key = any(word.startswith(("experiment=", "--config-name=")) for word in overrides)
    changes = changes_for(finding, config, leaks, by_key=by_key)
    if not changes:
        return ""
    keys = [word.partition("=")[0] for word in changes]
    replaced = tuple(f"{key}=" for key in [*keys, *(LAYERS if "model" in keys else ())])
    kept = [word for word in overrides if not word.lstrip("+").startswith(replaced)]
    return shlex.join([*train_words(), *kept, *changes])


def changes_for(
    finding: Finding, config: Config, leaks: Sequence[str], *, by_key: bool
) -> list[str]:
    """The settings to change; layers `by_key` rather than by the name of a model."""
    rate = config.optimizer.lr
    changes = {
        "diverged": [f"optimizer.lr={rate / 10:g}"],
        "unstable": [f"optimizer.lr={rate / 5:g}"],
        "undecided": ["data.val_fraction=0.15"],
        "dead units": [
            f"optimizer.lr={rate / 10:g}" if has_dead_layer(finding) else "model.activation=elu"
        ],
        "saturated units": ["model.activation=relu"],
        "vanishing gradients": _against_vanishing(config),
        "exploding gradients": _against_exploding(config),
        "no better than a baseline": _without_hidden_layers(config, by_key=by_key),
        "overfit": _against_overfitting(config),
        "underfit": _against_underfitting(config, by_key=by_key),
        "suspiciously good": [_dropping(config, leaks)],
    }
    return changes.get(finding.kind, [])


def _without_hidden_layers(config: Config, *, by_key: bool) -> list[str]:
    model = config.model
    if model.depth == 0:
        return []
    changes = ["model=perceptron"]
    if by_key:
        changes = ["model.depth=0"]
        changes += ["model.width=64"] * isinstance(model.width, list)
        changes += ["model.activation=relu"] * isinstance(model.activation, list)
    return [*changes, *["model.dropout=0"] * (model.dropout > 0)]


def _dropping(config: Config, leaks: Sequence[str]) -> str:
    """Leave out these columns, and those that are left out already."""
    before = config.data.drop if isinstance(config.data, TableConfig) else []
    return f"data.drop=[{','.join(map(in_a_list, [*before, *leaks]))}]"


def _against_vanishing(config: Config) -> list[str]:
    """Nothing where a network has all of it already."""
    mended = set(config.model.activations) == {"relu"} and config.model.init == "he"
    return [] if mended else ["model.activation=relu", "model.init=he"]


def _against_exploding(config: Config) -> list[str]:
    norm = config.optimizer.clip_norm
    return ["optimizer.clip_norm=1"] if norm is None or norm > 1 else []


def _against_overfitting(config: Config) -> list[str]:
    if config.stop.patience is None:
        return ["stop.patience=20"]
    if config.model.depth > 0 and config.model.dropout == 0:
        return ["model.dropout=0.2"]
    if config.optimizer.weight_decay == 0:
        return ["optimizer.weight_decay=0.001"]
    narrower = max(1, max(config.model.widths, default=1) // WIDER)
    return [f"model.width={narrower}"] if config.model.depth > 0 else []


def _against_underfitting(config: Config, *, by_key: bool) -> list[str]:
    model = config.model
    if model.depth == 0:
        return ["model.depth=3"] if by_key else ["model=deep"]
    if model.dropout >= STRONG_DROPOUT:
        return ["model.dropout=0"]
    if config.optimizer.weight_decay > 0:
        return ["optimizer.weight_decay=0"]
    return [f"model.width={WIDER * max(model.widths)}"]
