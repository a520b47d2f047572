"""What the columns of a file seem to hold. Declared kinds win; every choice is shown."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.tables.cells import Codes, as_number, cell_text
from mlp_lab.data.tables.config import Cell, TableConfig
from mlp_lab.data.tables.dates import DATE, as_days, day_first
from mlp_lab.data.tables.dialect import COMMA
from mlp_lab.data.tables.parsing import Cells
from mlp_lab.errors import UserError

NAMED = ("binary", "category", "ordinal")
"""Kinds of a target that are classes."""

LONG_TEXT = 50
"""Letters on average, beyond which values are text rather than categories."""
MANY_LEVELS = 50
CLASSES_OF_NUMBERS = 10
"""A target of so few whole numbers is taken for classes."""
SAMPLE = 10_000
"""Rows that tell whether numbers have many values: listing a million of them takes seconds."""
STRAY_SHARE = 0.1
"""Of a column's values that are words, the rest being numbers, up to which they seem strays."""
AMOUNT = re.compile(
    r"([^\d+.,-]{0,4}?)\s?[+-]?(?:\d{1,3}(?:[,'.\s]\d{3})+(?:[.,]\d+)?|\d*[.,]?\d+)\s?([^\d\s]{0,8})"
)
"""A number, its digits perhaps grouped, with what stands before it and after it."""

FEWEST_IDENTIFIERS = 20
"""Rows below which distinct values are no sign of an identifier."""


@dataclass(frozen=True, slots=True)
class Values:
    """The distinct values of a column that are not missing."""

    cells: list[object]
    texts: list[str]
    rows: int
    missing: int
    numeric: bool
    dated: bool

    @property
    def count(self) -> int:
        """Of them."""
        return len(self.texts)

    @property
    def present(self) -> int:
        """Rows that have one."""
        return self.rows - self.missing

    @property
    def ordered(self) -> list[str]:
        """Their texts, numbers by size and before words."""
        return sorted(set(self.texts), key=_natural)


def _natural(text: str) -> tuple[bool, float, str]:
    number = as_number(text)
    return (number is None, number or 0.0, text)


def missing_codes(config: TableConfig, name: str, said: Codes) -> list[str]:
    """Texts of the codes that mean no answer in a column, by the settings or by its file.

    A code and its value label are one: naming either names both.
    """
    codes: Sequence[Cell] = [*config.missing, *config.missing_in.get(name, [])]
    return with_labels([*map(cell_text, codes), *said.missing], said.labels)


def with_labels(texts: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Texts of codes, with those that value labels call so, and what they call them."""
    pairs = [pair for pair in labels.items() if not set(texts).isdisjoint(pair)]
    return list(dict.fromkeys([*texts, *(text for pair in pairs for text in pair)]))


def values_of(cells: Cells, missing: Sequence[str]) -> Values:
    """The distinct values of a column."""
    codes, found = cells.distinct
    texts = cells.texts
    kept = ~np.array(cells.missing(missing), dtype=bool)
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    present = int(counts[kept].sum()) if len(found) else 0
    return Values(
        [value for value, keep in zip(found, kept, strict=True) if keep],
        [text for text, keep in zip(texts, kept, strict=True) if keep],
        len(codes),
        len(codes) - present,
        cells.numeric,
        pd.api.types.is_datetime64_any_dtype(cells.series.dtype),
    )


def infer(cells: Cells, config: TableConfig, said: Codes) -> Column | Dropped:
    """How a feature is read, or why it is not."""
    name, labels = str(cells.series.name), said.labels
    kind = "ordinal" if name in config.levels else config.types.get(name)
    if kind == "text":
        return Dropped(name, "declared as text")
    plain = Column(name=name, labels=labels, missing=missing_codes(config, name, said))
    if kind in (None, "numeric") and not labels and _many_numbers(cells):
        counted = kind is None and _counts_rows(cells.series)
        return Dropped(name, "identifier: it counts the rows") if counted else plain
    values = values_of(cells, plain.missing)
    reason = _nothing_in(values)
    if not reason and kind is None:
        form = _form(values)
        reason = _no_category(values) if form == "text" else ""
        kind = _kind(form, values, labels)
    if reason:
        return Dropped(name, reason)
    assert kind is not None
    return _described(replace(plain, kind=kind), values, config)


def _described(column: Column, values: Values, config: TableConfig) -> Column:
    """With what a column of its kind needs."""
    name, kind = column.name, column.kind
    if kind == "ordinal":
        return replace(column, levels=_declared(config, name, column.labels))
    if kind == "date":
        return replace(column, day_first=_days_first(values, config))
    if kind == "numeric":
        return column
    levels = _levels(values, column.labels)
    if kind == "binary":
        _require_two(name, levels)
    return replace(column, levels=levels, rare=config.rare if kind == "category" else 0.0)


def _require_two(name: str, levels: Sequence[str]) -> None:
    if len(levels) != 2:
        shown = ", ".join(levels[:5])
        raise UserError(
            f"data.types.{name}=binary needs two distinct values, got {len(levels)} ({shown})"
        )


def _declared(config: TableConfig, name: str, labels: Mapping[str, str]) -> list[str]:
    """Levels as `data.levels` has them; a code is called as its value label calls it.

    Raises:
        UserError: one is there twice.
    """
    texts = [cell_text(level) for level in config.levels[name]]
    levels = [labels.get(text, text) for text in texts]
    twice = next((level for level in levels if levels.count(level) > 1), None)
    if twice is not None:
        raise UserError(f"data.levels.{name} names {twice!r} twice")
    return levels


def _levels(values: Values, labels: Mapping[str, str]) -> list[str]:
    """Names of the distinct values."""
    return list(dict.fromkeys(labels.get(text, text) for text in values.ordered))


def _nothing_in(values: Values) -> str:
    """Why nothing can be learnt from a column, whatever it holds."""
    if values.count == 0:
        return "no value"
    if values.count == 1 and values.missing == 0:
        return f"constant: {values.texts[0]!r}"
    return ""


def _form(values: Values) -> str:
    """What values look like: date, binary, numeric or text."""
    if values.dated:
        return "date"
    if values.count == 2:
        return "binary"
    if _as_numbers(values) is not None:
        return "numeric"
    return "date" if _all_dates(values.texts) else "text"


def _kind(form: str, values: Values, labels: Mapping[str, str]) -> str:
    """What a column of a form seems to hold; codes that all have labels name categories."""
    if form == "binary" or values.dated:
        return form
    if labels and all(text in labels for text in values.texts):
        return "category"
    return "category" if form == "text" else form


def _no_category(values: Values) -> str:
    """Why text that is not declared as a category is not read, if it is not."""
    reason = _too_varied(values)
    return reason and reason + stray_words(values)


def _too_varied(values: Values) -> str:
    if values.count == values.present and values.present >= FEWEST_IDENTIFIERS:
        return "identifier: a value of its own in every row"
    many = values.count > MANY_LEVELS and values.count > values.present / 2
    if many or np.mean([len(text) for text in values.texts]) > LONG_TEXT:
        return "free text"
    return ""


def stray_words(values: Values) -> str:
    """What to do about a few words among numbers, or a sign beside each, which make them text."""
    words = [text for text in values.texts if as_number(text) is None]
    if words and all(COMMA.fullmatch(text) for text in words):
        return f": if {words[0]} is {words[0].replace(',', '.')}, data.decimal=',' says so"
    if len(words) > STRAY_SHARE * values.count:
        return _amounts(words)
    if not words:
        return ""
    shown = ", ".join(map(repr, words[:3]))
    return f": numbers but for {shown}; data.missing=[{words[0]}] reads such cells as no value"


def _amounts(words: Sequence[str]) -> str:
    """What to do about texts of which most are numbers with one and the same sign."""
    found = {text: match.groups() for text in words if (match := AMOUNT.fullmatch(text))}
    signs = Counter(found.values()).most_common(1)
    if not signs or signs[0][1] < (1 - STRAY_SHARE) * len(words):
        return ""
    before, after = signs[0][0]
    if before and unicodedata.category(before.strip()[-1:] or " ") != "Sc":
        return ""  # a code, as Q17 is
    example = next(text for text, sign in found.items() if sign == signs[0][0])
    what = f"with {(before or after).strip()!r}" if before or after else "with grouped digits"
    return f": numbers {what}, as {example!r}; written without, they are read as numbers"


def _as_numbers(values: Values) -> NDArray[np.float64] | None:
    """The values as numbers, if all are."""
    if values.numeric:
        return np.array(values.cells, dtype=np.float64)
    numbers = []
    for text in values.texts:
        number = as_number(text)
        if number is None:
            return None
        numbers.append(number)
    return np.array(numbers)


def _many_numbers(cells: Cells) -> bool:
    """Whether a column holds numbers of more values than a person would have coded."""
    return cells.numeric and cells.series.iloc[:SAMPLE].nunique() >= FEWEST_IDENTIFIERS


def _counts_rows(cells: pd.Series) -> bool:
    """Whether whole numbers are consecutive and all different, as row numbers are.

    Those of rows that are left out (of a test, or without a target) may be missing in between.
    """
    if cells.isna().any():
        return False
    ahead = cells.iloc[0] - cells.index[0]
    if cells.iloc[-1] - cells.index[-1] == ahead and bool((cells - cells.index == ahead).all()):
        return True
    if cells.max() - cells.min() + 1 != len(cells):
        return False
    return bool((cells % 1 == 0).all()) and cells.is_unique


def _all_dates(texts: Sequence[str]) -> bool:
    if not all(DATE.fullmatch(text) for text in texts):
        return False
    days = as_days(texts, Column(name="", kind="date", day_first=day_first(texts)))
    return all(day is not None for day in days)


def infer_time(cells: Cells, config: TableConfig, said: Codes) -> Column:
    """How the column of `data.time` is read: numbers, else dates."""
    name = str(cells.series.name)
    column = Column(name=name, missing=missing_codes(config, name, said))
    if pd.api.types.is_numeric_dtype(cells.series.dtype):
        return column
    values = values_of(cells, column.missing)
    if _as_numbers(values) is not None:
        return column
    return replace(column, kind="date", day_first=_days_first(values, config))


def _days_first(values: Values, config: TableConfig) -> bool | None:
    """As `data.day_first` says, else as the dates tell."""
    return day_first(values.texts) if config.day_first is None else config.day_first


def infer_target(cells: Cells, config: TableConfig, said: Codes) -> Column:
    """How the target is read; its levels are the classes, none for a number.

    Raises:
        UserError: it cannot be learnt, or not as `data.task` says.
    """
    name, task, labels = str(cells.series.name), config.task, said.labels
    number = Column(name=name, labels=labels, missing=missing_codes(config, name, said))
    declared = "ordinal" if name in config.levels else config.types.get(name)
    _require_no_contradiction(name, declared, config)
    named = declared in NAMED
    if task in ("auto", "regression") and not (named or labels) and _many_numbers(cells):
        return number
    values = values_of(cells, number.missing)
    named = named or (bool(labels) and all(text in labels for text in values.texts))
    if values.count < 2:
        what = f"only {values.texts[0]!r}" if values.count else "no value"
        raise UserError(f"data.target={name} holds {what}: nothing to learn")
    numbers = _as_numbers(values)
    if task == "auto" and not named and declared != "numeric":
        named = numbers is None or _few_whole(numbers)
    if task == "regression" or (task == "auto" and not named):
        if numbers is None:
            worst = next(text for text in values.texts if as_number(text) is None)
            raise UserError(f"data.target={name} must hold numbers, got {worst!r}")
        return number
    levels = _levels(values, labels)
    if name in config.levels:
        levels = _in_order(name, levels, _declared(config, name, labels))
    if declared == "binary":
        _require_two(name, levels)
    _require_classes(name, levels, values, task)
    return replace(number, kind="category", levels=levels)


def _require_no_contradiction(name: str, declared: str | None, config: TableConfig) -> None:
    """Raise if a target is declared as what its task cannot be."""
    if declared in ("date", "text"):
        raise UserError(f"data.types.{name}={declared} is no kind of a target: numeric or category")
    said = f"data.levels.{name}" if name in config.levels else f"data.types.{name}={declared}"
    classes = config.task in ("binary", "multiclass")
    if (config.task == "regression" and declared in NAMED) or (classes and declared == "numeric"):
        raise UserError(f"data.task={config.task} contradicts {said}")


def _in_order(name: str, levels: list[str], declared: list[str]) -> list[str]:
    """Classes as `data.levels` has them.

    Raises:
        UserError: the target holds another value.
    """
    stray = next((level for level in levels if level not in declared), None)
    if stray is not None:
        wanted = f"one of {', '.join(declared)} (data.levels.{name})"
        raise UserError(f"data.target={name} must hold {wanted}, got {stray!r}")
    return [level for level in declared if level in levels]


def _few_whole(numbers: NDArray[np.float64]) -> bool:
    """Whether distinct numbers are so few and plain that they seem to name classes."""
    whole = bool((numbers == np.floor(numbers)).all())
    return len(numbers) == 2 or (whole and len(numbers) <= CLASSES_OF_NUMBERS)


def _require_classes(name: str, levels: list[str], values: Values, task: str) -> None:
    if task == "binary" and len(levels) != 2:
        raise UserError(
            f"data.task=binary needs two classes in {name}, got {len(levels)}: use multiclass"
        )
    if task == "multiclass" and len(levels) < 3:
        raise UserError(
            f"data.task=multiclass needs three classes in {name}, got {len(levels)}: use binary"
        )
    if len(levels) > values.present / 2:
        raise UserError(
            f"data.target={name} has {len(levels)} classes in {values.present} rows, more than one"
            f" for every two{stray_words(values) or ': is it the right column?'}"
        )
