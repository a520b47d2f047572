"""Rules on what else is worth knowing of a run, with their thresholds (docs/verdicts.md)."""

import math
from collections.abc import Sequence
from dataclasses import replace

from mlp_lab.formatting import percent, typed_name
from mlp_lab.runs.findings import Finding
from mlp_lab.verdict.evidence import (
    CLEARLY,
    GRADIENT_BOOSTING,
    LARGEST_ERROR,
    SAME,
    Evidence,
    LayerStatistics,
    decimals_of,
    difference_of,
    error_of_lead,
    has_learnt,
    no_new_rows,
    nothing_holds,
    own_standard_error,
    score_of,
    standard_error,
)

DEAD = 0.1
"""Share of a layer's units with slope 0 at all rows."""
SATURATED = 0.1
"""Share of a layer's units whose slope is on average below a twentieth of the largest possible."""
VANISHING = 1e-3
"""RMS of dL/df in the first hidden layer, by the last hidden layer's; its inverse is exploding."""
NEARLY_ALL = 0.8
"""Skill on validation rows that, with a column which almost determines the target, means a leak."""
UNSCALED = 100
"""Root mean square of an input, of scaled ones 1, from which steps suit none of the weights."""
HALF = 0.5
"""Share of the squared deviations that 2 % of the rows make, of a normal distribution 13 %; rows
given a rare class by those that have one."""
RARE = 0.3
"""Share of the rows that are not of the commonest class."""
SHIFTED = 0.1
"""Fall of skill from the validation to later rows, beyond chance."""

MOST_NAMED = 3
"""Columns that changed, of those that are named."""
COPIED = 0.1
"""Share of the validation rows that training rows repeat, target included."""
ALIKE = 0.2
"""Correlation of the errors on rows next to each other in the file, from which they are alike."""
GROWING = 0.1
"""Correlation of the sizes of errors with predictions, from which they grow with these."""
SURELY = 4
"""Standard errors of that correlation: a row may be in two pairs."""
COUNTED = 2.33
"""Standard errors of the correlation of sizes: one-sided, 99 %."""

WITHOUT_HIDDEN_LAYERS = ("linear", "logistic", "poisson")
"""Baselines that a network with hidden layers should beat."""


def leak(evidence: Evidence) -> Finding | None:
    """Nearly everything is known, and one column of a table almost determines the target."""
    if evidence.val is None or evidence.val < NEARLY_ALL or not evidence.leaks:
        return None
    return Finding(
        "suspiciously good",
        f"suspiciously good: {evidence.measure} {score_of(evidence, evidence.val, 'val')} on the"
        f" validation rows; possible target leakage: {', '.join(evidence.leaks)}. Is that known"
        " before the target is?",
        f"skill(val) at least {NEARLY_ALL:g}, and columns that the data report suspects of target"
        " leakage",
        {"val": evidence.val},
    )


def no_better(evidence: Evidence) -> Finding | None:
    """A model without hidden layers, or a constant, does as well, or better."""
    if evidence.val is None or evidence.divergence is not None or nothing_holds(evidence):
        return None
    if no_new_rows(evidence):
        return None
    simple = {
        name: reached
        for name, reached in evidence.baselines.items()
        if name in WITHOUT_HIDDEN_LAYERS
    }
    name, baseline = max({"constant": 0.0, **simple}.items(), key=lambda item: item[1])
    ahead, error = evidence.val - baseline, error_of_lead(evidence, name)
    if ahead > CLEARLY * error or (name == "constant" and not has_learnt(evidence)):
        return None  # that it is no better than a constant, its state says
    measure = "worse" if ahead < -max(SAME, CLEARLY * error) else "not clearly better"
    return Finding(
        "no better than a baseline",
        f"{measure} than the {name} baseline: {_against(evidence, baseline, error)}",
        f"skill(val) no more than {CLEARLY:g} standard errors of the difference, paired by row or"
        " cluster, above a baseline's",
        {"val": evidence.val, name: baseline, "standard error": error},
    )


def behind_boosting(evidence: Evidence) -> Finding | None:
    """Trees do better on new rows: there is more to learn from these columns."""
    reached = evidence.baselines.get(GRADIENT_BOOSTING)
    if evidence.val is None or evidence.divergence is not None or reached is None:
        return None
    if no_new_rows(evidence):
        return None
    error = error_of_lead(evidence, GRADIENT_BOOSTING)
    if reached <= evidence.val + max(SAME, CLEARLY * error) or nothing_holds(evidence):
        return None
    return Finding(
        "worse than gradient boosting",
        f"worse than gradient boosting: {_against(evidence, reached, error)}",
        f"skill(val) below gradient boosting's by more than {CLEARLY:g} standard errors of the"
        " difference, paired by row or cluster",
        {"val": evidence.val, GRADIENT_BOOSTING: reached, "standard error": error},
    )


def _against(evidence: Evidence, other: float, error: float) -> str:
    """Two scores on the validation rows, and their difference with its standard error."""
    assert evidence.val is not None
    own, ahead = evidence.val, evidence.val - other
    decimals = decimals_of(ahead, error)
    return (
        f"{evidence.measure} {score_of(evidence, own, 'val', decimals)} on the validation rows,"
        f" against {score_of(evidence, other, 'val', decimals)}"
        f" ({difference_of(evidence, ahead, error, decimals)})"
    )


def dead_units(evidence: Evidence) -> Finding | None:
    """Units of a layer have slope 0 at all rows: they learn no more."""
    found = _units("dead", DEAD, [layer.dead for layer in evidence.layers])
    return found and replace(found, numbers={**found.numbers, "moved": evidence.moved})


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


def unscaled_inputs(evidence: Evidence) -> Finding | None:
    """An input is so large that its weights need other steps than all others."""
    if evidence.largest_input < UNSCALED:
        return None
    return Finding(
        "unscaled inputs",
        f"unscaled inputs: the root mean square of one is {evidence.largest_input:,.0f}, of one"
        " that is scaled 1",
        f"root mean square of an input at least {UNSCALED:g}",
        {"largest input": evidence.largest_input},
    )


def outliers(evidence: Evidence) -> Finding | None:
    """A few rows decide on the squared error."""
    if evidence.outlying < HALF or counts(evidence) is not None:
        return None  # of counts, large ones are no accident
    robust = evidence.measure.endswith("D²")
    if robust and evidence.val is not None and has_learnt(evidence):
        return None  # in spite of them
    if robust:
        mend = "if they are codes of no answer, data.missing_in says so"
    else:
        mend = "a loss of absolute errors heeds them less"
    return Finding(
        "outliers",
        f"outliers: 2 % of the training rows make {percent(evidence.outlying)} of the squared"
        f" deviations of the target; {mend}",
        f"2 % of the training rows make at least {HALF:.0%} of the squared deviations from the"
        " median, and the loss is of squared errors, or no better than a constant's",
        {"share": evidence.outlying},
    )


def rare_classes(evidence: Evidence) -> Finding | None:
    """Probabilities are learnt, yet hardly a row is given another class than the commonest."""
    if evidence.val is None or evidence.divergence is not None or evidence.measure != "accuracy":
        return None
    learnt = evidence.kept_d2["val"]
    others = evidence.constant_errors["val"]
    if others >= RARE or evidence.uncommon >= HALF * others:
        return None
    if learnt <= standard_error(evidence) or evidence.val > own_standard_error(evidence, 0.0):
        return None
    return Finding(
        "rare classes",
        f"rare classes: its probabilities avoid {percent(learnt)} of a constant prediction's loss"
        " on the validation rows, but it gives hardly a row another class than the commonest",
        f"D²(val) above {LARGEST_ERROR:g} / sqrt(validation rows), accuracy no more than its"
        " standard error above that of one class, and less than half as many rows given another"
        " class as have one",
        {"explained": learnt, "val": evidence.val},
    )


def later_rows(evidence: Evidence) -> Finding | None:
    """Rows of another time, group or file are predicted worse than those it was chosen by."""
    if evidence.val is None or evidence.test is None or evidence.divergence is not None:
        return None
    rows = 1 / evidence.val_rows + 1 / max(1, evidence.test_rows)
    margin = 2 * LARGEST_ERROR * math.sqrt(rows * evidence.design_effect)
    if evidence.val - evidence.test <= SHIFTED + margin:
        return None
    return Finding(
        "later rows differ",
        f"later rows differ: {evidence.measure} {score_of(evidence, evidence.test, 'test')} on the"
        f" test rows, of another time or group, after {score_of(evidence, evidence.val, 'val')} on"
        f" the validation rows: expect the former on new rows; {_against_change(evidence)}",
        "where data.time, data.group, data.part or data.test_path choose the test rows:"
        f" skill(test) below skill(val) by more than {SHIFTED:g} and two standard errors of their"
        " difference",
        {"val": evidence.val, "test": evidence.test, "margin": margin},
    )


def _against_change(evidence: Evidence) -> str:
    """What may help where rows to come are others: no weaker network does."""
    if evidence.later:
        rows = "train on more of the latest rows, and anew as rows come in"
    else:
        rows = "train on rows that are more like them"
    if not evidence.changed:
        return f"regularising does not mend it: {rows}, and leave out columns that change"
    named = list(evidence.changed.items())[:MOST_NAMED]
    moved = ", ".join(f"{name} by {by:.1f} standard deviations" for name, by in named)
    more = ", …" if len(evidence.changed) > MOST_NAMED else ""
    which = f"columns that change ({moved}{more})"
    return f"regularising does not mend it: {rows}, or leave out {which}"


def repeated_rows(evidence: Evidence) -> Finding | None:
    """Rows that were trained on are among those that it is judged by."""
    if evidence.val is None or evidence.copied < COPIED:
        return None
    return Finding(
        "repeated rows",
        f"repeated rows: {percent(evidence.copied)} of the validation rows are in the training"
        " rows, too, target included: scores on them say little of new rows; leave copies out, or"
        " keep them in one part by data.group",
        f"training rows repeat at least {COPIED:.0%} of the validation rows, which measured numbers"
        " tell apart from others",
        {"share": evidence.copied},
    )


def rows_in_order(evidence: Evidence) -> Finding | None:
    """Rows next to each other err alike, and a random split puts them into different parts."""
    if evidence.val is None or evidence.divergence is not None or evidence.copied >= COPIED:
        return None
    if evidence.alike < max(ALIKE, SURELY / math.sqrt(max(1, evidence.pairs))):
        return None
    keeps = (
        f"{typed_name('data.time', evidence.in_order[0])} keeps these"
        if evidence.in_order
        else "data.time, if a column tells when, keeps these"
    )
    return Finding(
        "rows in order of time",
        f"rows in order of time: errors on rows next to each other in the file correlate by"
        f" {evidence.alike:.2f}, but were split at random: expect less of later rows; {keeps}"
        " for the test (or data.group, if a column names groups of neighbours)",
        f"rank correlation of errors on {evidence.pairs:,} pairs of a validation row and a training"
        f" row next to it at least {ALIKE:g} and {SURELY:g} / sqrt(pairs), of a random split",
        {"correlation": evidence.alike, "pairs": evidence.pairs},
    )


def counts(evidence: Evidence) -> Finding | None:
    """A target of whole numbers from 0 or 1 on, whose errors are the larger, the more there are."""
    if evidence.val is None or evidence.divergence is not None or not has_learnt(evidence):
        return None
    if evidence.spread < max(GROWING, COUNTED / math.sqrt(evidence.val_rows)):
        return None
    return Finding(
        "counts",
        "counts: the target has whole numbers from 0 or 1 on, and the larger the prediction, the"
        f" larger the errors (their sizes correlate by {evidence.spread:.2f}), as of counts, for"
        " which loss=poisson is",
        "whole numbers, the least 0 or 1, learnt by squared errors; rank correlation of |error|"
        f" with the prediction at least {GROWING:g} and {COUNTED:g} / sqrt(validation rows)",
        {"correlation": evidence.spread},
    )
