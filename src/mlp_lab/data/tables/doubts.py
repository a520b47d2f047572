"""What the data report doubts of a column that was read, with the setting that reads it otherwise.

Codes of no answer have files of their own: `declared`, `undeclared` and `suspects`; what columns
are to a survey, `design`.
"""

from collections.abc import Iterator, Sequence
from statistics import median

from mlp_lab.data.columns import CLOCK_TIMES, Column
from mlp_lab.data.tables import answers, kinds
from mlp_lab.data.tables.amounts import NUMBER, number_of
from mlp_lab.data.tables.cells import DECIMAL_COMMA, NONE, POINT_GROUPS, Cells, cell_text
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.dates import are_times, in_doubt
from mlp_lab.data.tables.durations import FORMS, duration_form
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.data.tables.scales import LabelledScale, is_scale, labelled_scale, no_answers
from mlp_lab.formatting import counted, listed, typed, typed_kind

MOST_NAMED = 20
"""Levels that a message names."""


def doubts(cells: Cells, column: Column, config: TableConfig, *, declared: bool) -> Iterator[str]:
    """What may be misunderstood of a column that is read; `declared` where its kind was said."""
    name = column.name
    if column.kind == "date" and config.day_first is None:
        first, other = ("day", "false") if column.day_first else ("month", "true")
        for text in in_doubt(cells.values.texts)[:1]:
            yield (
                f"{name}: {text} is read with the {first} first, since no date tells;"
                f" data.day_first={other} reads it the other way round"
            )
    yield from _durations(cells, column, declared=declared)
    yield from _words_and_amounts(cells, column, config)
    if column.kind == "multiple":
        yield from answers.in_words(column, cells, declared=declared)
        yield from _alike(column)
    elif name not in config.types:
        yield from _of_levels(cells, column, config)


def _of_levels(cells: Cells, column: Column, config: TableConfig) -> Iterator[str]:
    """What may be misunderstood of levels and their labels."""
    name = column.name
    if name in config.targets and column.levels:
        yield from answers.of_target(name, cells)
    if column.kind == "ordinal" and name not in config.levels:
        levels = ", ".join(column.levels[:MOST_NAMED])
        levels += f" and {len(column.levels) - MOST_NAMED} more" * (len(column.levels) > MOST_NAMED)
        yield f"{name} is ordinal: {levels}; {typed_kind(name, 'category')} reads categories"
    if apart := no_answers(column.labels):
        shown = ", ".join(f"{code} ({column.labels[code]})" for code in apart)
        other = f"{typed_kind(name, 'category')} reads categories"
        yield f"{name} is a scale, of which {shown} {_are(apart)} no value; {other}"
    elif column.labels and not cells.numeric and (scale := labelled_scale(cells.texts)):
        yield from _of_scale(column, scale)
    elif column.labels and not column.levels and not is_scale(column.labels):
        yield from _labelled_numbers(cells, column)
    yield from _alike(column)
    unlabelled = column.kind == "category" and not column.labels
    if unlabelled and (stray := kinds.stray_words(cells, name)):
        yield f"{name} is a category{stray}"
    elif unlabelled and name not in config.targets and (several := answers.hint(cells)):
        yield f"{name} is a category{several}"


def _of_scale(column: Column, scale: LabelledScale) -> Iterator[str]:
    """How a scale whose numbers have labels in the same cells is read."""
    name, other = column.name, f"{typed_kind(column.name, 'category')} reads categories"
    if scale.plain:
        code, cell = next(iter(scale.labels.items()))
        yield f"{name} is a scale of numbers, of which {cell!r} is read as {code}; {other}"
    if scale.apart:
        shown = listed(list(map(repr, scale.apart)))
        yield f"{name}: {shown} {_are(scale.apart)} read as no value; {other}"


def _are(codes: Sequence[str]) -> str:
    return "is" if len(codes) == 1 else "are"


def _alike(column: Column) -> Iterator[str]:
    """Levels that differ by case or blanks, which a person may have meant as one."""
    known: dict[str, list[str]] = {}
    for level in column.levels:
        known.setdefault(" ".join(level.casefold().split()), []).append(level)
    for same in known.values():
        if len(same) > 1:
            shown = listed(list(map(repr, same)))
            what = f"{len(same)} levels that differ by case or blanks alone"
            yield f"{column.name}: {shown} are {what}"


def _durations(cells: Cells, column: Column, *, declared: bool) -> Iterator[str]:
    """How long durations last, and what else times may be."""
    name = column.name
    if declared or (column.amount not in FORMS and column.amount != CLOCK_TIMES):
        return
    if cells.numeric:
        yield f"{name} holds durations, read as seconds"
        return
    text = max(cells.values.texts, key=len)
    if column.kind == "date" and duration_form([text]):
        other = f"{typed_kind(name, 'numeric')} reads durations"
        yield f"{name}: {text} is read as a time of day; {other}"
    elif column.kind == "numeric":
        clock = are_times(cells.values.texts)
        other = typed_kind(name, "date" if clock else "category")
        other += " reads times of day" if clock else " reads categories"
        seconds = number_of(text, column.amount, cells.decimal)
        yield f"{name}: {text} is read as a duration of {seconds:.15g} seconds; {other}"


def _words_and_amounts(cells: Cells, column: Column, config: TableConfig) -> Iterator[str]:
    """Words that were taken for no value, or for a class, and amounts taken for numbers."""
    name = column.name
    target = name in config.targets
    if column.levels:
        for word, count in cells.words_said.items():
            other = "data.missing_words=[] reads such words as values"
            yield f"{name}: {counted(count, 'cell')} say {word}, read as no value; {other}"
    if target and NONE in cells.known and NONE not in config.levels.get(name, []):
        setting = typed("data.missing_in", NONE, column=name)
        yield f"{name}: None is read as a class; {setting} reads it as no value"
    if column.kind == "numeric" and cells.points_group and not column.amount:
        yield _grouped_points(cells, target=target)
    if column.amount not in ("", *FORMS) and column.kind == "numeric":
        yield _amounts(name, cells, column, target=target)


def _grouped_points(cells: Cells, *, target: bool) -> str:
    """How whole numbers with points are read where a comma is the decimal sign."""
    texts = map(cell_text, cells.factorized[1])
    shown = next(text for text in texts if POINT_GROUPS.fullmatch(text))
    name, other = cells.name, "data.task=multiclass reads classes"
    other = other if target else f"{typed_kind(name, 'category')} reads categories"
    return f"{name}: {shown} is read as the number {shown.replace('.', '')}; {other}"


def _amounts(name: str, cells: Cells, column: Column, *, target: bool) -> str:
    """How amounts are read, and how else they could be."""
    amounts = [text for text in cells.values.texts if as_number(text) is None]
    plain = [text for text in cells.values.texts if as_number(text) is not None]
    sign = column.amount.strip("# ")
    whole = next((text for text in amounts if sign in text), amounts[0])
    number = number_of(whole, column.amount, cells.decimal)
    assert number is not None
    said = f"{name}: {whole} is read as the number {number:.15g}"
    if column.amount.endswith(("%", "‰")) and plain:
        said += f", and {plain[0]} without the sign as {plain[0]}: they mix units"
    elif column.amount == NUMBER and not plain and all(map(DECIMAL_COMMA.fullmatch, amounts)):
        return f"{said}; if {whole} is {whole.replace(',', '.')}, data.decimal=',' says so"
    if target:
        return f"{said}; data.task=multiclass reads classes"
    return f"{said}; {typed_kind(name, 'category')} reads categories"


def _labelled_numbers(cells: Cells, column: Column) -> Iterator[str]:
    """Codes among numbers that have value labels, those that lie apart from the others first."""
    name, labels = column.name, column.labels
    others = (as_number(text) for text in cells.texts if text not in labels)
    middle = median([number for number in others if number is not None] or [0.0])
    found = [text for text in cells.values.texts if text in labels]
    found.sort(key=lambda text: -abs((as_number(text) or 0.0) - middle))
    if found:
        shown = ", ".join(f"{text} ({labels[text]})" for text in found[:3])
        shown += f" and {len(found) - 3} more" * (len(found) > 3)
        meant = f"{typed('data.missing_in', found[0], column=name)} if that means no answer"
        yield f"{name} holds numbers, and labels for {shown}: {meant}"
