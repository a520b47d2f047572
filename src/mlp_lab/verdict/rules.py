"""The rules by which a run is judged, with their thresholds (docs/verdicts.md).

A new rule is a function of the evidence and an entry in one of the two tables at the end; those of
notes are in notes.py.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from mlp_lab.formatting import counted, four_digits, percent
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.verdict import notes
from mlp_lab.verdict.evidence import (
    FEW_ROWS,
    IDLE,
    LARGEST_ERROR,
    MOSTLY_COPIED,
    Evidence,
    d2,
    error_of_nothing,
    has_learnt,
    is_idle,
    kept_scores,
    no_new_rows,
    nothing_holds,
    own_standard_error,
    score_of,
    smoothed,
    standard_error,
)

UNSTABLE_DROP = 0.1
"""Fall of D2 on the training rows below its best so far ..."""
UNSTABLE_SHARE = 0.1
"""... in more than this share of the later half's epochs: unstable."""
RECOVERED = 0.05
"""... and rises again by more than this in it."""
UNSTABLE_EPOCHS = 6
"""Fewer say nothing about stability."""
FEW_STEPS = 100
"""Updates from which a curve says how the training goes: Adam's own averages span 1,000."""
STILL_GAINING = 0.01
"""Gain of D2 on the training rows in the last third of the epochs ..."""
LATE_SHARE = 0.08
"""... which is this share of all that it has gained above a constant, while validation rows gain:
not converged."""
RISEN = 0.05
"""Fall of D2 on the validation rows below its best: overfit."""
GAP = 0.2
"""Difference of D2 between training and validation rows: overfit."""
BEHIND = 0.05
"""Skill on training rows below what a simple method surely reaches on validation rows: underfit."""

STRONG_DECAY = 0.01
"""Weight decay, by a step's rate where it is apart from the gradient, that may be too strong."""

FALLING = 0.75
"""Share of the later half's epochs in which the training loss fell: steps that overshoot nowhere
are shorter than they need be ..."""
NEAR = 0.5
"""... while |W - W before the first step| / |W before| is less: of networks that had learnt what
they could it was 1 to 5."""

Rule = Callable[[Evidence], Finding | None]


def judge(evidence: Evidence) -> Verdict:
    """Hold a run against the rules; the first rule of a state that applies is its state.

    >>> falling = [0.8**epoch for epoch in range(40)]
    >>> evidence = Evidence(
    ...     divergence=None,
    ...     train_loss=falling,
    ...     val_loss=[max(loss, 0.3) for loss in falling],
    ...     constant={"train": 1.0, "val": 1.0},
    ...     train=0.99,
    ...     val=0.7,
    ...     val_rows=400,
    ...     baselines={"linear": 0.75},
    ...     baselines_d2={"linear": 0.75},
    ...     constant_errors={},
    ...     steps=400,
    ...     kept=40,
    ...     kept_d2={"train": 0.99, "val": 0.7},
    ... )
    >>> verdict = judge(evidence)
    >>> verdict.state.kind, verdict.state.since, [note.kind for note in verdict.notes]
    ('overfit', 9, ['no better than a baseline'])
    """
    return Verdict(
        judge_state(evidence), [found for rule in NOTE_RULES.values() if (found := rule(evidence))]
    )


def judge_state(evidence: Evidence) -> Finding:
    """The first rule of a state that applies."""
    return next(found for rule in STATE_RULES.values() if (found := rule(evidence)))


def diverged(evidence: Evidence) -> Finding | None:
    """The loss was not finite."""
    where = evidence.divergence
    if where is None:
        return None
    numbers = {"epoch": where.epoch, "step": where.step, "learning rate": where.lr}
    return Finding("diverged", str(where), "a loss that is not finite", numbers)


def unstable(evidence: Evidence) -> Finding | None:
    """The training loss rises again and again."""
    raw = d2(evidence.train_loss, evidence.constant["train"])
    later = range(len(raw) // 2, len(raw))
    if len(raw) < UNSTABLE_EPOCHS:
        return None
    best = list(accumulate(raw, max))
    below = [epoch for epoch in later if best[epoch] - raw[epoch] > UNSTABLE_DROP]
    share = len(below) / len(later)
    if not below or below[-1] < len(raw) - len(raw) // 3:
        return None  # it has come to rest
    if share <= UNSTABLE_SHARE or _recovered([raw[epoch] for epoch in later]) <= RECOVERED:
        return None
    if max(raw) > GAP and nothing_holds(evidence):
        return None  # it has learnt its rows by heart: a lower rate does that, too
    kept = ""
    if evidence.val is not None:
        kept = f"; the weights kept are epoch {evidence.kept}'s: {kept_scores(evidence)}"
    worst = min(raw[epoch] for epoch in below)
    return Finding(
        "unstable",
        f"unstable: the training loss oscillates; in {percent(share)} of the later half's epochs it"
        f" was above its minimum so far by more than {percent(UNSTABLE_DROP)} of a constant"
        f" prediction's loss{kept}",
        f"D²(train) more than {UNSTABLE_DROP:g} below its best so far in more than"
        f" {UNSTABLE_SHARE:.0%} of the later half's epochs, the last third among them, and it rises"
        f" again by more than {RECOVERED:g} in that half",
        {"share": share, "best": max(raw), "worst": worst},
    )


def _recovered(values: Sequence[float]) -> float:
    """The largest rise after a fall: a loss that only grows is pulled up, and does not jump."""
    highest = lowest = values[0]
    fallen, most = False, 0.0
    for value in values:
        highest, lowest = max(highest, value), min(lowest, value)
        if highest - value > RECOVERED:
            fallen = True
        most = max(most, value - lowest if fallen else 0.0)
    return most


def too_early(evidence: Evidence) -> Finding | None:
    """So few steps that the curves do not yet say how the training goes."""
    epochs = len(evidence.train_loss)
    train = d2(evidence.train_loss, evidence.constant["train"])
    late = train[-1] - train[-1 - max(1, epochs // 3)] if epochs > 1 else 0.0
    if epochs > 1:
        if evidence.steps >= FEW_STEPS or evidence.stopped_early:
            return None
        learnt = evidence.train > error_of_nothing(evidence) if evidence.val_rows else train[-1] > 0
        if learnt and late <= STILL_GAINING and _rival_above_training(evidence) is None:
            return None
    return Finding(
        "too early to say",
        f"too early to say: after {counted(evidence.steps, 'step')} ({counted(epochs, 'epoch')})"
        " there is no curve to judge by",
        f"1 epoch; or fewer than {FEW_STEPS} steps, and D²(train) still rose by more than"
        f" {STILL_GAINING:g} in the last third, or skill(train) is no better than a constant's or"
        " below what makes an underfit",
        {"epochs": float(epochs), "steps": float(evidence.steps), "train": evidence.train},
    )


def nothing_to_learn(evidence: Evidence) -> Finding | None:
    """Nothing beats a constant on new rows, of what was tried; and the network was trained."""
    if evidence.val is None or no_new_rows(evidence) or not nothing_holds(evidence):
        return None
    if notes.outliers(evidence) is None:
        more = "other columns or more rows may"
    elif evidence.measure.endswith("D²"):
        more = "outliers make most of the loss, and without them more may"
    else:
        more = "outliers decide on squared errors, and a loss that heeds them less may"
    models = ", ".join(["the network", *evidence.baselines])
    numbers = {"network": evidence.val, **evidence.baselines}
    return Finding(
        "nothing to learn",
        f"nothing to learn: on {counted(evidence.val_rows, 'validation row')} nothing beats a"
        f" constant prediction by its standard error: {models}; {more}",
        "skill(val) of no model is above a constant's by its standard error while its loss is no"
        f" worse, and D²(val) of none above {LARGEST_ERROR:g} / sqrt(validation rows)",
        numbers,
    )


def not_converged(evidence: Evidence) -> Finding | None:
    """Both losses were still falling when it ended, and it did not end by itself."""
    if evidence.stopped_early:
        return None
    train = smoothed(d2(evidence.train_loss, evidence.constant["train"]))
    earlier = len(train) - max(1, len(train) // 3)
    gained, late = train[-1] - max(0.0, train[0]), train[-1] - train[earlier - 1]
    numbers = {"train": late, "gained": gained}
    if late <= max(STILL_GAINING, LATE_SHARE * gained):
        return None
    if evidence.val_loss:
        val = smoothed(d2(evidence.val_loss, evidence.constant["val"]))
        numbers["val"] = val[-1] - max(val[:earlier])
        if numbers["val"] <= 0:
            return None
    return Finding(
        "not converged",
        "not converged: the losses were still falling when the training ended",
        f"in the last third of the epochs D²(train) rose by more than {STILL_GAINING:g} and"
        f" {LATE_SHARE:.0%} of all that it gained above a constant, and D²(val) ended above its"
        " best before that",
        numbers,
    )


def overfit(evidence: Evidence) -> Finding | None:
    """It fits its training rows at the expense of new ones: at its end, or as it was kept."""
    if not evidence.val_loss or _learns_too_little(evidence):
        return None
    if evidence.early_stopping:
        return _overfit_as_kept(evidence)
    return _overfit_at_the_end(evidence) or _learnt_by_heart(evidence)


def _learns_too_little(evidence: Evidence) -> bool:
    """Whether even at its end, on its own rows, it is far from what another model does on new ones.

    A network that is too small cannot learn its rows by heart, though its validation loss may rise.
    """
    ahead = _rival_ahead(evidence)
    last = d2(evidence.train_loss, evidence.constant["train"])[-1]
    return ahead is not None and last < ahead[1] - GAP


def _overfit_at_the_end(evidence: Evidence) -> Finding | None:
    """The validation loss has turned up, or stayed far above the training loss."""
    train = smoothed(d2(evidence.train_loss, evidence.constant["train"]))
    val = smoothed(d2(evidence.val_loss, evidence.constant["val"]))
    best = max(range(len(val)), key=val.__getitem__)
    risen, gap = val[best] - val[-1], train[-1] - val[-1]
    numbers = {"best": val[best], "last": val[-1], "train": train[-1]}
    kept = f"; the weights kept are epoch {evidence.kept}'s: {kept_scores(evidence)}"
    if risen > RISEN and train[-1] >= train[best]:
        lowest = min(range(len(val)), key=evidence.val_loss.__getitem__)
        since = lowest + 1  # the best epoch, as everything else names it
        return Finding(
            "overfit",
            f"overfit since epoch {since}: from there the validation loss rose from"
            f" {four_digits(evidence.val_loss[lowest])} to {four_digits(evidence.val_loss[-1])},"
            f" while the training loss fell{kept}",
            f"D²(val) ended more than {RISEN:g} below its best, and D²(train) rose",
            numbers,
            since,
        )
    if gap <= GAP:
        return None
    narrow = [epoch for epoch in range(len(val)) if train[epoch] - val[epoch] <= GAP / 2]
    since = narrow[-1] + 2 if narrow else 1
    return Finding(
        "overfit",
        f"overfit: at the end {percent(train[-1])} of a constant prediction's loss were avoided on"
        f" the training rows, {percent(val[-1])} on the validation rows, a gap that opened from"
        f" epoch {since} on{kept}",
        f"D²(train) ended more than {GAP:g} above D²(val)",
        numbers,
        since,
    )


def _overfit_as_kept(evidence: Evidence) -> Finding | None:
    """What early stopping kept is far better on its own rows, where a simple method does better."""
    assert evidence.val is not None
    train, val = evidence.kept_d2["train"], evidence.kept_d2["val"]
    name, rival = best_baseline(evidence)
    margin = max(standard_error(evidence), own_standard_error(evidence, rival))
    if train - val <= GAP or rival <= evidence.val + margin:
        return _learnt_by_heart(evidence)
    return Finding(
        "overfit",
        f"overfit, as it was kept, at epoch {evidence.kept}: {kept_scores(evidence)}, where {name}"
        f" reaches {score_of(evidence, rival, 'val')}",
        f"with early stopping: D²(train) more than {GAP:g} above D²(val) at the epoch that was"
        " kept, and skill(val) below a baseline's by more than its standard error",
        {"train": train, "val": val, "rival": rival},
        evidence.kept,
    )


def _learnt_by_heart(evidence: Evidence) -> Finding | None:
    """It has learnt its training rows and nothing that holds on new ones."""
    if has_learnt(evidence) or evidence.train <= error_of_nothing(evidence):
        return None
    return Finding(
        "overfit",
        f"overfit: what it learnt does not hold on new rows: {kept_scores(evidence)}",
        "skill(train) above a constant's by its standard error, and neither skill(val) nor D²(val)",
        {"train": evidence.train, "val": evidence.val or 0.0},
        1,
    )


def underfit(evidence: Evidence) -> Finding | None:
    """A simple method does better on new rows than the network on its own training rows."""
    ahead = _rival_ahead(evidence)
    if ahead is not None:
        name, rival = ahead
        return Finding(
            "underfit",
            f"underfit: {evidence.measure} {score_of(evidence, evidence.train, 'train')} on the"
            f" training rows, below the {score_of(evidence, rival, 'val')} of {name} on the"
            " validation rows",
            f"skill(train) below skill(val) of a baseline by more than {BEHIND:g} and its standard"
            f" error: {LARGEST_ERROR:g} / sqrt(validation rows), or that of a share, if it is"
            " larger; and skill(val) below it by more than that error",
            {"train": evidence.train, "rival": rival},
        )
    if evidence.val is None or has_learnt(evidence):
        return None
    return Finding(
        "underfit",
        f"underfit: no better than a constant prediction: {kept_scores(evidence)}",
        "neither skill(val) nor D²(val) above a constant's by its standard error",
        {"train": evidence.train, "val": evidence.val},
    )


def _rival_ahead(evidence: Evidence) -> tuple[str, float] | None:
    """The best baseline, if it does better on new rows than the network, on its own and on new."""
    found = _rival_above_training(evidence)
    if found is None or evidence.val is None or evidence.val < found[1] - _margin(evidence):
        return found
    return None  # it does as well on new rows: training rows may have labels that are wrong


def _rival_above_training(evidence: Evidence) -> tuple[str, float] | None:
    """The best baseline, if it does better on new rows than the network on its own."""
    if not evidence.baselines:
        return None
    name, rival = best_baseline(evidence)
    return (name, rival) if evidence.train < rival - BEHIND - _margin(evidence) else None


def _margin(evidence: Evidence) -> float:
    """The standard error of the best baseline's skill."""
    rival = best_baseline(evidence)[1]
    return max(standard_error(evidence), own_standard_error(evidence, rival))


def best_baseline(evidence: Evidence) -> tuple[str, float]:
    """The simple method that does best on the validation rows; a constant if there is no other."""
    return max(evidence.baselines.items(), key=lambda item: item[1], default=("a constant", 0.0))


def undecided(evidence: Evidence) -> Finding | None:
    """There are no validation rows, or none that say anything of new rows."""
    reason = no_new_rows(evidence)
    if evidence.val is not None and not reason:
        return None
    alike = "a good fit and an overfitted one look alike"
    return Finding(
        "undecided",
        f"undecided: {reason}, and {alike}"
        if reason
        else f"undecided: without validation rows {alike}",
        f"no validation rows, fewer than {FEW_ROWS}, all of the commonest class, or at least"
        f" {MOSTLY_COPIED:.0%} of them in the training rows, too",
        {"train": evidence.train, **({"validation rows": evidence.val_rows} if reason else {})},
    )


def good_fit(evidence: Evidence) -> Finding | None:
    """None of the other rules applies: it has learnt something that holds on new rows."""
    assert evidence.val is not None
    return Finding(
        "good fit",
        f"good fit: {kept_scores(evidence)}",
        "none of the other rules applies",
        {"train": evidence.train, "val": evidence.val},
    )


def strong_decay(evidence: Evidence) -> Finding | None:
    """Weight decay that pulls harder than the loss does."""
    if evidence.weight_decay < STRONG_DECAY:
        return None
    state = judge_state(evidence).kind
    if state not in ("unstable", "not converged", "underfit"):
        return None
    return Finding(
        "strong weight decay",
        f"weight decay may be too strong: {evidence.weight_decay:g} beside the loss's gradient",
        f"weight decay (of AdamW times the rate) at least {STRONG_DECAY:g}, and the state is"
        " unstable, not converged or underfit",
        {"weight decay": evidence.weight_decay},
    )


def rate_too_low(evidence: Evidence) -> Finding | None:
    """The loss falls in nearly every epoch to the end, and the weights have not come far."""
    losses = evidence.train_loss
    if evidence.divergence is not None or len(losses) < UNSTABLE_EPOCHS:
        return None
    if evidence.moved >= NEAR or judge_state(evidence).kind not in ("not converged", "underfit"):
        return None
    later = list(pairwise(losses[len(losses) // 2 :]))
    share = sum(after < before for before, after in later) / len(later)
    if share < FALLING and not is_idle(evidence):
        return None
    return Finding(
        "learning rate too low",
        f"the learning rate may be too low: the training loss fell in {percent(share)} of the later"
        f" half's epochs, and the weights moved by {percent(evidence.moved)} of their norm in all",
        "not converged or underfit, and |W - W before the first step| is below"
        f" {NEAR:g} |W before| while the training loss fell in at least {FALLING:.0%} of the later"
        f" half's epochs, or it is below {IDLE:g} |W before|",
        {"share": share, "moved": evidence.moved},
    )


def rows_in_order(evidence: Evidence) -> Finding | None:
    """Where enough was learnt: until then, rows of a file sorted by an input err alike, too."""
    learnt = ("good fit", "overfit", "nothing to learn")
    return notes.rows_in_order(evidence) if judge_state(evidence).kind in learnt else None


STATE_RULES: dict[str, Rule] = {
    "diverged": diverged,
    "unstable": unstable,
    "too early to say": too_early,
    "nothing to learn": nothing_to_learn,
    "not converged": not_converged,
    "undecided": undecided,
    "overfit": overfit,
    "underfit": underfit,
    "good fit": good_fit,
}
"""Kind -> its rule, in their order; the last applies where no other does."""

NOTE_RULES: dict[str, Rule] = {
    "suspiciously good": notes.leak,
    "no better than a baseline": notes.no_better,
    "worse than gradient boosting": notes.behind_boosting,
    "strong weight decay": strong_decay,
    "learning rate too low": rate_too_low,
    "unscaled inputs": notes.unscaled_inputs,
    "outliers": notes.outliers,
    "rare classes": notes.rare_classes,
    "later rows differ": notes.later_rows,
    "repeated rows": notes.repeated_rows,
    "rows in order of time": rows_in_order,
    "counts": notes.counts,
    "dead units": notes.dead_units,
    "saturated units": notes.saturated_units,
    "vanishing gradients": notes.vanishing_gradients,
    "exploding gradients": notes.exploding_gradients,
}
"""Kind -> its rule; each that applies is said."""
