"""Columns of a survey's design among the inputs: weights, households, strata, waves, parts.

A suspicion by name and values, with the setting that gives such a column its role. What
`data.features` or `data.types` name is what somebody wants to be read, and never suspected.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.data.tables.parts import says_parts
from mlp_lab.formatting import typed, typed_kind, typed_name

WEIGHT = frozenset(("weight", "weights", "wt", "wgt", "wght", "gewicht", "poids", "peso"))
"""Words for a weight, of a row or of a body."""
OF_A_SURVEY = frozenset(
    (
        *("sampling", "survey", "svy", "design", "population", "probability", "expansion"),
        *("poststrat", "poststratification", "calibrated", "raked", "trimmed", "replicate"),
    )
)
"""Words beside it that leave no doubt."""
OF_ANYTHING = frozenset(
    (
        *("sample", "samp", "final", "norm", "normalised", "normalized", "person", "individual"),
        *("respondent", "household", "hh", "adult", "panel", "analysis", "total", "w"),
    )
)
"""Words beside it that leave the values to decide."""
SURE_WEIGHT = re.compile(
    r"p(sp?)?(wei|w)?ght|pweights?|pwt|[ad]nweight|dweight|wtss\w*|f(i)?n(a)?lwgt|perwt|hhwt|asecwt"
    r"|svywt|expfactor|facexp|fexp|gewichtung|designgewicht|hochrechnungsfaktor|ponderation"
    r"|ponderacion|ponderador"
)
"""Names of weights in well-known surveys and languages, in small letters and without signs."""

IDS = frozenset(("id", "ids", "ident", "identifier", "nr", "no", "num", "number", "key", "serial"))
"""Words that make an identifier of a unit's name."""
CLUSTERS = frozenset(("psu", "cluster", "clusters"))
HOUSEHOLDS = frozenset(("household", "households", "hh", "haushalt", "respondent"))
"""Units whose name alone is an identifier."""
PLACES = frozenset(
    (
        *("school", "class", "classroom", "teacher", "interviewer", "village"),
        *("firm", "company", "establishment"),
    )
)
"""Units that may have any number of rows; as PEOPLE, with a word such as id only: schoolid."""
PEOPLE = frozenset(
    (
        *("person", "pers", "subject", "subj", "participant", "patient", "individual", "case"),
        *("family", "fam", "student", "pupil", "child", "user", "customer", "client", "member"),
        *("couple", "twin", "dyad", "team", "resp", "p", "h"),
    )
)
UNITS = CLUSTERS | HOUSEHOLDS | PLACES | PEOPLE
GLUED = re.compile(
    rf"idno|pidp|hidp|id(?:{'|'.join(UNITS)})|(?:{'|'.join(UNITS)})(?:id|nr|no|num|idno|serial)"
)
"""Both in one word: hhid, idno, persnr."""
FEWEST_GROUPS = 11
"""Values of a group; fewer are rather its size or its kind."""
MOST_IN_ONE = 40.0
"""Rows of a household or person on average, where no word says that it is an identifier."""

STRATA = frozenset(("stratum", "strata", "strat"))
WAVE = frozenset(("wave", "waves", "welle", "essround"))
ROUND = frozenset(("survey", "panel", "interview"))
"""Words that make a wave of a round."""
MOST_WAVES = 60
FEWEST_WAVES = 3
"""Waves of which the latest can be the test, the one before the validation."""

MOST_UNTIL_ONE = 1.1
"""Means of weights that are divided by their mean are between its inverse and this."""
LARGE = 300.0
"""Mean from which weights of no named kind can be what a row stands for in the population."""
SPREAD = 0.3
"""Their standard deviation by their mean: bodies differ less."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A column that seems to be part of a survey's design, and its values, (N,), if it is read."""

    name: str
    kind: str
    role: str
    values: Floats
    sure: bool = True

    @property
    def count(self) -> int:
        """Distinct values."""
        return len(np.unique(self.values))


def design_columns(
    frame: TableFrame,
    columns: Sequence[Column],
    inputs: Floats,
    dropped: Sequence[Dropped],
    config: TableConfig,
) -> Iterator[str]:
    """What to say of inputs, (N, D), and of texts that are not read; `frame` holds the latter."""
    if config.features is not None:
        return
    found = [_suspected(column, inputs[:, i]) for i, column in enumerate(columns)]
    found += [_of_text(frame, one) for one in dropped if one.reason == "free text"]
    suspects = [one for one in found if one is not None and one.name not in config.types]
    if sum(one.kind != "text" for one in suspects) >= len(columns):
        return  # nothing would be left
    kinds = (("part", _parts), ("weight", _weights), ("group", _groups), ("strata", _strata))
    for role, say in kinds:
        yield from say([one for one in suspects if one.role == role], config)
    grouped = config.group is not None or any(one.role in ("group", "part") for one in suspects)
    waves = [one for one in suspects if one.role == "wave"]
    yield from _waves(waves, config, split=grouped or config.part is not None)


def words(name: str) -> list[str]:
    """The words of a name in small letters, numbers left out.

    >>> words("hhId_2020"), words("Sampling weight (final)"), words("PSU")
    (['hh', 'id'], ['sampling', 'weight', 'final'], ['psu'])
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W\d_]+", apart.casefold())


def _suspected(column: Column, values: Floats) -> _Suspect | None:
    """A column that is read, if its name and its values are of such a kind."""
    said = words(column.name)
    role = "part" if says_parts(column) else _role(said)
    if role == "part":
        return _Suspect(column.name, column.kind, role, values)
    if role is None or np.isnan(values).any():
        return None
    own = _Suspect(column.name, column.kind, role, values, _surely_a_weight(said))
    fits = {"weight": _is_weight, "group": _is_group, "strata": _is_strata, "wave": _is_wave}
    return own if fits[role](own, column) else None


def _of_text(frame: TableFrame, dropped: Dropped) -> _Suspect | None:
    """Text that is not read for its many values, if it names groups."""
    if _role(words(dropped.name)) != "group":
        return None
    cells = frame.cells(dropped.name)
    if cells.missing_rows.any():
        return None
    own = _Suspect(dropped.name, "text", "group", cells.factorized[0].astype(np.float64))
    return own if _is_group(own, Column(name=dropped.name)) else None


def _role(said: Sequence[str]) -> str | None:
    """What a column seems to be by the words of its name."""
    known = set(said)
    if _surely_a_weight(said) or (known & WEIGHT and known <= WEIGHT | OF_ANYTHING):
        return "weight"
    if known & STRATA and known <= STRATA | IDS | ROUND:
        return "strata"
    if known - IDS - ROUND <= WAVE | {"round"} and (known & WAVE or {"round"} < known - IDS):
        return "wave"
    return "group" if _names_a_group(known) else None


def _surely_a_weight(said: Sequence[str]) -> bool:
    known = set(said)
    return bool(SURE_WEIGHT.fullmatch("".join(said)) or (known & WEIGHT and known & OF_A_SURVEY))


def _names_a_group(known: set[str]) -> bool:
    """Whether a name is id, that of a cluster or household, or that of a unit and id."""
    units = known - IDS
    if not units or units <= CLUSTERS | HOUSEHOLDS:
        return bool(units) or "id" in known
    if len(known) == 1 and GLUED.fullmatch("".join(known)):
        return True
    return bool(known & IDS) and units <= UNITS


def _is_weight(own: _Suspect, column: Column) -> bool:
    """Above 0, and near 1 on average or far above what bodies weigh, unless its name is sure."""
    values = own.values
    if column.levels or column.kind != "numeric" or values.min() <= 0 or own.count < 3:
        return False
    if own.sure:
        return True
    mean, some = float(values.mean()), values[:1000]
    if 1 / MOST_UNTIL_ONE <= mean <= MOST_UNTIL_ONE:
        return bool((some % 1 != 0).any())
    precise = (np.abs(some - some.round(2)) > 1e-9).mean() > 0.5
    return bool(mean >= LARGE and values.std() >= SPREAD * mean and precise)


def _is_group(own: _Suspect, column: Column) -> bool:
    """Whole numbers or words, many of them, of which some are there more than once."""
    if column.kind not in ("numeric", "category") or bool((own.values % 1 != 0).any()):
        return False
    known = set(words(own.name))
    sure = known & (CLUSTERS | PLACES) or any("id" in word for word in known)
    limit = np.inf if sure else MOST_IN_ONE
    return FEWEST_GROUPS <= own.count < len(own.values) <= limit * own.count


def _is_strata(own: _Suspect, column: Column) -> bool:
    whole = column.kind in ("numeric", "category", "binary", "ordinal")
    return whole and bool((own.values % 1 == 0).all()) and 2 * own.count <= len(own.values)


def _is_wave(own: _Suspect, column: Column) -> bool:
    """A few whole numbers."""
    numbers = [as_number(level) for level in column.levels]
    few = 2 <= own.count <= MOST_WAVES and 2 * own.count <= len(own.values)
    return few and None not in numbers and bool((own.values % 1 == 0).all())


def _parts(found: Sequence[_Suspect], config: TableConfig) -> Iterator[str]:
    """The first can decide the split, where nothing else does and each row says a part."""
    others = (config.group, config.time, config.part, config.test_path, config.folds)
    free = all(other is None for other in others)
    for one in found:
        whole = free and one is found[0] and not np.isnan(one.values).any()
        part = f"{typed_name('data.part', one.name)} splits the rows by it, " if whole else ""
        yield _left_out(one, "the part that each row is kept for", config, part)


def _weights(found: Sequence[_Suspect], config: TableConfig) -> Iterator[str]:
    """The first is proposed, a sure one before others; the others are left out."""
    ordered = sorted(found, key=lambda one: not one.sure)
    for one in ordered[: config.weight is None]:
        yield (
            f"{one.name} is read as an input and looks like sampling weights (all above 0, mean"
            f" {one.values.mean():.4g}): {typed_name('data.weight', one.name)} weights rows by it,"
            f" {typed_kind(one.name, 'numeric')} if it is none"
        )
    for one in ordered[config.weight is None :]:
        yield _left_out(one, "another sampling weight", config)


def _left_out(one: _Suspect, what: str, config: TableConfig, role: str = "") -> str:
    """`role`: the setting that gives it what it seems to be, if one can."""
    drop = typed("data.drop", *config.drop, one.name)
    other = typed_kind(one.name, "category" if one.kind == "binary" else one.kind)
    return (
        f"{one.name} is read as an input and looks like {what}: {role}{drop} leaves it out, {other}"
        " if it is none"
    )


def _groups(found: Sequence[_Suspect], config: TableConfig) -> Iterator[str]:
    """The one with the fewest values is proposed, since the others are parts of it."""
    free = config.group is None and config.time is None and config.part is None
    ordered = sorted(found, key=lambda one: one.count)
    for one in ordered[:free]:
        rows = f"{one.count} values in {len(one.values)} rows"
        group = f"{typed_name('data.group', one.name)} keeps rows of one value in one part"
        what = "looks like an identifier of several rows"
        if one.kind == "text":
            yield f"{one.name} is not read, and {what} ({rows}): {group}"
            continue
        drop, other = typed("data.drop", *config.drop, one.name), typed_kind(one.name, one.kind)
        yield (
            f"{one.name} is read as an input and {what} ({rows}): {group}, {drop} leaves it out,"
            f" {other} if it is none"
        )
    for one in ordered[free:]:
        if one.kind != "text":
            yield _left_out(one, f"an identifier of several rows ({one.count} values)", config)


def _strata(found: Sequence[_Suspect], config: TableConfig) -> Iterator[str]:
    """The first is proposed for intervals, where none is declared."""
    for place, one in enumerate(found):
        free = place == 0 and config.strata is None
        key = typed_name("data.strata", one.name)
        strata = f"{key} resamples within them for intervals of scores, " * free
        yield _left_out(one, "the strata of a sample", config, strata)


def _waves(found: Sequence[_Suspect], config: TableConfig, *, split: bool) -> Iterator[str]:
    """Waves can decide the split, where nothing else does."""
    for one in found:
        free = not split and config.time is None and one.kind == "numeric"
        free = free and one.count >= FEWEST_WAVES
        time = f"{typed_name('data.time', one.name)} tests on the latest, " if free else ""
        yield _left_out(one, f"the wave of a panel ({one.count} values)", config, time)
