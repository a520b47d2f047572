"""What to try next: for each finding, the words to add to the command."""

import shlex
from collections.abc import Sequence

from mlp_lab.config import GROUPS, Config
from mlp_lab.insight.verdict import Finding, Verdict
from mlp_lab.program import train_words
from mlp_lab.training.job import Job
from mlp_lab.training.progress import Progress

WIDER = 4
LONGER = 2
CAUSES = ("vanishing gradients", "exploding gradients")
"""Of an underfitted network."""
SHAPE = ("model.depth", "model.width", "model.activation")
"""What was typed of it would win over another model's."""
STRONG_DROPOUT = 0.3
"""From here on, dropout rather than the network's size may keep it from fitting."""


def to_mend(verdict: Verdict) -> Finding:
    """What to try first: a network that no gradient reaches is underfitted whatever its width."""
    causes = [note for note in verdict.notes if note.kind in CAUSES]
    return causes[0] if causes and verdict.state.kind == "underfit" else verdict.state


def next_command(finding: Finding, job: Job, progress: Progress, leaks: Sequence[str]) -> str:
    """A command line that may mend what was found; nothing where all is well.

    `progress` is that of the run, which has ended; `leaks` are its suspected columns.
    """
    config = job.config
    if finding.kind == "not converged":
        met = config.stop.met(progress.watch.waited, progress.change, progress.seconds)
        lifted = [f"stop.{key}=null" for key in met]
        words = [f"resume={job.folder}", f"epochs={LONGER * config.epochs}", *lifted]
        return shlex.join([*train_words(), *words])
    changes = changes_for(finding, config, leaks)
    if not changes:
        return ""
    overrides = progress.origin.overrides
    one_file = any(word.startswith("--config-name=") for word in overrides)
    if one_file and changes[0].partition("=")[0] in GROUPS:
        return ""  # a whole configuration in one file has no groups to choose from
    names = [word.partition("=")[0] for word in changes]
    if "model=perceptron" in changes and any(word.startswith("experiment=") for word in overrides):
        changes.append("model.depth=0")  # an experiment's own depth would win over the model's
    replaced = tuple(f"{name}=" for name in [*names, *SHAPE * ("model" in names)])
    kept = [word for word in overrides if not word.lstrip("+").startswith(replaced)]
    return shlex.join([*train_words(), *kept, *changes])


def changes_for(finding: Finding, config: Config, leaks: Sequence[str]) -> list[str]:
    """The settings to change."""
    rate = config.optimizer.lr
    simple = {
        "diverged": [f"optimizer.lr={rate / 10:g}"],
        "unstable": [f"optimizer.lr={rate / 5:g}"],
        "undecided": ["data.val_fraction=0.15"],
        "dead units": ["model.activation=elu"],
        "saturated units": ["model.activation=relu"],
        "vanishing gradients": ["model.activation=relu", "model.init=he"],
        "exploding gradients": ["optimizer.clip_norm=1"],
        "no better than a baseline": _without_hidden_layers(config),
    }
    if finding.kind == "overfit":
        return _against_overfitting(config)
    if finding.kind == "underfit":
        return _against_underfitting(config)
    if finding.kind == "suspiciously good":
        return [f"data.drop=[{','.join(leaks)}]"]
    return simple.get(finding.kind, [])


def _without_hidden_layers(config: Config) -> list[str]:
    if config.model.depth == 0:
        return []
    return ["model=perceptron", *["model.dropout=0"] * (config.model.dropout > 0)]


def _against_overfitting(config: Config) -> list[str]:
    if config.stop.patience is None:
        return ["stop.patience=20"]
    if config.model.depth > 0 and config.model.dropout == 0:
        return ["model.dropout=0.2"]
    if config.optimizer.weight_decay == 0:
        return ["optimizer.weight_decay=0.001"]
    narrower = max(1, max(config.model.widths, default=1) // WIDER)
    return [f"model.width={narrower}"] if config.model.depth > 0 else []


def _against_underfitting(config: Config) -> list[str]:
    model = config.model
    if model.depth == 0:
        return ["model=deep"]
    if model.dropout >= STRONG_DROPOUT:
        return ["model.dropout=0"]
    if config.optimizer.weight_decay > 0:
        return ["optimizer.weight_decay=0"]
    return [f"model.width={WIDER * max(model.widths)}"]
