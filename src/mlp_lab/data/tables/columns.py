"""One pass over a column of a table -> its kind, its values, and what to warn of.

Settings come before what its distinct values look like; the data report shows every choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.tables.cells import Cells, DistinctValues, FileCodes, as_number, cell_text
from mlp_lab.data.tables.config import Cell, TableConfig
from mlp_lab.data.tables.dates import days_lead, in_doubt
from mlp_lab.data.tables.frames import Table, refusing_unseen
from mlp_lab.data.tables.kinds import (
    all_labelled,
    counts_rows,
    few_whole,
    kind_of,
    many_numbers,
    names_rows,
    numbers_in,
    says_nothing,
    stray_words,
    too_varied,
)
from mlp_lab.errors import UserError
from mlp_lab.formatting import in_a_list

CLASSES = ("binary", "category", "ordinal")
"""Kinds of a target that are classes."""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column: how its cells become numbers, the numbers, (N,), and what to warn of."""

    column: Column
    values: Floats
    warnings: list[str]


class _Source:
    """A column of a table, before its kind is known; its cells are factorized once."""

    def __init__(self, table: Table, name: str, config: TableConfig) -> None:
        said = table.first.codes(name)
        missing = missing_codes(config, name, said)
        self.plain = Column(name=name, labels=said.labels, missing=missing)
        self.kind = "ordinal" if name in config.levels else config.types.get(name)
        """The kind that the settings declare, if they do."""
        self._table = table
        self._all = table.first.cells(name, missing)
        self.deciding = table.deciding(self._all, declared=self.kind is not None)
        """Those by which its kind is chosen: all but those of test rows."""

    def values(self, column: Column) -> Floats:
        """The numbers of all rows, (N,)."""
        return self._table.values(column, self._all)


def missing_codes(config: TableConfig, name: str, said: FileCodes) -> list[str]:
    """Texts of the codes that mean no answer in a column, by the settings or by its file.

    A code and its value label are one: naming either names both.
    """
    codes: Sequence[Cell] = [*config.missing, *config.missing_in.get(name, [])]
    return with_labels([*map(cell_text, codes), *said.missing], said.labels)


def with_labels(texts: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Texts of codes, with those that value labels call so, and what they call them."""
    pairs = [pair for pair in labels.items() if not set(texts).isdisjoint(pair)]
    return list(dict.fromkeys([*texts, *(text for pair in pairs for text in pair)]))


def read_feature(table: Table, name: str, config: TableConfig) -> ReadColumn | Dropped:
    """Read a column that the network may learn from, or say why it is not read.

    Raises:
        UserError: it does not hold what is declared.
    """
    source = _Source(table, name, config)
    column = _feature_column(source, config)
    if isinstance(column, Dropped):
        return column
    return ReadColumn(
        column, source.values(column), _feature_warnings(source.deciding, column, config)
    )


def _feature_column(source: _Source, config: TableConfig) -> Column | Dropped:
    """How a feature is read."""
    cells, kind, plain = source.deciding, source.kind, source.plain
    if kind == "text":
        return Dropped(plain.name, "declared as text")
    if kind in (None, "numeric") and not plain.labels and many_numbers(cells):
        if kind is None and counts_rows(cells.series):
            return Dropped(plain.name, "identifier: it counts the rows")
        return plain
    if reason := says_nothing(cells):
        return Dropped(plain.name, reason)
    kind = kind or kind_of(cells, plain.labels)
    if kind == "text":
        return Dropped(plain.name, too_varied(cells.values) + stray_words(cells.values))
    return _of_kind(replace(plain, kind=kind), cells, config)


def _of_kind(column: Column, cells: Cells, config: TableConfig) -> Column:
    """A column with what its kind needs besides."""
    if column.kind == "numeric":
        return column
    if column.kind == "ordinal":
        return replace(column, levels=_declared_levels(config, column))
    if column.kind == "date":
        return replace(column, day_first=_day_first(cells, config))
    levels = _levels(cells.values, column.labels)
    if column.kind == "binary":
        _require_two(column.name, levels)
        return replace(column, levels=levels)
    return replace(column, levels=levels, min_frequency=config.min_frequency)


def _levels(values: DistinctValues, labels: Mapping[str, str]) -> list[str]:
    """Names of the distinct values."""
    return list(dict.fromkeys(labels.get(text, text) for text in values.ordered))


def _declared_levels(config: TableConfig, column: Column) -> list[str]:
    """Levels as `data.levels` has them; a code is called as its value label calls it.

    Raises:
        UserError: one appears twice.
    """
    texts = [cell_text(level) for level in config.levels[column.name]]
    levels = [column.labels.get(text, text) for text in texts]
    twice = next((level for level in levels if levels.count(level) > 1), None)
    if twice is not None:
        raise UserError(f"data.levels.{column.name} names {twice!r} twice")
    return levels


def _require_two(name: str, levels: Sequence[str]) -> None:
    if len(levels) != 2:
        shown = ", ".join(levels[:5])
        raise UserError(
            f"data.types.{name}=binary needs two distinct values, got {len(levels)} ({shown})"
        )


def _day_first(cells: Cells, config: TableConfig) -> bool | None:
    """Whether days come first: `data.day_first` decides, else the dates."""
    return days_lead(cells.values.texts) if config.day_first is None else config.day_first


def read_time(table: Table, name: str, config: TableConfig) -> ReadColumn:
    """Read the column of `data.time`: numbers, else days since 1970.

    Raises:
        UserError: it holds neither.
    """
    source = _Source(table, name, config)
    cells, column = source.deciding, replace(source.plain, labels={})
    typed = pd.api.types.is_numeric_dtype(cells.series.dtype)
    if not typed and numbers_in(cells) is None:
        column = replace(column, kind="date", day_first=_day_first(cells, config))
    return ReadColumn(column, source.values(column), _doubtful_dates(cells, column, config))


def read_target(table: Table, name: str, config: TableConfig) -> ReadColumn:
    """Read the target; the levels of its column are the classes, none for a number.

    Raises:
        UserError: it cannot be learnt, or not as `data.task` says.
    """
    source = _Source(table, name, config)
    _require_no_contradiction(name, source.kind, config)
    column = _column_of_target(source, config)
    cells = source.deciding
    warnings = _labelled_numbers(cells, column, config) + _words_among_numbers(
        cells, column, config
    )
    return ReadColumn(column, source.values(refusing_unseen(column)), warnings)


def _column_of_target(source: _Source, config: TableConfig) -> Column:
    """How the target is read."""
    cells, kind, number, task = source.deciding, source.kind, source.plain, config.task
    name, labels = number.name, number.labels
    classes = kind in CLASSES
    if task in ("auto", "regression") and not (classes or labels) and many_numbers(cells):
        return number
    values = cells.values
    if values.count < 2:
        what = f"only {values.texts[0]!r}" if values.count else "no value"
        raise UserError(f"data.target={name} holds {what}: nothing to learn")
    classes = classes or all_labelled(values, labels)
    numbers = numbers_in(cells)
    if task == "auto" and not classes and kind != "numeric":
        classes = numbers is None or few_whole(numbers)
    if task == "regression" or (task == "auto" and not classes):
        if numbers is None:
            worst = next(text for text in values.texts if as_number(text) is None)
            raise UserError(f"data.target={name} must hold numbers, got {worst!r}")
        return number
    levels = _levels(values, labels)
    if name in config.levels:
        levels = _in_order(name, levels, _declared_levels(config, number))
    if kind == "binary":
        _require_two(name, levels)
    _require_classes(name, levels, values, task)
    return replace(number, kind="category", levels=levels)


def _require_no_contradiction(name: str, declared: str | None, config: TableConfig) -> None:
    """Raise if a target is declared as what its task cannot be."""
    if declared in ("date", "text"):
        raise UserError(
            f"data.types.{name}={declared} cannot be the kind of a target: choose numeric or"
            " category"
        )
    said = f"data.levels.{name}" if name in config.levels else f"data.types.{name}={declared}"
    classes = config.task in ("binary", "multiclass")
    if (config.task == "regression" and declared in CLASSES) or (classes and declared == "numeric"):
        raise UserError(f"data.task={config.task} contradicts {said}")


def _in_order(name: str, levels: list[str], declared: list[str]) -> list[str]:
    """Classes as `data.levels` has them.

    Raises:
        UserError: the target holds another value.
    """
    stray = next((level for level in levels if level not in declared), None)
    if stray is not None:
        allowed = f"one of {', '.join(declared)} (data.levels.{name})"
        raise UserError(f"data.target={name} must hold {allowed}, got {stray!r}")
    return [level for level in declared if level in levels]


def _require_classes(name: str, levels: list[str], values: DistinctValues, task: str) -> None:
    if task == "binary" and len(levels) != 2:
        raise UserError(
            f"data.task=binary needs two classes in {name}, got {len(levels)}: use multiclass"
        )
    if task == "multiclass" and len(levels) < 3:
        raise UserError(
            f"data.task=multiclass needs three classes in {name}, got {len(levels)}: use binary"
        )
    if len(levels) > values.rows / 2:
        raise UserError(
            f"data.target={name} has {len(levels)} classes in {values.rows} rows, more than one"
            f" for every two{stray_words(values) or ': is it the right column?'}"
        )


def _feature_warnings(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """What may be misunderstood of a column that is read."""
    return [
        *_identifiers(cells, column, config),
        *_doubtful_dates(cells, column, config),
        *_labelled_numbers(cells, column, config),
        *_words_among_numbers(cells, column, config),
    ]


def _identifiers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Whole numbers, all different: they may name the rows, and then tell nothing."""
    name = column.name
    chosen = config.features is not None or name in config.types
    if chosen or column.kind != "numeric" or not names_rows(cells):
        return []
    drop = f"data.drop=[{in_a_list(name)}]"
    return [f"{name} has another whole number in every row: {drop} if it is an identifier"]


def _doubtful_dates(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Dates that could be meant in the other order, if nobody has said which it is."""
    if column.kind != "date" or config.day_first is not None:
        return []
    doubt = in_doubt(cells.values.texts)
    if not doubt:
        return []
    first = "day" if column.day_first else "month"
    other = str(not column.day_first).lower()
    return [
        f"{column.name}: {doubt[0]} is read with the {first} first, since no date tells;"
        f" data.day_first={other} reads it the other way round"
    ]


def _labelled_numbers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Codes among numbers that have value labels: they may mean no answer."""
    name = column.name
    if column.levels or not column.labels or name in config.types:
        return []
    found = [text for text in cells.values.texts if text in column.labels]
    if not found:
        return []
    _farthest_first(found, cells, column)
    shown = ", ".join(f"{text} ({column.labels[text]})" for text in found[:3])
    shown += f" and {len(found) - 3} more" * (len(found) > 3)
    return [
        f"{name} holds numbers, and labels for {shown}: data.missing_in.{name}=[{found[0]}] if that"
        " means no answer"
    ]


def _farthest_first(codes: list[str], cells: Cells, column: Column) -> None:
    """Sort labelled codes: those that mean no answer lie apart from the numbers without labels."""
    texts = [text for text in cells.texts if text not in column.labels]
    numbers = [number for text in texts if (number := as_number(text)) is not None]
    middle = median(numbers or [0.0])
    codes.sort(key=lambda text: -abs((as_number(text) or 0.0) - middle))


def _words_among_numbers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """A few words that make a category of numbers, if nobody has said that it is one."""
    if column.kind != "category" or column.name in config.types or column.labels:
        return []
    stray = stray_words(cells.values)
    return [f"{column.name} is a category{stray}"] if stray else []
