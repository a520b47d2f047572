"""What a user may want to hear of a table, though nothing of it is wrong."""

from collections.abc import Mapping, Sequence
from statistics import median

import pandas as pd

from mlp_lab.data.columns import Column
from mlp_lab.data.tables.cells import MISSING_WORDS, as_number, canonical, cell_text
from mlp_lab.data.tables.config import Cell, TableConfig
from mlp_lab.data.tables.dates import in_doubt
from mlp_lab.data.tables.frames import Rows
from mlp_lab.data.tables.inference import (
    FEWEST_IDENTIFIERS,
    SAMPLE,
    stray_words,
    values_of,
    with_labels,
)
from mlp_lab.data.tables.parsing import Cells
from mlp_lab.formatting import in_a_list


def remarks_on(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """What may be misunderstood of a column that is read."""
    named = [] if config.features is not None else identifiers(cells, column, config)
    return [
        *named,
        *doubtful_dates(cells, column, config),
        *labelled_numbers(cells, column, config),
        *words_among_numbers(cells, column, config),
    ]


def unused_codes(files: Sequence[Rows], config: TableConfig) -> list[str]:
    """Codes for no answer that nobody gave: perhaps they are spelled otherwise."""
    names = list(map(str, files[0].frame.columns))
    anywhere = _unused(config.missing, files, names)
    inside = {name: _unused(codes, files, [name]) for name, codes in config.missing_in.items()}
    return [
        *(f"data.missing: {code} occurs in no column" for code in anywhere),
        *(
            f"data.missing_in.{name}: {code} does not occur in it"
            for name, codes in inside.items()
            for code in codes
        ),
    ]


def _unused(codes: Sequence[Cell], files: Sequence[Rows], names: Sequence[str]) -> list[str]:
    """Codes that occur in none of some columns; looked for until all have been found."""
    left = [text for text in map(cell_text, codes) if text not in MISSING_WORDS]
    for rows in files:
        for name in names:
            if left:
                cells, labels = rows.cells(name), rows.codes(name).labels
                left = [code for code in left if not _occurs(cells, code, labels)]
    return left


def _occurs(cells: Cells, code: str, labels: Mapping[str, str]) -> bool:
    texts = with_labels([code], labels)
    if cells.numeric:
        numbers = [number for text in texts if (number := as_number(text)) is not None]
        return any(bool((cells.series == number).any()) for number in numbers)
    return not set(map(canonical, texts)).isdisjoint(map(canonical, cells.texts))


def identifiers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Whole numbers, all different: they may name the rows, and then tell nothing."""
    name = column.name
    if column.kind != "numeric" or name in config.types or not cells.numeric:
        return []
    values = cells.series
    few = len(values) < FEWEST_IDENTIFIERS
    if few or not _all_different(values.iloc[:SAMPLE]) or not _all_different(values):
        return []
    drop = f"data.drop=[{in_a_list(name)}]"
    return [f"{name} has another whole number in every row: {drop} if it is a name"]


def _all_different(values: pd.Series) -> bool:
    """Whether numbers are whole, all different, and all there."""
    return bool((values % 1 == 0).all()) and values.is_unique


def doubtful_dates(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Dates that could be meant in the other order, if nobody has said which it is."""
    if column.kind != "date" or config.day_first is not None:
        return []
    missing = cells.missing(column.missing)
    doubt = in_doubt(text for text, gone in zip(cells.texts, missing, strict=True) if not gone)
    if not doubt:
        return []
    first = "day" if column.day_first else "month"
    other = str(not column.day_first).lower()
    return [
        f"{column.name}: {doubt[0]} is read with the {first} first, since no date tells;"
        f" data.day_first={other} turns it"
    ]


def labelled_numbers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """Codes among numbers that have value labels: they may mean no answer."""
    name = column.name
    if column.levels or not column.labels or name in config.types:
        return []
    missing = cells.missing(column.missing)
    found = [
        text
        for text, gone in zip(cells.texts, missing, strict=True)
        if text in column.labels and not gone
    ]
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


def words_among_numbers(cells: Cells, column: Column, config: TableConfig) -> list[str]:
    """A few words that make a category of numbers, if nobody has said that it is one."""
    if column.kind != "category" or column.name in config.types or column.labels:
        return []
    stray = stray_words(values_of(cells, column.missing))
    return [f"{column.name} is a category{stray}"] if stray else []
