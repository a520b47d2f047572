"""What to try next: for each finding, the words to add to the command."""

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mlp_lab.config.groups import chosen
from mlp_lab.config.schema import Config
from mlp_lab.config.time_budget import written
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.formatting import in_a_list
from mlp_lab.program import train_words
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.progress import Progress

WIDER = 4
LONGER = 2
ENOUGH_STEPS = 300
"""A curve of so many updates can be judged, with room to spare."""
LAYERS = ("model.depth", "model.width", "model.activation")
"""What a model of another depth brings itself."""
CAUSES = {
    "unscaled inputs": ("diverged", "unstable", "not converged", "underfit"),
    "outliers": ("nothing to learn", "unstable", "not converged", "overfit", "underfit"),
    "vanishing gradients": ("underfit",),
    "exploding gradients": ("underfit",),
    "dead units": ("underfit",),
    "learning rate too low": ("not converged", "underfit"),
}
"""Note -> the states that it may be the cause of, whatever the network's size."""
OF_UNITS = ("vanishing gradients", "exploding gradients", "dead units", "saturated units")
"""Notes that matter only where a network has not learnt enough."""
MOSTLY_DEAD = 0.5
"""Share of a layer's units whose death steps that were too long have caused."""
STRONG_DROPOUT = 0.3
"""From here on, dropout rather than the network's size may keep it from fitting."""
STRONG_DECAY = 0.01
"""The same of weight decay, by a step's rate where it is apart from the gradient."""
WIDEST = 1024
"""Units of a layer up to which more are suggested: more of them have not helped by themselves."""
FIT = ("good fit", "nothing to learn")
"""States that ask for nothing."""
AS_GOOD = "this is as good as it gets here: use it, or get more data"


def advised(verdict: Verdict, command_for: Callable[[Finding], str]) -> Verdict:
    """A verdict with commands to try; where a state asks for more and none may help, it says so.

    Hidden units that a network does without are no reason to train it anew.
    """
    state, fits = verdict.state, verdict.state.kind in FIT
    command = command_for(first_to_mend(verdict, command_for))
    words = state.words if command or fits else f"{state.words}; {AS_GOOD}"
    notes = [
        _to_use_instead(note)
        if note.kind == "no better than a baseline" and not command
        else replace(note, command="" if fits and note.kind in OF_UNITS else command_for(note))
        for note in verdict.notes
    ]
    return Verdict(replace(state, words=words, command=command), notes)


def _to_use_instead(note: Finding) -> Finding:
    """A baseline that does as well as a network which nothing is left to mend of."""
    if "constant" in note.numbers:
        return note
    return replace(note, words=f"{note.words}; it is simpler: use it")


def first_to_mend(verdict: Verdict, command_for: Callable[[Finding], str]) -> Finding:
    """The finding to act on: a network that no gradient reaches is underfitted at any width."""
    found = {note.kind: note for note in verdict.notes}
    for kind, states in CAUSES.items():
        note = found.get(kind)
        if note is None or verdict.state.kind not in states:
            continue
        if (kind != "dead units" or has_dead_layer(note)) and command_for(note):
            return note
    return verdict.state


def has_dead_layer(finding: Finding) -> bool:
    """Whether all units of some layer are dead: nothing passes, and no width helps."""
    return finding.kind == "dead units" and max(finding.numbers.values(), default=0) == 1


def _killed_by_steps(finding: Finding) -> bool:
    """Whether more than half of a layer's units are dead: drawn weights kill far fewer."""
    return max(finding.numbers.values(), default=0) > MOSTLY_DEAD


def next_command(finding: Finding, job: Job, progress: Progress, leaks: Sequence[str]) -> str:
    """A command line that may mend what was found; nothing where all is well.

    `progress` is that of the run, which has ended; `leaks` are its suspected columns.
    """
    config, overrides = job.config, progress.origin.overrides
    epochs = epochs_for(finding, config)
    if epochs is not None:
        met = config.stop.met(progress.watch.waited, progress.change, progress.seconds)
        lifted = [f"stop.{key}=null" for key in met]
        words = [f"resume={job.folder}", f"epochs={epochs}", *lifted]
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


def epochs_for(finding: Finding, config: Config) -> int | None:
    """Epochs to go on to; None where more of them are not what is missing."""
    if config.budget is not None:
        return None
    if finding.kind == "not converged":
        return LONGER * config.epochs
    if finding.kind != "too early to say":
        return None
    of_an_epoch = finding.numbers["steps"] / finding.numbers["epochs"]
    return max(LONGER * config.epochs, math.ceil(ENOUGH_STEPS / of_an_epoch))


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
            f"optimizer.lr={rate / 10:g}" if _killed_by_steps(finding) else "model.activation=elu"
        ],
        "saturated units": ["model.activation=relu"],
        "vanishing gradients": _against_vanishing(config),
        "exploding gradients": _against_exploding(config),
        "overfit": _against_overfitting(config),
        "underfit": _against_underfitting(config, by_key=by_key),
        "suspiciously good": _dropping(config, leaks),
        "learning rate too low": _faster(config),
        "unscaled inputs": ["data.scaling=standard"] * (config.data.scaling == "none"),
        "outliers": ["loss=huber"],
        "rare classes": ["data.class_weights=balanced"],
    }
    if config.budget_seconds is not None and finding.kind in ("not converged", "too early to say"):
        return [f"budget={written(LONGER * config.budget_seconds)}"]
    return changes.get(finding.kind, [])


def _dropping(config: Config, leaks: Sequence[str]) -> list[str]:
    """Leave out these columns, and those that are left out already."""
    if not leaks:
        return []
    before = config.data.drop if isinstance(config.data, TableConfig) else []
    return [f"data.drop=[{','.join(map(in_a_list, [*before, *leaks]))}]"]


def _faster(config: Config) -> list[str]:
    """Ten times the rate, and no less than the optimizer's own; nothing once that is exceeded.

    A rate above was chosen, perhaps because a higher one was unstable: it is not raised again.
    """
    rate = config.optimizer.lr
    section = chosen("optimizer", config.optimizer.name)["optimizer"]
    assert isinstance(section, Mapping)
    usual = float(section["lr"])
    return [f"optimizer.lr={max(usual, 10 * rate):g}"] if rate <= usual else []


def _against_vanishing(config: Config) -> list[str]:
    """Nothing where a network has all of it already."""
    mended = set(config.model.activations) == {"relu"} and config.model.init == "he"
    return [] if mended else ["model.activation=relu", "model.init=he"]


def _against_exploding(config: Config) -> list[str]:
    norm = config.optimizer.clip_norm
    return ["optimizer.clip_norm=1"] if norm is None or norm > 1 else []


def _against_overfitting(config: Config) -> list[str]:
    """Early stopping alone leaves the weights that are kept anyway as they are."""
    stopping = ["stop.patience=20"] if config.stop.patience is None else []
    if config.model.depth > 0 and not any(config.model.dropouts):
        return [*stopping, "model.dropout=0.2"]
    if config.optimizer.strongest_decay == 0:
        return [*stopping, "optimizer.weight_decay=0.001"]
    return stopping


def _against_underfitting(config: Config, *, by_key: bool) -> list[str]:
    model = config.model
    if model.depth == 0:
        return ["model.depth=3"] if by_key else ["model=deep"]
    if max(model.dropouts) >= STRONG_DROPOUT:
        return ["model.dropout=0"]
    if _decay(config) >= STRONG_DECAY:
        return ["optimizer.weight_decay=0"]
    wider = WIDER * max(model.widths)
    return [f"model.width={wider}"] if wider <= WIDEST else []


def _decay(config: Config) -> float:
    """How strong weight decay is beside the gradient; AdamW's is taken by its rate."""
    optimizer = config.optimizer
    return optimizer.strongest_decay * (optimizer.lr if optimizer.name == "adamw" else 1.0)
