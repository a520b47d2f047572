"""What a run keeps of its validation rows, beside the network that they chose.

Of a number its residuals, by which predictions get intervals; of two classes the probabilities of
both, by which a decision threshold is chosen. No row can be told from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.rows import by_target
from mlp_lab.data.schema import AnyTarget, Target
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.metrics.conformal import ROUNDING, Residuals, require_level
from mlp_lab.metrics.coverage import Coverage, TargetCoverage, half_widths
from mlp_lab.metrics.decision_threshold import Ranking
from mlp_lab.metrics.predictions import Predictions, TargetPredictions
from mlp_lab.network.losses import Objective
from mlp_lab.plain import brief, read_as

MOST_NUMBERS = 10_000
"""Of one list."""

MOST_ROWS = 2.0**53
"""Above it not every whole number is one of double precision."""

USUAL_LEVEL = 0.9
"""Of the intervals that a run tries on its test rows."""

NOTHING_KEPT = "this run kept none: it had none, or is of an earlier version"


@dataclass(frozen=True, slots=True)
class ValidationRecord:
    """`residuals`: of each target that is a number; `ranking`: of one target of two classes."""

    residuals: list[Residuals] = field(default_factory=list)
    ranking: Ranking | None = None

    @classmethod
    def of(cls, val: Predictions) -> ValidationRecord | None:
        """Of a network's predictions for the validation rows; None where nothing is to be kept."""
        if len(val.truth) == 0:
            return None
        if val.target.task == "regression":
            return cls([_residuals(one) for one in val.each])
        target = val.target
        if not ranks(target) or not val.probabilities:
            return None
        (one,) = val.each
        probabilities = one.target.scores(one.outputs)[:, 1]
        ranking = Ranking.of(probabilities, one.labels, val.weights)
        return cls(ranking=ranking) if ranking.probabilities else None

    def to_dict(self) -> dict[str, object]:
        """As schema.json has it."""
        if self.ranking is not None:
            return {"ranking": asdict(self.ranking)}
        return {"residuals": [asdict(own) for own in self.residuals]}


def ranks(target: AnyTarget) -> bool:
    """Whether a target is one of two classes."""
    return isinstance(target, Target) and target.classes is not None and len(target.classes) == 2


def _residuals(one: TargetPredictions) -> Residuals:
    return Residuals.of((one.outputs - one.target.encode(one.truth))[:, 0], one.weights)


def require_ranking(record: ValidationRecord | None) -> Ranking:
    """What is kept of the validation rows of two classes.

    Raises:
        UserError: nothing is.
    """
    if record is None or record.ranking is None:
        raise UserError(f"cost needs validation rows, and {NOTHING_KEPT}")
    return record.ranking


def place_of_class(target: AnyTarget, class_name: str | None, *, probabilities: bool) -> int:
    """Which of its two classes a threshold is of: the second, unless another is named.

    Raises:
        UserError: there are no two classes with probabilities, or no such class.
    """
    if not isinstance(target, Target) or target.classes is None or len(target.classes) != 2:
        what = f"several targets ({target.name})"
        if isinstance(target, Target):
            count = "a number" if target.classes is None else f"{len(target.classes)} classes"
            what = f"{target.name}, {count}"
        raise UserError(
            f"threshold and cost are for one target of two classes, and this run has {what}"
        )
    if not probabilities:
        raise UserError(
            f"threshold and cost need probabilities: the outputs for {target.name} are none"
        )
    if class_name is None:
        return 1
    name = str(class_name)  # classes of numbers are named by their digits
    require_choice(name, "class_name", target.classes)
    return target.classes.index(name)


def intervals(
    record: ValidationRecord | None,
    target: AnyTarget,
    objective: Objective,
    outputs: Floats,
    level: float,
) -> Floats:
    """Both ends of an interval of each target, (N, T, 2), around outputs, (N, T).

    Counts have none below 0.

    Raises:
        UserError: the target is no number, or too few validation rows were kept.
    """
    require_level(level)
    if target.task != "regression":
        raise UserError(
            f"an interval is for numbers, and {target.name} holds classes: its probabilities say"
            " how sure a prediction is"
        )
    if record is None:
        raise UserError(f"an interval needs validation rows, and {NOTHING_KEPT}")
    widths = np.array([own.half_width(level) for own in record.residuals])
    least = 0.0 if objective.output == "exponential" else -np.inf
    ends = np.maximum(outputs - widths, least), outputs + widths
    return np.stack([by_target(target.decode(end)) for end in ends], -1)


def coverage_of(
    record: ValidationRecord | None, rows: Predictions, objective: Objective, level: float
) -> Coverage:
    """How many of some rows, one of which has a weight, lie in their intervals.

    Raises:
        UserError: as of `intervals`.
    """
    bounds = intervals(record, rows.target, objective, rows.outputs, level)  # (N, T, 2)
    assert record is not None
    low, high, truth = bounds[..., 0], bounds[..., 1], by_target(rows.truth)
    shares = np.average((low <= truth) & (truth <= high), axis=0, weights=rows.weights).tolist()
    with np.errstate(invalid="ignore"):  # both ends of a wild prediction may be infinite
        widths = np.average(high - low, axis=0, weights=rows.weights).tolist()
    halves = half_widths(record.residuals, rows.target, level)
    found = {
        name: TargetCoverage(share, width if math.isfinite(width) else None, half)
        for (name, half), share, width in zip(halves.items(), shares, widths, strict=True)
    }
    return Coverage(level, record.residuals[0].rows, found)


def usual_coverage(
    record: ValidationRecord | None, rows: Predictions, objective: Objective
) -> Coverage | None:
    """The same of the usual level; None where there is no such interval, or no row."""
    some = len(rows.truth) > 0 and (rows.weights is None or bool(rows.weights.any()))
    if rows.target.task != "regression" or not some:
        return None
    try:
        return coverage_of(record, rows, objective, USUAL_LEVEL)
    except UserError:  # too few validation rows
        return None


def record_of(value: object, key: str, target: AnyTarget) -> ValidationRecord:
    """What schema.json says of the validation rows of a target.

    Raises:
        UserError: a key is unknown, or holds what it cannot.
    """
    found = read_as(ValidationRecord, value, key)
    wanted = len(target.each) if target.task == "regression" else 0
    if len(found.residuals) != wanted:
        raise UserError(f"{key}.residuals must be of {wanted} targets, got {len(found.residuals)}")
    for place, own in enumerate(found.residuals):
        name = f"{key}.residuals[{place}]"
        _require_ascending({"sizes": own.sizes, "shares": own.shares}, name)
        if own.sizes and own.sizes[0] < 0:
            raise UserError(f"{name}.sizes must be 0 or more, got {brief(own.sizes[0])}")
        if own.shares and not 0 <= own.shares[0] <= own.shares[-1] <= 1 + ROUNDING:
            raise UserError(f"{name}.shares must be in [0, 1], got {brief(own.shares)}")
        require(0 <= own.rows <= MOST_ROWS, f"{name}.rows", f"0 to {MOST_ROWS:,.0f}", own.rows)
    if found.ranking is not None:
        if not ranks(target):
            raise UserError(
                f"{key}.ranking must be missing for {target.name}: it is of two classes"
            )
        _require_ranked(found.ranking, f"{key}.ranking")
    return found


def _require_ranked(rows: Ranking, key: str) -> None:
    """Raise unless they are probabilities, with a weight below each."""
    lists = {"probabilities": rows.probabilities, "first": rows.first, "second": rows.second}
    _require_ascending(lists, key)
    if not rows.probabilities:
        raise UserError(f"{key}.probabilities must be of 1 number or more, got none")
    if rows.probabilities[0] < 0 or rows.probabilities[-1] > 1:
        raise UserError(f"{key}.probabilities must be in [0, 1], got {brief(rows.probabilities)}")
    for name, sums in (("first", rows.first), ("second", rows.second)):
        if sums[0] < 0:
            raise UserError(f"{key}.{name} must be 0 or more, got {brief(sums[0])}")
    total = rows.first[-1] + rows.second[-1]
    require(0 < total < math.inf, key, "of rows that weigh more than 0 together", total)
    if len(rows.left_out) not in (0, len(rows.first)) or any(n < 0 for n in rows.left_out):
        rule = f"{len(rows.first)} counts of 0 or more, as the other lists have"
        raise UserError(f"{key}.left_out must be {rule}, got {brief(rows.left_out)}")


def _require_ascending(lists: dict[str, list[float]], key: str) -> None:
    """Raise unless lists are of one length, and each ascends."""
    length = len(next(iter(lists.values())))
    for name, values in lists.items():
        if len(values) != length or length > MOST_NUMBERS:
            rule = f"of {length} numbers, as the others, and at most {MOST_NUMBERS:,}"
            raise UserError(f"{key}.{name} must be {rule}, got {len(values)}")
        if not _ascend(values):
            raise UserError(f"{key}.{name} must be finite numbers in order, got {brief(values)}")


def _ascend(values: Sequence[float]) -> bool:
    return all(a <= b for a, b in pairwise([*values, float("inf")])) and float("inf") not in values
