"""What a run is judged by, and how its numbers are compared and said.

Losses are compared as D2 = 1 - L / L0, with L0 the loss of a constant prediction on the same rows:
the fraction of the loss that is explained (as scikit-learn's d2 scores; R2 for squared errors).
Scores are compared as skill (metrics/skill.py). For both 0 is nothing learnt and 1 is perfect, on
every data set. What is said is R2, an accuracy or D2: each skill stands for one of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlp_lab.engine.records import Divergence
from mlp_lab.formatting import counted, percent

LARGEST_ERROR = 0.5
"""By the square root of the rows, the largest standard error of a share: closer is no better."""
WITHOUT_LOSS = 2
"""Standard errors by which a score beats a constant's where no loss beside it confirms it: of four
scores at chance, one is a single standard error above in every other case."""
FEW_ROWS = 5
"""Validation rows; fewer say nothing: half of them are wrong or right by a single row or two."""
MOSTLY_COPIED = 0.5
"""Share of the validation rows that training rows repeat, from which they are no new rows."""
IDLE = 0.05
"""|W - W before the first step| / |W before|, below which a network is still what was drawn."""

CLEARLY = 1.645
"""Standard errors by which a difference is beyond chance: one-sided, 95 %."""

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
    `val_rows`), `constant` the constant prediction's loss by part, `steps` the updates so far.
    `train` and `val` are the skill of the weights that were `kept`, those after so many epochs,
    and `kept_d2` their D2 by part; `baselines` the skill of simple methods on the validation rows
    by their names, `baselines_d2` the D2 of those that have a loss, `differences` the standard
    errors of the network's skill less theirs, paired by row, or by cluster within strata where rows
    were sampled so; `design_effect`: by how much that widens the variance of a skill on validation
    rows. `measure`: what a skill stands for, R2, accuracy, balanced accuracy or D2;
    `constant_errors`: share of a part's rows, or of its classes, that a constant gets wrong, empty
    for a number. `weight_decay`: how strong it is beside the gradient. `early_stopping`: whether it
    was on; `stopped_early`: whether it ended the run. `moved`: |W - W before the first step| /
    |W before|. `test`: skill on `test_rows`, where those are later rows or other groups, None where
    they are drawn like the others; `later`: whether they are of another time, `changed`: columns
    whose mean on them has moved, by how many standard deviations. `largest_input`: of the inputs'
    root mean squares.
    `outlying`: share of the squared deviations of a number's training rows that a few of them
    make; 0 of counts and quantiles. `leaks`: which columns of a table almost determine the
    target, in words. `copied`: share of the validation rows of a table that training rows repeat,
    not by chance. `uncommon`: share of the validation rows that are given another class than the
    commonest. `alike`: correlation of the errors on validation rows with those on training rows
    next to them in the file, of so many `pairs`, 0 where another split than a random one was
    chosen; `in_order`: columns that the file is sorted by. `spread`: correlation of the sizes of
    errors with predictions, of a number that may count something, else 0.
    """

    divergence: Divergence | None
    train_loss: Sequence[float]
    val_loss: Sequence[float]
    constant: Mapping[str, float]
    train: float
    val: float | None
    val_rows: int
    baselines: Mapping[str, float]
    steps: int
    kept: int
    kept_d2: Mapping[str, float]
    baselines_d2: Mapping[str, float]
    differences: Mapping[str, float] = field(default_factory=dict)
    design_effect: float = 1.0
    measure: str = "R²"
    constant_errors: Mapping[str, float]
    weight_decay: float = 0.0
    early_stopping: bool = False
    stopped_early: bool = False
    moved: float = math.inf
    test: float | None = None
    test_rows: int = 0
    later: bool = False
    changed: Mapping[str, float] = field(default_factory=dict)
    largest_input: float = 1.0
    outlying: float = 0.0
    layers: Sequence[LayerStatistics] = ()
    leaks: Sequence[str] = ()
    copied: float = 0.0
    uncommon: float = 0.0
    alike: float = 0.0
    pairs: int = 0
    in_order: Sequence[str] = ()
    spread: float = 0.0


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
    return LARGEST_ERROR * math.sqrt(evidence.design_effect / evidence.val_rows)


def own_standard_error(evidence: Evidence, skill: float) -> float:
    """The standard error of a skill of classes, from that of the accuracy which it stands for.

    Few errors of a constant make a skill of few rows: it is divided by their share.
    """
    wrong = evidence.constant_errors.get("val")
    if not wrong:
        return standard_error(evidence)
    errors = min(1.0, max(0.0, (1 - skill) * wrong))
    variance = errors * (1 - errors) * evidence.design_effect / evidence.val_rows
    return math.sqrt(variance) / wrong


def error_of_nothing(evidence: Evidence) -> float:
    """The standard error of the skill of a model that has learnt nothing."""
    return max(standard_error(evidence), own_standard_error(evidence, 0.0))


def error_of_lead(evidence: Evidence, name: str) -> float:
    """The standard error of the network's skill less a baseline's, or of its own where unknown."""
    assert evidence.val is not None
    found = evidence.differences.get(name)
    return own_standard_error(evidence, evidence.val) if found is None else found


def no_new_rows(evidence: Evidence) -> str:
    """Why its validation rows cannot tell a good fit from an overfitted one; nothing if they can.

    >>> from dataclasses import replace
    >>> tiny = Evidence(divergence=None, train_loss=[], val_loss=[], constant={}, train=1.0,
    ...                 val=1.0, val_rows=2, baselines={}, baselines_d2={}, steps=0, kept=0,
    ...                 kept_d2={}, constant_errors={})
    >>> no_new_rows(tiny), no_new_rows(replace(tiny, val_rows=60, copied=0.6))
    ('2 validation rows are too few', '60 % of the validation rows are training rows')
    """
    if evidence.val is None:
        return ""
    if evidence.val_rows < FEW_ROWS:
        rows = counted(evidence.val_rows, "validation row")
        return f"{rows} {'is' if evidence.val_rows == 1 else 'are'} too few"
    if evidence.copied >= MOSTLY_COPIED:
        return f"{percent(evidence.copied)} of the validation rows are training rows"
    if evidence.constant_errors.get("val") == 0:
        return "all validation rows have the class that is commonest"
    return ""


def has_learnt(evidence: Evidence) -> bool:
    """Whether the weights that were kept beat a constant prediction on the validation rows.

    What is worse than a constant on the rows it was trained on beats it elsewhere by chance.
    """
    assert evidence.val is not None
    if evidence.train <= 0 and evidence.kept_d2["train"] <= 0:
        return False
    return beats_constant(evidence, evidence.val, evidence.kept_d2["val"])


def beats_constant(evidence: Evidence, skill: float, explained: float | None) -> bool:
    """Whether a model beats a constant prediction on the validation rows by its standard error.

    By the loss, or by the score while the loss is no worse: probabilities may be learnt where no
    row is given another class, and at chance the score alone is above in one of six cases.
    """
    margin = error_of_nothing(evidence)
    if explained is None:
        return skill > WITHOUT_LOSS * margin
    return explained > standard_error(evidence) or (skill > margin and explained > 0)


def anything_beats_constant(evidence: Evidence) -> bool:
    """Whether some baseline does."""
    return any(
        beats_constant(evidence, skill, evidence.baselines_d2.get(name))
        for name, skill in evidence.baselines.items()
    )


def nothing_holds(evidence: Evidence) -> bool:
    """Whether no model beats a constant on new rows, a trained network among them."""
    if evidence.val is None or is_idle(evidence) or not evidence.baselines:
        return False
    return not (has_learnt(evidence) or anything_beats_constant(evidence))


def is_idle(evidence: Evidence) -> bool:
    """Whether training left the weights as they were drawn, or nearly.

    Those of an early epoch, kept because no later one was better, say nothing about it.
    """
    late = evidence.kept > len(evidence.train_loss) / 2
    return late and evidence.moved < IDLE


def score_of(evidence: Evidence, skill: float, part: str, decimals: int = 2) -> str:
    """The score that a skill stands for, in its own units; `decimals` are those of a number's.

    >>> number = Evidence(divergence=None, train_loss=[], val_loss=[], constant={}, train=0.5,
    ...                   val=0.5, val_rows=100, baselines={}, baselines_d2={}, steps=0, kept=0,
    ...                   kept_d2={}, constant_errors={})
    >>> score_of(number, 0.905, "val")
    '0.91'
    """
    wrong = evidence.constant_errors.get(part)
    return f"{skill:z.{decimals}f}" if wrong is None else percent(1 - (1 - skill) * wrong)


def decimals_of(difference: float, error: float) -> int:
    """Two, or as many more as it takes to see what scores differ by, if that can be seen.

    >>> decimals_of(-0.2, 0.07), decimals_of(-0.0003, 0.0001), decimals_of(-1e-8, 1e-9)
    (2, 4, 2)
    """
    larger = max(abs(difference), error)
    return max(2, math.ceil(-math.log10(larger))) if larger >= SAME else 2


SAME = 1e-6
"""Difference of two scores below which single precision does not tell them apart."""


def difference_of(evidence: Evidence, difference: float, error: float, decimals: int = 2) -> str:
    """A difference of skills on the validation rows, and its error, in the units of the score."""
    wrong = evidence.constant_errors.get("val")
    if wrong is None:
        return f"{difference:+z.{decimals}f} ± {error:.{decimals}f}"
    sign = "+" if difference > 0 else ""
    return f"{sign}{percent(difference * wrong)} ± {percent(error * wrong)}"


def by_chance(evidence: Evidence) -> str:
    """What an accuracy has to be held against; nothing for a number, whose R2 is then 0."""
    wrong = evidence.constant_errors.get("val")
    if wrong is None:
        return ""
    which = " of each target" if evidence.measure.startswith("mean ") else ""
    return f" (always guessing one class{which}: {percent(1 - wrong)})"


def kept_scores(evidence: Evidence) -> str:
    """How well the weights that were kept do on both parts."""
    assert evidence.val is not None
    train, val = (
        score_of(evidence, skill, part)
        for part, skill in (("train", evidence.train), ("val", evidence.val))
    )
    return (
        f"{evidence.measure} {train} on the training and {val} on the validation rows"
        f"{by_chance(evidence)}"
    )
