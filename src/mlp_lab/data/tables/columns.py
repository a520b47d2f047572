"""One pass over a column of a table -> its kind, its values, and what to warn of.

Settings come before what its distinct values look like; the data report shows every choice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import CLOCK_TIMES, Column, Dropped
from mlp_lab.data.tables import answers, kinds
from mlp_lab.data.tables.amounts import as_amount
from mlp_lab.data.tables.cells import NONE, Cells, FileCodes, RowName, canonical, cell_text
from mlp_lab.data.tables.config import Cell, TableConfig
from mlp_lab.data.tables.dates import are_times, days_lead
from mlp_lab.data.tables.declared import taken
from mlp_lab.data.tables.doubts import doubts
from mlp_lab.data.tables.durations import LONG
from mlp_lab.data.tables.frames import Table, TableFrame, refusing_unseen
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.data.tables.scales import LabelledScale, labelled_scale, no_answers, ordered_levels
from mlp_lab.data.tables.undeclared import undeclared
from mlp_lab.errors import UserError
from mlp_lab.formatting import typed, typed_kind

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
        self._all = cells_of(table.first, name, config)
        labels, missing = table.first.codes(name).labels, list(self._all.missing)
        words = words_of(config)
        self.plain = Column(
            name=name,
            labels=labels,
            missing=missing,
            amount=LONG if self._all.lasting else "",
            missing_words=words,
        )
        self.kind = _declared_kind(name, config)
        """The kind that the settings declare, if they do."""
        self.config = config
        self._table = table
        declared, learnt = self.kind is not None, table.learnt
        self.cells = self._all if learnt is None else self._all.some(learnt, declared=declared)
        """Those by which its kind is chosen: all but those of test rows, which decide nothing."""

    def let_none_be_a_level(self) -> None:
        """Read the word None as a value."""
        self._all, self.cells = (own.knowing(NONE) for own in (self._all, self.cells))

    def of_scale(self, scale: LabelledScale) -> Column:
        """The column of a scale whose numbers have labels, in the same cells."""
        self.plain.missing.extend(scale.apart)
        missing = self.plain.missing
        self._all, self.cells = (
            own.meaning(missing, own.words, own.known) for own in (self._all, self.cells)
        )
        levels = [] if scale.plain else [*scale.labels.values()]
        kind = "numeric" if scale.plain else "ordinal"
        return replace(self.plain, kind=kind, labels=scale.labels, levels=levels)

    def read(self, column: Column, *, refusing: bool = False) -> ReadColumn:
        """The numbers of all rows, once it is known how they are read; refusing unseen levels."""
        if column.kind == "numeric":
            _require_finite(self._all, self._table.first.row)
        values = self._table.values(refusing_unseen(column) if refusing else column, self._all)
        warnings = [*doubts(self.cells, column, self.config, declared=self.kind is not None)]
        warnings += undeclared(column, values, self.config)
        warnings += taken(self._all, column, values, self.config)
        return ReadColumn(column, values, warnings)


def _declared_kind(name: str, config: TableConfig) -> str | None:
    if name in config.levels:
        return "ordinal"
    return "multiple" if name in config.separators else config.types.get(name)


def words_of(config: TableConfig) -> list[str] | None:
    """Words that mean no value, as cells have them; None for those that do by default."""
    words = config.missing_words
    return None if words is None else [cell_text(word) for word in words]


def cells_of(frame: TableFrame, name: str, config: TableConfig) -> Cells:
    """A column's cells, of which codes and words mean no value, unless they are declared levels.

    A class of the target may be called None: nobody leaves out an answer by that word alone.
    """
    said = frame.codes(name)
    levels = map(cell_text, config.levels.get(name, []))
    known = {*levels, *said.labels.values()}
    codes, words = missing_codes(config, name, said), words_of(config)
    if name not in config.levels and config.types.get(name) in (None, "numeric"):
        codes = [*codes, *with_labels(no_answers(said.labels), said.labels)]
    sign = config.separators.get(name)  # which joins lists, too
    plain = None if sign is None else Column(name=name, separator=answers.said_sign(sign))
    own = frame.cells(name, column=plain)
    cells = own.meaning(codes, words, known)
    if name not in config.targets or cells.numeric or NONE in codes or NONE not in cells.texts:
        return cells
    others = [text for text in cells.values.texts if as_number(text) is None]
    if len(others) < len(cells.values.texts) or not others:
        return cells
    return own.meaning(codes, words, known | {NONE})


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
        UserError: a cell or a setting does not fit the column's declared kind.
    """
    if config.types.get(name) == "text":
        return Dropped(name, "declared as text")
    source = _Source(table, name, config)
    column = _feature_column(source)
    if isinstance(column, Dropped):
        return column
    read = source.read(column)
    chosen = config.features is not None or name in config.types
    if not chosen and kinds.may_number_rows(source.cells, column):
        drop = f"{typed('data.drop', name)} if it is an identifier"
        read.warnings.insert(0, f"{name} has another whole number in every row: {drop}")
    return read


def _feature_column(source: _Source) -> Column | Dropped:
    cells, kind, plain = source.cells, source.kind, source.plain
    if kind in (None, "numeric") and not plain.labels and kinds.many_numbers(cells):
        counting = kind is None and kinds.counts_rows(cells.series)
        return Dropped(plain.name, "identifier: it counts the rows") if counting else plain
    if reason := kinds.says_nothing(cells):
        return Dropped(plain.name, reason)
    kind = kind or kinds.kind_of(cells, plain.labels)
    if kind == "text":
        more = kinds.stray_words(cells, plain.name) or answers.hint(cells)
        return Dropped(plain.name, kinds.too_varied(cells.values) + more)
    return _of_kind(source, kind)


def _of_kind(source: _Source, kind: str) -> Column:
    scale = labelled_scale(source.cells.values.texts) if not source.plain.labels else None
    if scale is not None and kind in ("numeric", "ordinal") and source.kind != "ordinal":
        return source.of_scale(scale)
    if kind == "numeric":
        return replace(source.plain, amount=kinds.amounts_in(source.cells) or "")
    if kind == "date":
        return _date(source, source.plain)
    if kind == "multiple":
        return _of_answers(source)
    if kind != "ordinal":
        levels = _levels(source, kind)
    elif source.plain.name in source.config.levels:
        levels = _declared_levels(source)
    else:
        levels = ordered_levels(source.cells.values.texts)
    least = source.config.min_frequency if kind == "category" else 0.0
    return replace(source.plain, kind=kind, levels=levels, min_frequency=least)


def _of_answers(source: _Source) -> Column:
    """A column of several answers; None, alone in a cell, is one of them."""
    name, config = source.plain.name, source.config
    if NONE in source.cells.texts and NONE not in source.cells.missing:
        source.let_none_be_a_level()
    sign = config.separators.get(name)
    return answers.several_answers(source.plain, source.cells, sign, config.min_frequency)


def _date(source: _Source, column: Column) -> Column:
    """`data.day_first` decides whether days come first, else the dates."""
    said = source.config.day_first
    first = days_lead(source.cells.values.texts) if said is None else said
    form = CLOCK_TIMES if are_times(source.cells.values.texts) else ""
    return replace(column, kind="date", day_first=first, amount=form)


def _levels(source: _Source, kind: str | None) -> list[str]:
    """Names of the distinct values, numbers by size and before words; two of a binary column."""
    name, labels = source.plain.name, source.plain.labels
    numbers = {text: as_number(text) for text in source.cells.values.texts}
    ordered = sorted(numbers, key=lambda text: (numbers[text] is None, numbers[text] or 0.0, text))
    levels = list(dict.fromkeys(labels.get(text, text) for text in ordered))
    if kind == "binary" and len(levels) != 2:
        found = f"{len(levels)} ({', '.join(levels[:5])})"
        raise UserError(f"data.types.{name}=binary needs two distinct values, got {found}")
    return levels


def _declared_levels(source: _Source) -> list[str]:
    """Levels as `data.levels` has them; a code is called as its value label calls it."""
    name, labels = source.plain.name, source.plain.labels
    texts = [cell_text(level) for level in source.config.levels[name]]
    levels = [labels.get(text, text) for text in texts]
    twice = next((level for level in levels if levels.count(level) > 1), None)
    if twice is not None:
        raise UserError(f"data.levels.{name} names {twice!r} twice")
    return levels


def read_time(table: Table, name: str, config: TableConfig) -> ReadColumn:
    """Read the column of `data.time`: numbers, else days since 1970.

    Raises:
        UserError: a cell is neither.
    """
    source = _Source(table, name, config)
    column = replace(source.plain, labels={}, amount=kinds.amounts_in(source.cells) or "")
    typed = pd.api.types.is_numeric_dtype(source.cells.series.dtype)
    numbers = typed or kinds.numbers_in(source.cells) is not None
    return source.read(column if numbers else _date(source, column))


def read_targets(table: Table, names: Sequence[str], config: TableConfig) -> list[ReadColumn]:
    """Read what is to be predicted: one column, or several that are all of one kind.

    Raises:
        UserError: one of them cannot be learnt, or not together with the others.
    """
    if config.task == "multilabel":
        config = replace(config, task="binary")
    found = [read_target(table, name, config) for name in names]
    if len(found) > 1:
        _require_alike([read.column for read in found])
    return found


def _require_alike(targets: Sequence[Column]) -> None:
    """Raise unless several targets are all numbers, or all of two classes."""
    rule = "several targets are all numbers, or all of two classes"
    for column in targets:
        if len(column.levels) > 2:
            coded = all(as_number(level) is not None for level in column.levels)
            hint = "; data.task=regression reads them as numbers" if coded else ""
            raise UserError(
                f"data.target: {column.name} has {len(column.levels)} classes, but {rule}{hint}"
            )
    numbers = [column.name for column in targets if not column.levels]
    classes = [column.name for column in targets if column.levels]
    if numbers and classes:
        raise UserError(
            f"data.target: {numbers[0]} is a number and {classes[0]} holds classes, but {rule}"
        )


def read_target(table: Table, name: str, config: TableConfig) -> ReadColumn:
    """Read the target, as `data.task` says; the levels of its column are the classes, if any.

    Raises:
        UserError: there is nothing to learn, or a cell or a setting does not fit the task.
    """
    source = _Source(table, name, config)
    declared = source.kind
    if declared in ("date", "text", "multiple"):
        fit = "cannot be the kind of a target: choose numeric or category"
        several = name in config.separators
        setting = f"data.separators.{name}" if several else f"data.types.{name}={declared}"
        raise UserError(f"{setting} {'makes several answers, which ' * several}{fit}")
    said = f"data.levels.{name}" if name in config.levels else f"data.types.{name}={declared}"
    classes = config.task in ("binary", "multiclass")
    if (config.task == "regression" and declared in CLASSES) or (classes and declared == "numeric"):
        raise UserError(f"data.task={config.task} contradicts {said}")
    return source.read(_column_of_target(source), refusing=True)


def _column_of_target(source: _Source) -> Column:
    cells, kind, task = source.cells, source.kind, source.config.task
    _refuse_dates(source)
    number = replace(source.plain, amount=kinds.amounts_in(cells) or "")
    classes, may_be_number = kind in CLASSES, task in ("auto", "regression")
    if may_be_number and not (classes or number.labels) and kinds.many_numbers(cells):
        return number
    values = cells.values
    if len(values.texts) < 2:
        what = f"only {values.texts[0]!r}" if values.texts else "no value"
        raise UserError(f"data.target={number.name} holds {what}: nothing to learn")
    classes = classes or kinds.all_labelled(values, number.labels)
    numbers = kinds.numbers_in(cells)
    if task == "auto" and not classes and kind != "numeric":
        classes = numbers is None or (kinds.few_whole(numbers) and not number.amount)
    if task in ("binary", "multiclass") or (task == "auto" and classes):
        return replace(number, kind="category", levels=_classes(source))
    if numbers is None:
        worst = next(text for text in values.texts if as_amount(text, cells.decimal) is None)
        hint = _stray_in_target(cells)
        raise UserError(f"data.target={number.name} must hold numbers, got {worst!r}{hint}")
    return number


def _refuse_dates(source: _Source) -> None:
    """Refuse a target of dates, unless they are few or declared to be classes."""
    name, cells, task = source.plain.name, source.cells, source.config.task
    declared = source.kind is not None or task in ("binary", "multiclass")
    if declared or cells.numeric or len(cells.values.texts) < 2:
        return
    few = len(cells.values.texts) <= kinds.CLASSES_OF_NUMBERS and task == "auto"
    if few or kinds.kind_of(cells, source.plain.labels) != "date":
        return
    clock = are_times(cells.values.texts)
    lasting = f"{typed_kind(name, 'numeric')} reads durations, " * clock
    other = "hours, as 9.5" if clock else "days since the first of them, or a year, as 2020.5"
    raise UserError(
        f"data.target={name} holds {'times' if clock else 'dates'}, as {cells.values.texts[0]!r}: a"
        f" column of {other}, can be predicted; {lasting}data.task=multiclass reads classes"
    )


def _stray_in_target(cells: Cells) -> str:
    """What to do about a few words among the numbers of a target."""
    found = kinds.stray_words(cells)
    both = " data.drop_missing_target=true leaves out such rows"
    return found and found.replace(" reads such cells as no value", both)


def _classes(source: _Source) -> list[str]:
    """Levels of the target, in the order of `data.levels`, as many as `data.task` says."""
    name, task, values = source.plain.name, source.config.task, source.cells.values
    levels = _levels(source, source.kind)
    declared_kind = source.kind in CLASSES or task != "auto"
    words = "" if declared_kind or source.plain.labels else _stray_in_target(source.cells)
    if words and len(values.texts) > kinds.CLASSES_OF_NUMBERS:
        raise UserError(f"data.target={name} holds {words.removeprefix(': ')}")
    if name in source.config.levels:
        declared = _declared_levels(source)
        stray = next((level for level in levels if level not in declared), None)
        if stray is not None:
            allowed = f"one of {', '.join(declared)} (data.levels.{name})"
            raise UserError(f"data.target={name} must hold {allowed}, got {stray!r}")
        levels = [level for level in declared if level in levels]
    count = len(levels)
    needs, other = ("two", "multiclass") if task == "binary" else ("three", "binary")
    if (task == "binary" and count != 2) or (task == "multiclass" and count < 3):
        found = f"{needs} classes in {name}, got {count}: use {other}"
        raise UserError(f"data.task={task} needs {found}")
    if count > values.rows / 2:
        many = f"{count} classes in {values.rows} rows, more than one for every two"
        hint = kinds.stray_words(source.cells) or ": is it the right column?"
        raise UserError(f"data.target={name} has {many}{hint}")
    return levels


def _require_finite(cells: Cells, row: RowName) -> None:
    """Refuse infinite numbers, with the setting that reads them as no value.

    A column of numbers without any is seen to be that in a pass; as texts it would take fifty
    times as long, and a hundred bytes for each number.
    """
    if cells.numeric and not np.isinf(cells.series.to_numpy(np.float64, na_value=np.nan)).any():
        return
    texts = zip(cells.texts, cells.absent, strict=True)
    infinite = [not gone and math.isinf(as_number(text) or 0.0) for text, gone in texts]
    places = np.flatnonzero(infinite).tolist()
    if places:
        found = [cells.texts[place] for place in places]
        setting = typed("data.missing_in", *dict.fromkeys(map(canonical, found)), column=cells.name)
        place = int(np.flatnonzero(np.isin(cells.factorized[0], places))[0])
        raise UserError(
            f"column {cells.name!r} must hold a finite number, got {cells.series.iloc[place]} in"
            f" {row(place)}: {setting} reads such cells as no value"
        )
