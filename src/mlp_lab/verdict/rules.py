"""The rules by which a run is judged, all of them, with their thresholds (docs/verdicts.md).

Losses are compared as D2 = 1 - L / L0, with L0 the loss of a constant prediction on the same rows:
the fraction of the loss that is explained (as scikit-learn's d2 scores; R2 for squared errors).
Scores are compared as skill (metrics/skill.py). For both 0 is nothing learnt and 1 is perfect, on
every data set.

A new rule is a function of the evidence and an entry in one of the two tables at the end.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mlp_lab.engine.records import Divergence
from mlp_lab.runs.findings import Finding, Verdict

UNSTABLE_DROP = 0.1
"""Fall of D2 on the training rows below its best so far ..."""
UNSTABLE_SHARE = 0.1
"""... in more than this share of the later half's epochs: unstable."""
UNSTABLE_EPOCHS = 6
"""Fewer say nothing about stability."""
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
DEAD = 0.1
"""Share of a layer's units with slope 0 at all rows."""
SATURATED = 0.1
"""Share of a layer's units whose slope is on average below a twentieth of the largest possible."""
VANISHING = 1e-3
"""RMS of dL/df in the first hidden layer, by the last hidden layer's; its inverse is exploding."""
NEARLY_ALL = 0.8
"""Skill on validation rows that, with a column which almost determines the target, means a leak."""
LARGEST_ERROR = 0.5
"""By the square root of the rows, the largest standard error of a share: closer is no better."""

WITHOUT_HIDDEN_LAYERS = ("linear", "logistic", "poisson")
"""Baselines that a network with hidden layers should beat."""

GRADIENT_BOOSTING = "gradient boosting"
"""The baseline that shows, of a table, what can be learnt from its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStatistics:
    """A hidden layer on training rows: shares of its units after training, RMS of dL/df before."""

    dead: float
    saturated: float
    gradient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a run is judged by.

    `train_loss` and `val_loss` hold a number for each epoch (`val_loss` none without any
    `val_rows`), `constant` the constant prediction's loss by part. `train` and `val` are the
    network's skill, `baselines` the skill of simple methods on the validation rows by their names.
    `constant_errors`: share of the validation rows whose class a constant gets wrong, None for a
    number.
    `leaks`: columns of a table of which each alone almost determines the target.
    """

    divergence: Divergence | None
    train_loss: Sequence[float]
    val_loss: Sequence[float]
    constant: Mapping[str, float]
    train: float
    val: float | None
    val_rows: int
    baselines: Mapping[str, float]
    constant_errors: float | None = None
    layers: Sequence[LayerStatistics] = ()
    leaks: Sequence[str] = ()


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
    ...     baselines={"logistic": 0.75},
    ... )
    >>> verdict = judge(evidence)
    >>> verdict.state.kind, verdict.state.since, [note.kind for note in verdict.notes]
    ('overfit', 9, ['no better than a baseline'])
    """
    return Verdict(
        next(found for rule in STATE_RULES.values() if (found := rule(evidence))),
        [found for rule in NOTE_RULES.values() if (found := rule(evidence))],
    )


def d2(losses: Sequence[float], constant: float) -> list[float]:
    """The fraction of a constant prediction's loss that is explained, in every epoch."""
    scale = constant if constant > 0 else 1.0
    return [1 - loss / scale for loss in losses]


def smoothed(values: Sequence[float]) -> list[float]:
    """Means over a twentieth of the epochs around each, as a single one may be an accident."""
    reach = len(values) // 40
    windows = (values[max(0, i - reach) : i + reach + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def standard_error(evidence: Evidence) -> float:
    """The largest standard error that a skill can have on the validation rows."""
    return LARGEST_ERROR / math.sqrt(evidence.val_rows)


def own_standard_error(evidence: Evidence, skill: float) -> float:
    """The standard error of a skill of classes, from that of the accuracy which it stands for.

    Few errors of a constant make a skill of few rows: it is divided by their share.
    """
    wrong = evidence.constant_errors
    if not wrong:
        return standard_error(evidence)
    errors = min(1.0, (1 - skill) * wrong)
    return math.sqrt(errors * (1 - errors) / evidence.val_rows) / wrong


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
    if share <= UNSTABLE_SHARE:
        return None
    worst = min(raw[epoch] for epoch in below)
    return Finding(
        "unstable",
        f"unstable: the training loss oscillates; in {share:.0%} of the later half's epochs it was"
        f" above its minimum so far by more than {UNSTABLE_DROP:.0%} of a constant prediction's"
        " loss",
        f"D²(train) more than {UNSTABLE_DROP:g} below its best so far in more than"
        f" {UNSTABLE_SHARE:.0%} of the later half's epochs",
        {"share": share, "best": max(raw), "worst": worst},
    )


def not_converged(evidence: Evidence) -> Finding | None:
    """Both losses were still falling when it ended."""
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
    """The validation loss has turned up, or stayed far above the training loss."""
    if not evidence.val_loss:
        return None
    train = smoothed(d2(evidence.train_loss, evidence.constant["train"]))
    val = smoothed(d2(evidence.val_loss, evidence.constant["val"]))
    best = max(range(len(val)), key=val.__getitem__)
    risen, gap = val[best] - val[-1], train[-1] - val[-1]
    numbers = {"best": val[best], "last": val[-1], "train": train[-1]}
    if risen > RISEN and train[-1] >= train[best]:
        lowest = min(range(len(val)), key=evidence.val_loss.__getitem__)
        since = lowest + 1  # the best epoch, as everything else names it
        return Finding(
            "overfit",
            f"overfit since epoch {since}: from there the validation loss rose from"
            f" {evidence.val_loss[lowest]:.4g} to {evidence.val_loss[-1]:.4g}, while the training"
            " loss fell",
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
        f"overfit since epoch {since}: {train[-1]:z.0%} of the training loss is explained, but"
        f" {val[-1]:z.0%} of the validation loss",
        f"D²(train) ended more than {GAP:g} above D²(val)",
        numbers,
        since,
    )


def underfit(evidence: Evidence) -> Finding | None:
    """A simple method does better on new rows than the network on its own training rows."""
    if not evidence.baselines:
        return None
    name = max(evidence.baselines, key=evidence.baselines.__getitem__)
    baseline = evidence.baselines[name]
    margin = max(standard_error(evidence), own_standard_error(evidence, baseline))
    if evidence.train >= baseline - BEHIND - margin:
        return None
    return Finding(
        "underfit",
        f"underfit: skill {evidence.train:z.0%} on the training rows, below the {baseline:z.0%} of"
        f" {name} on the validation rows",
        f"skill(train) below skill(val) of a baseline by more than {BEHIND:g} and its standard"
        f" error: {LARGEST_ERROR:g} / sqrt(validation rows), or that of a share, if it is larger",
        {"train": evidence.train, "rival": baseline},
    )


def undecided(evidence: Evidence) -> Finding | None:
    """There are no validation rows."""
    if evidence.val is not None:
        return None
    return Finding(
        "undecided",
        "undecided: without validation rows a good fit and an overfitted one look alike",
        "no validation rows",
        {"train": evidence.train},
    )


def good_fit(evidence: Evidence) -> Finding | None:
    """None of the other rules applies."""
    assert evidence.val is not None
    return Finding(
        "good fit",
        f"good fit: skill {evidence.train:z.0%} on the training and {evidence.val:z.0%} on the"
        " validation rows",
        "none of the other rules applies",
        {"train": evidence.train, "val": evidence.val},
    )


def leak(evidence: Evidence) -> Finding | None:
    """Nearly everything is known, and one column of a table almost determines the target."""
    if evidence.val is None or evidence.val < NEARLY_ALL or not evidence.leaks:
        return None
    columns = ", ".join(evidence.leaks)
    return Finding(
        "suspiciously good",
        f"suspiciously good: skill {evidence.val:z.1%} on the validation rows; possible target"
        f" leakage: {columns} alone almost determines the target. Is it known before the target"
        " is?",
        f"skill(val) at least {NEARLY_ALL:g}, and a column that the data report suspects of target"
        " leakage",
        {"val": evidence.val},
    )


def no_better(evidence: Evidence) -> Finding | None:
    """A model without hidden layers, or a constant, does as well, or better."""
    if evidence.val is None or evidence.divergence is not None:
        return None
    simple = {
        name: reached
        for name, reached in evidence.baselines.items()
        if name in WITHOUT_HIDDEN_LAYERS
    }
    name, baseline = max({"constant": 0.0, **simple}.items(), key=lambda item: item[1])
    margin = standard_error(evidence)
    if evidence.val > baseline + margin:
        return None
    measure = "worse" if evidence.val < baseline - margin else "not clearly better"
    return Finding(
        "no better than a baseline",
        f"{measure} than the {name} baseline: skill {evidence.val:z.1%} ± {margin:.1%} on the"
        f" validation rows, against {baseline:z.1%}",
        f"skill(val) no more than {LARGEST_ERROR:g} / sqrt(validation rows) above a baseline's",
        {"val": evidence.val, name: baseline, "margin": margin},
    )


def behind_boosting(evidence: Evidence) -> Finding | None:
    """Trees do better on new rows: there is more to learn from these columns."""
    reached = evidence.baselines.get(GRADIENT_BOOSTING)
    if evidence.val is None or evidence.divergence is not None or reached is None:
        return None
    margin = own_standard_error(evidence, evidence.val)
    if reached <= evidence.val + margin:
        return None
    return Finding(
        "worse than gradient boosting",
        f"worse than gradient boosting: skill {evidence.val:z.1%} ± {margin:.1%} on the validation"
        f" rows, against {reached:z.1%}",
        "skill(val) below gradient boosting's by more than its standard error: of a share for"
        f" classes, {LARGEST_ERROR:g} / sqrt(validation rows) for a number",
        {"val": evidence.val, GRADIENT_BOOSTING: reached, "margin": margin},
    )


def dead_units(evidence: Evidence) -> Finding | None:
    """Units of a layer have slope 0 at all rows: they learn no more."""
    return _units("dead", DEAD, [layer.dead for layer in evidence.layers])


def saturated_units(evidence: Evidence) -> Finding | None:
    """Units of a layer have hardly any slope, on average over the rows."""
    return _units("saturated", SATURATED, [layer.saturated for layer in evidence.layers])


def _units(adjective: str, limit: float, shares: Sequence[float]) -> Finding | None:
    if max(shares, default=0.0) <= limit:
        return None
    listed = ", ".join(f"{share:.0%}" for share in shares)
    return Finding(
        f"{adjective} units",
        f"{adjective} hidden units by layer: {listed}",
        f"more than {limit:.0%} of a layer's units",
        {f"layer {k + 1}": share for k, share in enumerate(shares)},
    )


def vanishing_gradients(evidence: Evidence) -> Finding | None:
    """Hardly any gradient reaches the first hidden layer, as the training begins."""
    ratio = gradient_ratio(evidence.layers)
    if ratio is None or ratio >= VANISHING:
        return None
    return _gradients("vanishing gradients", ratio, f"below {VANISHING:g}", evidence.layers)


def exploding_gradients(evidence: Evidence) -> Finding | None:
    """The gradient grows from layer to layer on its way back, as the training begins."""
    ratio = gradient_ratio(evidence.layers)
    if ratio is None or ratio <= 1 / VANISHING:
        return None
    return _gradients("exploding gradients", ratio, f"above {1 / VANISHING:g}", evidence.layers)


def gradient_ratio(layers: Sequence[LayerStatistics]) -> float | None:
    """RMS of dL/df in the first hidden layer by that in the last, of two or more."""
    if len(layers) < 2 or layers[-1].gradient <= 0:
        return None
    return layers[0].gradient / layers[-1].gradient


def _gradients(kind: str, ratio: float, bound: str, layers: Sequence[LayerStatistics]) -> Finding:
    return Finding(
        kind,
        f"the gradient is {ratio:.1e} times as large in the first hidden layer as in the last",
        f"RMS of dL/df, first by last hidden layer, {bound}",
        {f"layer {k + 1}": layer.gradient for k, layer in enumerate(layers)},
    )


STATE_RULES: dict[str, Rule] = {
    "diverged": diverged,
    "unstable": unstable,
    "not converged": not_converged,
    "overfit": overfit,
    "underfit": underfit,
    "undecided": undecided,
    "good fit": good_fit,
}
"""Kind -> its rule, in their order; the last applies where no other does."""

NOTE_RULES: dict[str, Rule] = {
    "suspiciously good": leak,
    "no better than a baseline": no_better,
    "worse than gradient boosting": behind_boosting,
    "dead units": dead_units,
    "saturated units": saturated_units,
    "vanishing gradients": vanishing_gradients,
    "exploding gradients": exploding_gradients,
}
"""Kind -> its rule; each that applies is said."""
