"""Runs -> settings in order, and how sure that order is. Validation results alone decide."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.compare.records import ASIDE, RunRecord
from mlp_lab.config.composition import of_the_command
from mlp_lab.errors import UserError
from mlp_lab.metrics.epoch import HIGHER_IS_BETTER, main_metric
from mlp_lab.runs.job import PATHS

REPLICATES = ("seed", "data.fold", "data.repeat", "data.split_seed")
"""Keys that repeat a setting and are none themselves."""

RESPLIT = ("data.fold", "data.repeat", "data.split_seed")
"""Those that cut rows anew: training rows of one are validation rows of another."""

OF_THE_LOSS = ("data.target_transform", "data.class_weights")
"""Settings beside the loss that change what a loss of 1 means."""

CONFIDENCE = 0.95

ROUNDING = 1e-12
"""Share of a score, up to which two differences are the same number: 0.9 - 0.8 is not 0.1."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs that agree in everything but their replicate, of which each is there once.

    `values` are those of the swept keys; `scores` the validation scores of its finished runs by
    replicate.
    """

    values: Mapping[str, str]
    runs: Sequence[RunRecord]
    scores: Mapping[tuple[str, ...], float]

    @property
    def whole(self) -> bool:
        """Whether all of its runs have finished."""
        return len(self.scores) == len(self.runs)

    @property
    def mean(self) -> float:
        """Of the scores; NaN if there is none."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else math.nan

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None with fewer than two scores."""
        return standard_error(list(self.scores.values()))

    @property
    def parameters(self) -> int:
        """Weights and biases of its networks."""
        return max((int(run.result.get("parameters", 0)) for run in self.runs), default=0)

    @property
    def label(self) -> str:
        """As one would type it."""
        return " ".join(f"{key}={value}" for key, value in self.values.items())


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean of some values; None with fewer than two."""
    count = len(values)
    if count < 2:
        return None
    mean = sum(values) / count
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Settings from best to worst; those with unfinished runs come last.

    `tied` holds the places of those that cannot be told apart from the first, by tests of
    `compared` others, or None where no two replicates are there to tell any by.
    """

    score: str
    keys: Sequence[str]
    replicates: Sequence[str]
    settings: Sequence[Setting]
    tied: Sequence[int] | None
    compared: int

    @property
    def higher_is_better(self) -> bool:
        """Whether a large score is a good one."""
        return self.score in HIGHER_IS_BETTER

    @property
    def best(self) -> Setting:
        """The chosen one."""
        return self.settings[0]

    @property
    def simplest(self) -> Setting:
        """The one of fewest parameters among the best and those like it."""
        alike = [self.best, *(self.settings[i] for i in self.tied or [])]
        return min(alike, key=lambda setting: setting.parameters)


def rank(records: Sequence[RunRecord], select: str) -> Ranking:
    """Order the settings of some runs by what `select` names: the main metric, or the loss.

    Raises:
        UserError: the runs cannot be compared, or none of them has validation rows.
    """
    score = _score_of(records, select)
    keys = swept_keys(records)
    replicates = [key for key in keys if key in REPLICATES]
    settings = _settings(records, [key for key in keys if key not in REPLICATES], replicates, score)
    sign = -1 if score in HIGHER_IS_BETTER else 1
    settings.sort(key=lambda s: (not s.whole, math.isnan(s.mean), sign * s.mean, s.parameters))
    best = settings[0]
    if not best.scores:
        raise UserError(f"none of {len(records)} runs has finished: nothing can be compared")
    chances = _chances(settings, _rows(records, replicates))
    compared = sum(chance is not None for chance in chances.values())
    limit = (1 - CONFIDENCE) / max(1, compared)
    tied = [place for place, chance in chances.items() if chance is None or chance >= limit]
    keys = [key for key in keys if key not in REPLICATES]
    return Ranking(score, keys, replicates, settings, tied if compared else None, compared)


def _score_of(records: Sequence[RunRecord], select: str) -> str:
    """Name of the score that decides."""
    found: dict[str, RunRecord] = {}
    for record in records:
        if "train" in record.result:
            found.setdefault(main_metric(record.result["train"]), record)
    if len(found) > 1:
        one, other = list(found.items())[:2]
        raise UserError(
            f"runs of different tasks cannot be compared: {one[1].folder} has {one[0]},"
            f" {other[1].folder} has {other[0]}"
        )
    if not found:
        raise UserError(f"none of {len(records)} runs has finished: nothing can be compared")
    if not any(record.result.get("val") for record in records):
        raise UserError("no run has validation rows, and nothing else may choose between settings")
    if select == "loss":
        _require_one_loss(records)
    return next(iter(found)) if select == "metric" else "loss"


def _require_one_loss(records: Sequence[RunRecord]) -> None:
    """Raise if a loss of 1 means different things in different runs."""
    kinds: dict[tuple[str, ...], RunRecord] = {}
    for record in records:
        if "loss" in record.result:
            facts = (str(record.result["loss"]), *(value_of(record, key) for key in OF_THE_LOSS))
            kinds.setdefault(facts, record)
    if len(kinds) > 1:
        (one, first), (other, second) = list(kinds.items())[:2]
        words = [
            " ".join(a for a, b in zip(*pair, strict=True) if a != b)
            for pair in ((one, other), (other, one))
        ]
        raise UserError(
            f"losses of different kinds cannot be compared: {first.folder} has {words[0]},"
            f" {second.folder} {words[1]}: select by the metric"
        )


def swept_keys(records: Sequence[RunRecord]) -> list[str]:
    """Keys that differ between the runs.

    Where every command line chose it, a group is one key; else whatever differs in it is one each.
    """
    typed = dict.fromkeys(key for record in records for key in record.overrides)
    keys = [
        key
        for key in typed
        if key.partition(".")[0] not in ASIDE
        and not of_the_command(key)
        and _is_known(records, key)
        and len({value_of(record, key) for record in records}) > 1
    ]
    return keys + _silent_keys(records, keys)


def _is_known(records: Sequence[RunRecord], key: str) -> bool:
    """Whether each run says what it has of a key."""
    return all(
        key in record.overrides or key in record.settings or f"{key}.name" in record.settings
        for record in records
    )


def _silent_keys(records: Sequence[RunRecord], keys: Sequence[str]) -> list[str]:
    """Settings that differ between runs that agree in some keys: no command line named them."""
    first: dict[tuple[str, ...], RunRecord] = {}
    found: dict[str, None] = {}
    paths = {f"data.{name}" for name in PATHS}
    for record in records:
        one = first.setdefault(tuple(value_of(record, key) for key in keys), record)
        if one.settings != record.settings:
            names = dict.fromkeys([*one.settings, *record.settings])
            found |= dict.fromkeys(k for k in names if value_of(one, k) != value_of(record, k))
    return [key for key in found if key not in keys and key not in paths]


def value_of(record: RunRecord, key: str) -> str:
    """A run's value of a key: from its configuration, a group's as typed."""
    if key in record.settings:
        return as_word(record.settings[key])
    if key in record.overrides:
        return record.overrides[key]
    return str(record.settings.get(f"{key}.name", "default"))


def as_word(value: object) -> str:
    """A value as one would type it."""
    if isinstance(value, list):
        return f"[{','.join(map(as_word, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _settings(
    records: Sequence[RunRecord], keys: Sequence[str], replicates: Sequence[str], score: str
) -> list[Setting]:
    groups: dict[tuple[str, ...], list[RunRecord]] = {}
    for record in records:
        groups.setdefault(tuple(value_of(record, key) for key in keys), []).append(record)
    found = []
    for values, runs in groups.items():
        own: dict[tuple[str, ...], RunRecord] = {}
        for run in runs:  # one that failed may have been trained again elsewhere
            replicate = tuple(value_of(run, key) for key in replicates)
            if replicate not in own or (own[replicate].reason and not run.reason):
                own[replicate] = run
        scores = {
            replicate: float(run.result["val"][score])
            for replicate, run in own.items()
            if not run.reason and _is_finite(run.result["val"].get(score))
        }
        found.append(Setting(dict(zip(keys, values, strict=True)), list(own.values()), scores))
    return found


def _is_finite(score: float | None) -> bool:
    return score is not None and math.isfinite(score)


def _rows(records: Sequence[RunRecord], replicates: Sequence[str]) -> float:
    """Validation rows for each training row where replicates cut rows anew, else 0."""
    if not set(replicates) & set(RESPLIT):
        return 0.0
    rows = next(record.result["rows"] for record in records if "rows" in record.result)
    return float(rows["val"] / rows["train"])


def _chances(settings: Sequence[Setting], overlap: float) -> dict[int, float | None]:
    """Place -> `chance_of_lead` of the first setting over it.

    Settings with unfinished runs are out of the question, unless the first has some, too.
    """
    best, *others = settings
    return {
        place: chance_of_lead(best, other, overlap)
        for place, other in enumerate(others, start=1)
        if other.whole == best.whole
    }


def chance_of_lead(best: Setting, other: Setting, overlap: float) -> float | None:
    """p-value of `best` being ahead of `other` by luck; None if they share fewer than two scores.

    A one-sided t-test of the mean difference over common replicates. Training sets of folds and of
    other cuts overlap: their variance is 1/n + validation/training rows in place of 1/n (Nadeau and
    Bengio, Inference for the Generalization Error, 2003). Where all n differences are equal, as
    shares of few rows often are, there is no variance to go by, and the sign test's 2^-n is left.

    With k others, one is told apart where this is below 5 %/k. The setting that is truly best is
    then among the first and those like it with 95 % confidence (Hsu, Simultaneous Confidence
    Intervals for All Distances from the "Best", 1981; Gupta, 1965), though the first was chosen
    by the same scores: that one is lost only if any of the k others is ahead of it by such a
    lead, and each is with a chance of 5 %/k. Bonferroni's bound holds whatever the variances of
    the differences and their correlations are, which Dunnett's quantile would need to be equal.
    """
    from scipy.special import stdtr  # Student's distribution; scipy.stats takes a second to import

    common = best.scores.keys() & other.scores.keys()
    count = len(common)
    if count < 2:
        return None
    differences = [best.scores[key] - other.scores[key] for key in common]
    mean = sum(differences) / count
    lead = math.copysign(mean, mean * (best.mean - other.mean))
    variance = sum((value - mean) ** 2 for value in differences) / (count - 1)
    width = math.sqrt(variance * (1 / count + overlap))
    rounding = ROUNDING * max(abs(best.scores[key]) for key in common)
    if max(differences) - min(differences) <= rounding:
        return 0.5**count if lead > rounding else 1.0
    return float(stdtr(count - 1, -lead / width))


def importance(settings: Iterable[Setting], key: str, bins: int = 5) -> float:
    """Share of the settings' variation that a key's own means explain: its main effect alone.

    Many numbers are taken in `bins` of equally many settings.
    """
    scored = [(setting.values[key], setting.mean) for setting in settings if setting.scores]
    mean = sum(value for _, value in scored) / len(scored)
    total = sum((value - mean) ** 2 for _, value in scored)
    groups: dict[object, list[float]] = {}
    levels = {text for text, _ in scored}
    numbers = sorted(number for text, _ in scored if (number := as_number(text)) is not None)
    for text, value in scored:
        number = as_number(text)
        level: object = text
        if number is not None and len(levels) > 2 * bins:
            level = numbers.index(number) * bins // len(numbers)
        groups.setdefault(level, []).append(value)
    between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups.values())
    return between / total if total > 0 else 0.0


def as_number(text: str) -> float | None:
    """A value as a place on an axis; None if it has none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
