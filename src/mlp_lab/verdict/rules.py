"""The rules by which a run is judged, all of them, with their thresholds (docs/verdicts.md).

Losses are compared as shares explained: E = 1 - L / L0, with L0 the loss of a constant prediction
on the same rows; 0 is nothing learnt, 1 is perfect. Scores are compared as S: R2, or for classes
the share of a constant prediction's errors that are gone. Both mean the same on every data set.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mlp_lab.engine.records import Divergence

UNSTABLE_DROP = 0.1
"""Of E on the training rows below its best so far ..."""
UNSTABLE_SHARE = 0.1
"""... in more than this share of the later half's epochs: unstable."""
UNSTABLE_EPOCHS = 6
"""Fewer say nothing about stability."""
STILL_GAINING = 0.01
"""Of E on the training rows, in the last third of the epochs ..."""
LATE_SHARE = 0.08
"""... which is this share of all that it has gained above a constant, while validation rows gain:
not converged."""
RISEN = 0.05
"""Of E on the validation rows below its best: overfit."""
GAP = 0.2
"""Of E between training and validation rows: overfit."""
BEHIND = 0.05
"""Of S on training rows below what a simple rival surely reaches on validation rows: underfit."""
DEAD = 0.1
"""Share of a layer's units with slope 0 at all rows."""
SATURATED = 0.1
"""Share of a layer's units whose slope is on average below a twentieth of the largest possible."""
VANISHING = 1e-3
"""RMS of dL/df in the first hidden layer, by the last hidden layer's; its inverse is exploding."""
NEARLY_ALL = 0.8
"""S on validation rows beside a column that almost gives the target away: a leak?"""
LARGEST_ERROR = 0.5
"""By the square root of the rows, the largest standard error of a share: closer is no better."""

STATES = ("diverged", "unstable", "not converged", "overfit", "underfit", "good fit", "undecided")
NOTES = (
    *("dead units", "saturated units", "vanishing gradients", "exploding gradients"),
    *("no better than a baseline", "suspiciously good"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A hidden layer on training rows: what it ended as, and the RMS of dL/df as it began."""

    dead: float
    saturated: float
    gradient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a run is judged by.

    `train_loss` and `val_loss` hold a number for each epoch (`val_loss` none without any
    `val_rows`), `constant` the constant prediction's loss by part. `train` and `val` are S of the
    network, `rivals` S of simple methods on the validation rows by their names. `leaks`: columns
    of a table of which each alone almost gives the target away.
    """

    divergence: Divergence | None
    train_loss: Sequence[float]
    val_loss: Sequence[float]
    constant: Mapping[str, float]
    train: float
    val: float | None
    val_rows: int
    rivals: Mapping[str, float]
    layers: Sequence[Layer] = ()
    leaks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so, in words; by which rule, and the numbers it used."""

    kind: str
    words: str
    rule: str
    numbers: dict[str, float]
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the training went, and what else is worth knowing."""

    state: Finding
    notes: list[Finding]


def judge(evidence: Evidence) -> Verdict:
    """Hold a run against the rules, in their order; the first that applies is its state."""
    rules = (diverged, unstable, not_converged, overfit, underfit)
    state = next((found for rule in rules if (found := rule(evidence))), None)
    notes = [
        *(note for rule in (too_good, no_better) if (note := rule(evidence))),
        *inner_notes(evidence.layers),
    ]
    return Verdict(state or sound(evidence), notes)


def explained(losses: Sequence[float], constant: float) -> list[float]:
    """E of every epoch."""
    scale = constant if constant > 0 else 1.0
    return [1 - loss / scale for loss in losses]


def smoothed(values: Sequence[float]) -> list[float]:
    """Means over a twentieth of the epochs around each, as a single one may be an accident."""
    reach = len(values) // 40
    windows = (values[max(0, i - reach) : i + reach + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def diverged(evidence: Evidence) -> Finding | None:
    """The loss was not finite."""
    where = evidence.divergence
    if where is None:
        return None
    numbers = {"epoch": where.epoch, "step": where.step, "learning rate": where.lr}
    return Finding("diverged", str(where), "a loss that is not finite", numbers)


def unstable(evidence: Evidence) -> Finding | None:
    """The training loss jumps back again and again."""
    raw = explained(evidence.train_loss, evidence.constant["train"])
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
        f"unstable: the training loss jumps; in {share:.0%} of the later epochs it had lost more"
        f" than {UNSTABLE_DROP:.0%} of what it had explained before",
        f"E(train) more than {UNSTABLE_DROP:g} below its best so far in more than"
        f" {UNSTABLE_SHARE:.0%} of the later half's epochs",
        {"share": share, "best": max(raw), "worst": worst},
    )


def not_converged(evidence: Evidence) -> Finding | None:
    """Both losses were still falling when it ended."""
    train = smoothed(explained(evidence.train_loss, evidence.constant["train"]))
    earlier = len(train) - max(1, len(train) // 3)
    gained, late = train[-1] - max(0.0, train[0]), train[-1] - train[earlier - 1]
    numbers = {"train": late, "gained": gained}
    if late <= max(STILL_GAINING, LATE_SHARE * gained):
        return None
    if evidence.val_loss:
        val = smoothed(explained(evidence.val_loss, evidence.constant["val"]))
        numbers["val"] = val[-1] - max(val[:earlier])
        if numbers["val"] <= 0:
            return None
    return Finding(
        "not converged",
        "not converged: the losses were still falling when it ended",
        f"in the last third of the epochs E(train) rose by more than {STILL_GAINING:g} and"
        f" {LATE_SHARE:.0%} of all that it gained above a constant, and E(val) ended above its best"
        " before that",
        numbers,
    )


def overfit(evidence: Evidence) -> Finding | None:
    """The validation loss has turned up, or stayed far above the training loss."""
    if not evidence.val_loss:
        return None
    train = smoothed(explained(evidence.train_loss, evidence.constant["train"]))
    val = smoothed(explained(evidence.val_loss, evidence.constant["val"]))
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
            f"E(val) ended more than {RISEN:g} below its best, and E(train) rose",
            numbers,
            since,
        )
    if gap <= GAP:
        return None
    narrow = [epoch for epoch in range(len(val)) if train[epoch] - val[epoch] <= GAP / 2]
    since = narrow[-1] + 2 if narrow else 1
    return Finding(
        "overfit",
        f"overfit since epoch {since}: it explains {train[-1]:z.0%} of the training loss, but"
        f" {val[-1]:z.0%} of the validation loss",
        f"E(train) ended more than {GAP:g} above E(val)",
        numbers,
        since,
    )


def underfit(evidence: Evidence) -> Finding | None:
    """A simple method does better on new rows than the network on its own training rows."""
    if not evidence.rivals:
        return None
    name = max(evidence.rivals, key=evidence.rivals.__getitem__)
    rival = evidence.rivals[name]
    if evidence.train >= rival - BEHIND - standard_error(evidence):
        return None
    return Finding(
        "underfit",
        f"underfit: it explains {evidence.train:z.0%} of its own training rows, where {name}"
        f" explains {rival:z.0%} of the validation rows",
        f"S(train) below S(val) of a simple rival by more than {BEHIND:g} and its standard error,"
        f" at most {LARGEST_ERROR:g} / sqrt(validation rows)",
        {"train": evidence.train, "rival": rival},
    )


def sound(evidence: Evidence) -> Finding:
    """None of the above."""
    if evidence.val is None:
        return Finding(
            "undecided",
            "undecided: without validation rows a good fit and an overfitted one look alike",
            "no validation rows",
            {"train": evidence.train},
        )
    return Finding(
        "good fit",
        f"good fit: it explains {evidence.train:z.0%} of the training and {evidence.val:z.0%} of"
        " the validation rows",
        "none of the other rules applies",
        {"train": evidence.train, "val": evidence.val},
    )


def standard_error(evidence: Evidence) -> float:
    """Of S on the validation rows, at most."""
    return LARGEST_ERROR / math.sqrt(evidence.val_rows)


def inner_notes(layers: Sequence[Layer]) -> list[Finding]:
    """Hidden units that learn no more, and gradients that do not arrive."""
    notes = []
    for kind, limit, shares in (
        ("dead units", DEAD, [layer.dead for layer in layers]),
        ("saturated units", SATURATED, [layer.saturated for layer in layers]),
    ):
        if max(shares, default=0.0) > limit:
            adjective = kind.partition(" ")[0]
            listed = ", ".join(f"{share:.0%}" for share in shares)
            words = f"{adjective} hidden units by layer: {listed}"
            numbers = {f"layer {k + 1}": share for k, share in enumerate(shares)}
            notes.append(Finding(kind, words, f"more than {limit:.0%} of a layer's units", numbers))
    if len(layers) >= 2 and layers[-1].gradient > 0:
        ratio = layers[0].gradient / layers[-1].gradient
        numbers = {f"layer {k + 1}": layer.gradient for k, layer in enumerate(layers)}
        words = (
            f"the gradient is {ratio:.1e} times as large in the first hidden layer as in the last"
        )
        if ratio < VANISHING:
            rule = f"RMS of dL/df, first by last hidden layer, below {VANISHING:g}"
            notes.append(Finding("vanishing gradients", words, rule, numbers))
        elif ratio > 1 / VANISHING:
            rule = f"RMS of dL/df, first by last hidden layer, above {1 / VANISHING:g}"
            notes.append(Finding("exploding gradients", words, rule, numbers))
    return notes


def no_better(evidence: Evidence) -> Finding | None:
    """A model without hidden layers, or a constant, does as well, or better."""
    if evidence.val is None or evidence.divergence is not None:
        return None
    rivals = {name: s for name, s in evidence.rivals.items() if name in ("linear", "logistic")}
    name, rival = max({"constant": 0.0, **rivals}.items(), key=lambda item: item[1])
    margin = standard_error(evidence)
    if evidence.val > rival + margin:
        return None
    measure = "worse" if evidence.val < rival - margin else "not clearly better"
    return Finding(
        "no better than a baseline",
        f"{measure} than the {name} baseline: {evidence.val:z.1%} ± {margin:.1%} against"
        f" {rival:z.1%} of the validation rows explained",
        f"S(val) no more than {LARGEST_ERROR:g} / sqrt(validation rows) above a baseline's",
        {"val": evidence.val, name: rival, "margin": margin},
    )


def too_good(evidence: Evidence) -> Finding | None:
    """Nearly everything is known, and one column of a table gives it away."""
    if evidence.val is None or evidence.val < NEARLY_ALL or not evidence.leaks:
        return None
    columns = ", ".join(evidence.leaks)
    return Finding(
        "suspiciously good",
        f"suspiciously good: {evidence.val:z.1%} of the validation rows explained, and {columns}"
        " alone almost gives the answer: would you have it when you predict?",
        f"S(val) at least {NEARLY_ALL:g}, and a column that the data report suspects of a leak",
        {"val": evidence.val},
    )
