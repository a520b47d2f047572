"""What to try next: for each finding, the words to add to the command."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mlp_lab.config.schema import Config
from mlp_lab.config.time_budget import written
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.formatting import in_a_list, shown
from mlp_lab.program import train_words
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.progress import Progress
from mlp_lab.verdict.history import Earlier, settings_of
from mlp_lab.verdict.rates import Rates, usual_rate
from mlp_lab.verdict.rules import NEAR

WIDER = 4
PATIENCE = 20
LONGER = 3
ENOUGH_STEPS = 300
"""A curve of so many updates can be judged, with room to spare."""
LAYERS = ("model.depth", "model.width", "model.activation")
"""What a model of another depth brings itself."""
CAUSES = {
    "strong weight decay": ("unstable", "not converged", "underfit"),
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
FAR_ABOVE = 10
"""From so many times the optimizer's own learning rate on, it rather than the size may matter."""
STRONG_DROPOUT = 0.3
"""From here on, dropout rather than the network's size may keep it from fitting."""
WIDEST = 1024
"""Units of a layer up to which more are suggested: more of them have not helped by themselves."""
FIT = ("good fit", "nothing to learn")
"""States that ask for nothing."""
UNFINISHED = ("too early to say", "not converged")
"""States of a run that is to go on."""
WILD = ("diverged", "unstable")
"""States of a rate that is too high."""
UNUSABLE = ("diverged", "undecided", "too early to say")
"""States of which it is not known how good the run is."""
LEAK = "suspiciously good"
TOO_LOW = "learning rate too low"
NO_BETTER = "no better than a baseline"
BEHIND_TREES = "worse than gradient boosting"
SHIFTED = "later rows differ"
SIMPLER = "which is simpler"
AS_GOOD = "this is as good as it gets here"
NOTHING_LEFT = "nothing is left to try here"
NOT_BY_REGULARISING = "what changed is mended by other rows or columns"
USE_IT = "use it"
NO_OTHER = "it has what these rules would try"


def advised(
    verdict: Verdict, command_for: Callable[[Finding], str], why: str = "", use: str = USE_IT
) -> Verdict:
    """A verdict with commands to try; where a state asks for more and none may help, it says so.

    Hidden units that a network does without are no reason to train it anew. `why` says what was
    tried, `use` which run to use.
    """
    state, fits = verdict.state, verdict.state.kind in FIT
    first = first_to_mend(verdict, command_for)
    command = command_for_first(verdict, first, command_for)
    if _is_of_change(verdict, first):
        why = NOT_BY_REGULARISING
    done = command or fits or state.kind == "undecided"
    words = state.words if done else f"{state.words}; {nothing_left(why, best_left(verdict, use))}"
    commands = _of_notes(verdict, first, command_for)
    simpler = fits and not any(commands) and best_left(verdict, use).endswith(SIMPLER)
    notes = [
        replace(note, words=f"{note.words}; it is simpler: use it")
        if simpler and note.kind == NO_BETTER
        else replace(note, command=own)
        for note, own in zip(verdict.notes, commands, strict=True)
    ]
    return Verdict(replace(state, words=words, command=command), notes)


def _of_notes(verdict: Verdict, first: Finding, command_for: Callable[[Finding], str]) -> list[str]:
    """A command for each note that may have one; `first` is the finding that is acted on.

    Of those on hidden units only one: an activation that mends one undoes another; and none beside
    a rate that is too high, as that may be what happened to them, nor where it is too early to say.
    """
    found, of_units = [], verdict.state.kind in (*FIT, *WILD, "too early to say")
    for note in verdict.notes:
        other = first.kind in OF_UNITS and note is not first
        skipped = note.kind in OF_UNITS and (of_units or other)
        command = "" if skipped else command_for(note)
        of_units |= note.kind in OF_UNITS and bool(command)
        found.append(command)
    return found


def best_left(verdict: Verdict, use: str) -> str:
    """What to use where nothing is left to try; nothing where that is not known.

    A run that gives wrong answers, or answers that are known from a column, is not recommended, nor
    a network beside something better, or as good and simpler.
    """
    found = {note.kind: note for note in verdict.notes}
    if use != USE_IT:
        return use
    if verdict.state.kind in UNUSABLE or found.keys() & {LEAK, SHIFTED}:
        return ""
    if not found.keys() & {BEHIND_TREES, NO_BETTER}:
        return use
    if BEHIND_TREES in found:
        return "use gradient boosting, which does better"
    numbers = found[NO_BETTER].numbers
    simple = next((name for name in numbers if name not in ("val", "standard error")), "")
    if numbers["val"] - numbers[simple] > numbers["standard error"]:
        return use  # of what may be as good the simpler one, within one standard error
    return "" if simple == "constant" else f"use the {simple} baseline, {SIMPLER}"


def nothing_left(why: str, use: str = USE_IT) -> str:
    """What to do where nothing is left to try.

    >>> nothing_left("tried before: model.dropout=0.2")
    'this is as good as it gets here: use it, or get more data (tried before: model.dropout=0.2)'
    >>> nothing_left("", use="")
    'nothing is left to try here (it has what these rules would try)'
    """
    if not use:
        return f"{NOTHING_LEFT} ({why or NO_OTHER})"
    return f"{AS_GOOD}: {use}, or get more data ({why or NO_OTHER})"


def first_to_mend(verdict: Verdict, command_for: Callable[[Finding], str]) -> Finding:
    """The finding to act on: a network that no gradient reaches is underfitted at any width.

    Whatever a network makes of a column that gives the target away, it is tried without it first.
    """
    found = {note.kind: note for note in verdict.notes}
    if LEAK in found and verdict.state.kind != "good fit" and command_for(found[LEAK]):
        return found[LEAK]
    for kind, states in CAUSES.items():
        note = found.get(kind)
        if note is None or verdict.state.kind not in states:
            continue
        if (kind != "dead units" or _killed_by_steps(note) or has_dead_layer(note)) and (
            command_for(note)
        ):
            return note
    return verdict.state


def command_for_first(
    verdict: Verdict, first: Finding, command_for: Callable[[Finding], str]
) -> str:
    """The command for what is to be mended first; none where later rows are others.

    What was learnt of earlier rows then does not hold, and a weaker network learns the same.
    """
    return "" if _is_of_change(verdict, first) else command_for(first)


def _is_of_change(verdict: Verdict, first: Finding) -> bool:
    shifted = any(note.kind == SHIFTED for note in verdict.notes)
    return shifted and first.kind == "overfit"


def has_dead_layer(finding: Finding) -> bool:
    """Whether all units of some layer are dead: nothing passes, and no width helps."""
    return finding.kind == "dead units" and _deadest(finding) == 1


def _killed_by_steps(finding: Finding) -> bool:
    """Whether more than half of a layer's units are dead: drawn weights kill far fewer.

    Not where all steps together were short: then the rate is, if anything, too low.
    """
    return _deadest(finding) > MOSTLY_DEAD and finding.numbers.get("moved", 1.0) >= NEAR


def _deadest(finding: Finding) -> float:
    shares = [share for name, share in finding.numbers.items() if name != "moved"]
    return max(shares, default=0.0)


def next_command(
    finding: Finding,
    job: Job,
    progress: Progress,
    leaks: Sequence[str],
    tried: Sequence[Earlier] = (),
) -> str:
    """A command line that may mend what was found; nothing where all is well, or was tried.

    `progress` is that of the run, which has ended; `leaks` are its suspected columns; `tried` are
    other runs on the same data.
    """
    config = job.config
    met = config.stop.met(progress.watch.waited, progress.change, progress.seconds)
    if more := longer(finding, config, met):
        return shlex.join([*train_words(), f"resume={job.folder}", *more])
    overrides = _as_it_ended(job, progress.origin.overrides)
    # an experiment or a whole configuration may set what a group would choose
    by_key = any(word.startswith(("experiment=", "--config-name=")) for word in overrides)
    alternatives = alternatives_for(finding, config, leaks, by_key=by_key)
    if not alternatives:
        return ""
    before = {settings_of(overrides), *(one.words for one in tried)}
    rates = Rates.of(config, tried)
    for changes in alternatives:
        words = with_changes(overrides, rates.bounded(changes, config.optimizer.lr))
        if settings_of(words) not in before:
            return shlex.join([*train_words(), *words])
    return ""


def _as_it_ended(job: Job, overrides: Sequence[str]) -> list[str]:
    """The words that would train a run anew, of one that was resumed as far as it went."""
    if not any(word.startswith("resume=") for word in job.overrides):
        return list(overrides)
    return with_changes(overrides, [f"epochs={shown(job.config.epochs)}"])


def with_changes(overrides: Sequence[str], changes: Sequence[str]) -> list[str]:
    """Words in which some settings are replaced."""
    keys = [word.partition("=")[0] for word in changes]
    replaced = tuple(f"{key}=" for key in [*keys, *(LAYERS if "model" in keys else ())])
    kept = [word for word in overrides if not word.lstrip("+").startswith(replaced)]
    return [*kept, *changes]


def decay_of(config: Config) -> float:
    """How strong weight decay is beside the gradient; AdamW's is taken by its rate."""
    optimizer = config.optimizer
    return optimizer.strongest_decay * (optimizer.lr if optimizer.name == "adamw" else 1.0)


def longer(finding: Finding, config: Config, met: Sequence[str]) -> list[str]:
    """Settings to go on with; none where that is not what is missing.

    `met` are the reasons to stop that held. Without a limit of epochs, patience remains one.
    """
    if config.epochs is None:
        goes_on = finding.kind in UNFINISHED and config.budget is None
        return [f"stop.{key}=null" for key in met if key != "patience" and goes_on]
    epochs = epochs_for(finding, config)
    if epochs is None:
        return []
    return [f"epochs={epochs}", *(f"stop.{key}=null" for key in met)]


def epochs_for(finding: Finding, config: Config) -> int | None:
    """Epochs to go on to; None where more of them are not what is missing."""
    if config.budget is not None or config.epochs is None:
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
    """The settings to change first; layers `by_key` rather than by the name of a model."""
    return next(iter(alternatives_for(finding, config, leaks, by_key=by_key)), [])


def alternatives_for(
    finding: Finding, config: Config, leaks: Sequence[str], *, by_key: bool
) -> list[list[str]]:
    """Settings to change, each list by itself, the likeliest first."""
    if config.budget_seconds is not None and finding.kind in UNFINISHED:
        return [[f"budget={written(LONGER * config.budget_seconds)}"]]
    rate = config.optimizer.lr
    changes: Mapping[str, Callable[[], list[list[str]]]] = {
        "diverged": lambda: [[f"optimizer.lr={min(rate / 10, usual_rate(config)):g}"]],
        "unstable": lambda: [[f"optimizer.lr={rate / 5:g}"], _against_exploding(config)],
        "undecided": lambda: [
            ["data.val_fraction=0.15"] * ("validation rows" not in finding.numbers)
        ],
        "dead units": lambda: [
            [f"optimizer.lr={rate / 10:g}" if _killed_by_steps(finding) else "model.activation=elu"]
        ],
        "saturated units": lambda: [["model.activation=relu"]],
        "vanishing gradients": lambda: [_against_vanishing(config)],
        "exploding gradients": lambda: [_against_exploding(config)],
        "overfit": lambda: _against_overfitting(config),
        "underfit": lambda: _against_underfitting(config, by_key=by_key),
        "suspiciously good": lambda: [_dropping(config, leaks)],
        "learning rate too low": lambda: [_faster(config)],
        "strong weight decay": lambda: [["optimizer.weight_decay=0"]],
        "unscaled inputs": lambda: [["data.scaling=standard"] * (config.data.scaling == "none")],
        "outliers": lambda: _against_outliers(config),
        "counts": lambda: [["loss=poisson"]],
        "rare classes": lambda: [["data.class_weights=balanced"]],
    }
    of_finding = changes.get(finding.kind)
    return [] if of_finding is None else [words for words in of_finding() if words]


def _dropping(config: Config, leaks: Sequence[str]) -> list[str]:
    """Leave out these columns, and those that are left out already."""
    if not leaks:
        return []
    before = config.data.drop if isinstance(config.data, TableConfig) else []
    return [f"data.drop=[{','.join(map(in_a_list, [*before, *leaks]))}]"]


def _against_outliers(config: Config) -> list[list[str]]:
    """Losses that heed large errors less and less."""
    losses = ["huber", "mae"]
    own = config.loss.name
    return [[f"loss={name}"] for name in losses[losses.index(own) + 1 if own in losses else 0 :]]


def _faster(config: Config) -> list[str]:
    """Ten times the rate, and no less than the optimizer's own; nothing once that is exceeded.

    A rate above was chosen, perhaps because a higher one was unstable: it is not raised again.
    """
    rate, usual = config.optimizer.lr, usual_rate(config)
    return [f"optimizer.lr={max(usual, 10 * rate):g}"] if rate <= usual else []


def _against_vanishing(config: Config) -> list[str]:
    """Nothing where a network has all of it already."""
    mended = set(config.model.activations) == {"relu"} and config.model.init == "he"
    return [] if mended else ["model.activation=relu", "model.init=he"]


def _against_exploding(config: Config) -> list[str]:
    norm = config.optimizer.clip_norm
    return ["optimizer.clip_norm=1"] if norm is None or norm > 1 else []


def _against_overfitting(config: Config) -> list[list[str]]:
    """Early stopping alone leaves the weights that are kept anyway as they are.

    A run that is no longer than its patience is never stopped by it.
    """
    waits = config.stop.patience is None and (config.epochs or 0) > PATIENCE
    stopping = [f"stop.patience={PATIENCE}"] if waits else []
    found = []
    if config.model.depth > 0 and not any(config.model.dropouts):
        found.append([*stopping, "model.dropout=0.2"])
    if config.optimizer.strongest_decay == 0:
        found.append([*stopping, "optimizer.weight_decay=0.001"])
    return found or [stopping]


def _against_underfitting(config: Config, *, by_key: bool) -> list[list[str]]:
    model, usual = config.model, usual_rate(config)
    if model.depth == 0:
        return [["model.depth=3"] if by_key else ["model=deep"]]
    found = [[f"optimizer.lr={usual:g}"]] if config.optimizer.lr >= FAR_ABOVE * usual else []
    if max(model.dropouts) >= STRONG_DROPOUT:
        return [*found, ["model.dropout=0"]]
    wider = WIDER * max(model.widths)
    return [*found, [f"model.width={wider}"]] if wider <= WIDEST else found
