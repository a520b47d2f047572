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
from mlp_lab.formatting import percent

LARGEST_ERROR = 0.5
"""By the square root of the rows, the largest standard error of a share: closer is no better."""
WITHOUT_LOSS = 2
"""Standard errors by which a score beats a constant's where no loss beside it confirms it: of four
scores at chance, one is a single standard error above in every other case."""
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
    errors of the network's skill less theirs, paired by row. `measure`: what a skill stands
    for, R2, accuracy, balanced accuracy or D2; `constant_errors`: share of a part's rows, or of
    its classes, that a constant gets wrong, empty for a number. `weight_decay`: how strong it is
    beside the gradient. `early_stopping`: whether it was
    on; `stopped_early`: whether it ended the run. `moved`: |W - W before the first step| /
    |W before|. `test`: skill on `test_rows`, where those are later rows or other groups, None where
    they are drawn like the others. `largest_input`: of the inputs' root mean squares.
    `outlying`: share of the squared deviations of a number's training rows that a few of them
    make; 0 where the loss bounds them. `leaks`: which columns of a table almost determine the
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
    measure: str = "R²"
    constant_errors: Mapping[str, float]
    weight_decay: float = 0.0
    early_stopping: bool = False
    stopped_early: bool = False
    moved: float = math.inf
    test: float | None = None
    test_rows: int = 0
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
    return LARGEST_ERROR / math.sqrt(evidence.val_rows)


def own_standard_error(evidence: Evidence, skill: float) -> float:
    """The standard error of a skill of classes, from that of the accuracy which it stands for.

    Few errors of a constant make a skill of few rows: it is divided by their share.
    """
    wrong = evidence.constant_errors.get("val")
    if not wrong:
        return standard_error(evidence)
    errors = min(1.0, max(0.0, (1 - skill) * wrong))
    return math.sqrt(errors * (1 - errors) / evidence.val_rows) / wrong


def error_of_nothing(evidence: Evidence) -> float:
    """The standard error of the skill of a model that has learnt nothing."""
    return max(standard_error(evidence), own_standard_error(evidence, 0.0))


def error_of_lead(evidence: Evidence, name: str) -> float:
    """The standard error of the network's skill less a baseline's, or of its own where unknown."""
    assert evidence.val is not None
    found = evidence.differences.get(name)
    return own_standard_error(evidence, evidence.val) if found is None else found


def has_learnt(evidence: Evidence) -> bool:
    """Whether the weights that were kept beat a constant prediction on the validation rows."""
    assert evidence.val is not None
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


def score_of(evidence: Evidence, skill: float, part: str) -> str:
    """The score that a skill stands for, in its own units.

    >>> number = Evidence(divergence=None, train_loss=[], val_loss=[], constant={}, train=0.5,
    ...                   val=0.5, val_rows=100, baselines={}, baselines_d2={}, steps=0, kept=0,
    ...                   kept_d2={}, constant_errors={})
    >>> score_of(number, 0.905, "val")
    '0.91'
    """
    wrong = evidence.constant_errors.get(part)
    return f"{skill:z.2f}" if wrong is None else percent(1 - (1 - skill) * wrong)


def difference_of(evidence: Evidence, difference: float, error: float) -> str:
    """A difference of skills on the validation rows, and its error, in the units of the score."""
    wrong = evidence.constant_errors.get("val")
    if wrong is None:
        return f"{difference:+z.2f} ± {error:.2f}"
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
