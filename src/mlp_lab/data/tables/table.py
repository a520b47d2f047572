"""A file of rows and columns -> a data set: which column is what, and what each of them holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.mapped import Workspace
from mlp_lab.data.rows import Held, PartName, RawData, Source, SplitConstraints
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables.cells import MISSING_WORDS, Cells, canonical, cell_text
from mlp_lab.data.tables.columns import (
    cells_of,
    missing_codes,
    read_feature,
    read_targets,
    read_time,
    with_labels,
)
from mlp_lab.data.tables.config import Cell, TableConfig, require_use
from mlp_lab.data.tables.declared import cells_taken, code_in_row
from mlp_lab.data.tables.design import design_columns
from mlp_lab.data.tables.frames import StoredFrame, Table, TableFrame, weight_values
from mlp_lab.data.tables.numbers import as_number, as_stored
from mlp_lab.data.tables.parts import parts_named
from mlp_lab.data.tables.reading import open_columns, read_table
from mlp_lab.data.tables.streaming import content, is_streamed, unchanged
from mlp_lab.errors import UserError, nearest
from mlp_lab.formatting import counted, listed

ROLES = ("weight", "group", "strata", "time", "part")
"""Settings that name a column each, which is no input unless `data.features` names it too; neither
is a target."""


ReadFile = Callable[[TableConfig, str, str], tuple[TableFrame, str]]
"""Settings, a path and its key -> the file's rows, and how it was read."""


def load_table(config: TableConfig) -> RawData:
    """Read the file of `data.path` (and `data.test_path`).

    Raises:
        UserError: the file or a column cannot be used.
    """
    if config.path is None:
        raise UserError("data.path is missing: data=table needs a file, as data.path=survey.csv")
    paths = [config.path] if config.test_path is None else [config.path, config.test_path]
    require_use(asdict(config.file), paths)
    if not is_streamed(config):
        return rows_of(*_frames(_read_file, config), config)
    workspace = Workspace()
    try:
        with unchanged(config):
            held = Held(workspace, content(config))
            frames, note = _frames(partial(_stored_file, workspace), config)
            return rows_of(frames, f"{note}, read by columns from disk", config, held)
    except BaseException:
        workspace.remove()
        raise


def _frames(read: ReadFile, config: TableConfig) -> tuple[list[TableFrame], str]:
    """The rows of both files, and how the first was read."""
    assert config.path is not None
    train, note = read(config, config.path, "data.path")
    frames = [train]
    if config.test_path is not None:
        test, _ = read(config, config.test_path, "data.test_path")
        there = set(test.names)
        lacking = [column for column in train.names if column not in there]
        if lacking:
            raise UserError(f"data.test_path: {config.test_path} has no column {lacking[0]!r}")
        frames.append(test)
    return frames, note


def rows_of(
    frames: list[TableFrame], note: str, config: TableConfig, held: Held | None = None
) -> RawData:
    """The rows of one or two frames, the second of which is tested on; it empties the list.

    `note` says how they were read; `held` is what they lie in, if that is not memory.

    Raises:
        UserError: a column cannot be used.
    """
    config = named_as_written(config, frames[0].names)
    names = _checked_targets(config, frames[0])
    complete = [_with_targets(frame, names, config) for frame in frames]
    unused = [*_left_out(frames, complete, names), *_unused_codes(frames, config)]
    frames.clear()  # a copy of the rows, where some have no target
    table = _with_parts(complete, config)
    targets = read_targets(table, names, config)
    inputs, columns, dropped, of_features = read_features(table, config)
    of_features += design_columns(table.first, columns, inputs, dropped, config)
    weights = _weights(table, config)
    groups, group_column = _codes(table, config, "group")
    strata, strata_column = _codes(table, config, "strata")
    constraints, of_times = _constraints(table, groups, config)
    sampled = groups is not None or strata is not None
    design = SurveyDesign(groups, strata, config.group, config.strata) if sampled else None
    of_targets = [warning for target in targets for warning in target.warnings]
    split = [] if design is None else design.split_clusters()
    warnings = dict.fromkeys([*of_targets, *of_times, *split, *of_features, *unused])
    source = Source(config.file, note, dropped, list(warnings), held)
    values = [target.values for target in targets]
    return RawData(
        inputs,
        values[0] if len(values) == 1 else np.column_stack(values),
        columns,
        [target.column for target in targets],
        *weights,
        constraints,
        source,
        design,
        group_column,
        strata_column,
    )


def _left_out(
    frames: Sequence[TableFrame], complete: Sequence[TableFrame], targets: Sequence[str]
) -> Iterator[str]:
    """How many rows have no target, where they are left out."""
    for frame, kept in zip(frames, complete, strict=True):
        if count := len(frame) - len(kept):
            rows = f"{count:,} of {counted(len(frame), 'row')}{frame.of}"
            what = "the target" if len(targets) == 1 else "the targets"
            yield f"{rows} left out: no value of {listed(targets)}, {what}"


BY_COLUMN = ("types", "levels", "missing_in", "separators")
"""Settings that name a column each time they say something."""

MOST_FOOTERS = 12
"""Rows at the end of a file that may be none of its table."""


def named_as_written(config: TableConfig, names: Sequence[str]) -> TableConfig:
    """Settings whose columns are named as the file has them, blanks around the names included."""
    own = {name.strip(): name for name in names}
    blank = [name for name in own.values() if name.strip() != name]
    if not blank or len(own) < len(names):
        return config

    def written(name: str) -> str:
        return name if name in names else own.get(name.strip(), name)

    changes: dict[str, object] = {
        key: {written(name): entry for name, entry in getattr(config, key).items()}
        for key in BY_COLUMN
    }
    for key in ("target", "features", "drop", *ROLES):
        value = getattr(config, key)
        if value is not None:
            changes[key] = written(value) if isinstance(value, str) else list(map(written, value))
    return replace(config, **cast(dict[str, Any], changes))


def footers(frame: TableFrame) -> int:
    """How many rows at the end hold nothing but a text in the first column, as a source does.

    Rows without a cell above them and between them are counted, too.
    """
    rows = frame.frame
    if len(rows.columns) < 3:
        return 0
    texts = found = 0
    for place in range(len(rows) - 1, max(-1, len(rows) - 1 - MOST_FOOTERS), -1):
        first, *others = rows.iloc[place].tolist()
        words = isinstance(first, str) and bool(first) and as_number(first) is None
        if not all(pd.isna(cell) or cell == "" for cell in others):
            break
        if not words and not (pd.isna(first) or first == ""):
            break
        found, texts = found + 1, texts + words
    return found if texts else 0


def _kept_as_text(config: TableConfig) -> list[str]:
    """Columns whose zeros in front count."""
    kept = [name for name, kind in config.types.items() if kind in ("category", "text", "binary")]
    return [*kept, *config.levels]


def _no_row(path: str, key: str, columns: int) -> UserError:
    return UserError(f"{key}: {path} has {counted(columns, 'column')}, but no row")


def _read_file(config: TableConfig, path: str, key: str) -> tuple[TableFrame, str]:
    file = read_table(Path(path), config.file, _kept_as_text(config), key)
    if len(file.frame) == 0:
        raise _no_row(path, key, len(file.frame.columns))
    frame = TableFrame(
        file.frame,
        decimal=file.decimal,
        labels=file.labels,
        missing_ranges=file.missing_ranges,
        name="" if key == "data.path" else Path(path).name,
    )
    return frame, file.note


def _stored_file(
    workspace: Workspace, config: TableConfig, path: str, key: str
) -> tuple[TableFrame, str]:
    """The same, read by columns."""

    def chosen(names: list[str]) -> list[str]:
        return [name for name in names if _is_read(name, config)]

    own = Path(path), config.file, _kept_as_text(config), key
    file, note = open_columns(*own, chosen=chosen, workspace=workspace)
    if file.rows == 0:
        raise _no_row(path, key, len(file.names))
    decimal = "," if config.decimal == "," else file.decimal
    name = "" if key == "data.path" else Path(path).name
    return StoredFrame(file, workspace, decimal=decimal, name=name), note


def _is_read(name: str, config: TableConfig) -> bool:
    """Whether the cells of a column are looked at."""
    if name in config.targets or name in (getattr(config, key) for key in ROLES):
        return True
    left_out = name in config.drop or config.types.get(name) == "text"
    return not left_out and (config.features is None or name in config.features)


def _with_parts(frames: list[TableFrame], config: TableConfig) -> Table:
    """Rows that have a target, and what is settled about their parts."""
    if config.test_path is not None:
        parts = np.repeat([PartName.FREE, PartName.TEST], [len(frame) for frame in frames])
        return Table(frames, parts.astype(np.int64))
    if config.part is None:
        return Table(frames)
    codes = missing_codes(config, config.part, frames[0].codes(config.part))
    parts = parts_named(frames[0], config.part, codes)
    if not (parts == PartName.FREE).any():
        raise UserError(f"data.part={config.part} keeps no row for training: some must say train")
    learnt = parts != PartName.TEST
    return Table(frames, parts, None if learnt.all() else learnt)


def _checked_targets(config: TableConfig, frame: TableFrame) -> list[str]:
    """Names of the targets; every column that a setting names must be there."""
    names = frame.names
    if not config.targets:
        raise UserError(
            f"data.target is missing: choose a column of {config.where}: {_list(names)}"
        )
    named: list[tuple[str, str | None]] = [(f"data.target={name}", name) for name in config.targets]
    named += [(f"data.{key}={getattr(config, key)}", getattr(config, key)) for key in ROLES]
    for key, sign in (
        ("features", ": "),
        ("drop", ": "),
        ("types", "."),
        ("levels", "."),
        ("missing_in", "."),
        ("separators", "."),
    ):
        named += [(f"data.{key}{sign}{name}", name) for name in getattr(config, key) or []]
    for what, name in named:
        if name is not None and name not in names:
            where = f"{config.where}{nearest(name, names)} ({_list(names)})"
            if all(as_number(other) is not None for other in names) and len(names) > 1:
                where += ": data.header=none calls columns without names c1, c2, ..."
            raise UserError(f"{what}: no such column in {where}")
    return config.targets


def _list(names: Sequence[str], most: int = 30) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _with_targets(frame: TableFrame, names: Sequence[str], config: TableConfig) -> TableFrame:
    """The rows that have every target; `data.drop_missing_target` leaves the others out."""
    for name in names:
        frame = _with_target(frame, name, config)
    return frame


def _with_target(frame: TableFrame, name: str, config: TableConfig) -> TableFrame:
    """The rows that have a target."""
    cells = cells_of(frame, name, config)
    gone = cells.missing_rows
    count = int(gone.sum())
    if count == 0:
        return frame
    if not config.drop_missing_target:
        rows = f"{count} of {counted(len(frame), 'row')}{frame.of}"
        hint = "data.drop_missing_target=true leaves them out"
        if codes := cells_taken(cells, Column(name=name), config):
            shown = listed([f"{said} {code}" for code, said in codes.items()])
            rows += f", {shown.replace(' ', ' of them ', 1)}, declared to mean no answer"
        for word, said in cells.words_said.items():
            rows += f", {said} of them {word}"
            hint = f"data.missing_words=[] reads such words as values, {hint}"
        if last := footers(frame):
            lines = ",".join(str(-line) for line in range(last, 0, -1))
            what = "is the last row a footer" if last == 1 else f"are the last {last} rows a footer"
            hint = f"{what}? data.skip_rows=[{lines}] reads the others; {hint}"
        raise UserError(f"data.target={name} is missing in {rows}: {hint}")
    if count == len(frame):
        raise UserError(f"data.target={name} is missing in every row{frame.of}")
    return frame.some(~gone)


def read_features(
    table: Table, config: TableConfig
) -> tuple[Floats, list[Column], list[Dropped], list[str]]:
    """Values that the network reads, (N, D), their columns, those left out, and warnings.

    Raises:
        UserError: no column is left, or a cell or a setting does not fit its column.
    """
    roles = [*config.targets, *(getattr(config, key) for key in ROLES)]
    chosen, names = config.features, table.first.names
    most = sum(_is_read(name, config) for name in names)
    values = table.first.room(len(table), most)  # what is not written to is not used
    columns: list[Column] = []
    dropped: list[Dropped] = []
    warnings: list[str] = []
    for name in names:
        if name in config.drop:
            dropped.append(Dropped(name, "data.drop"))
        elif name in roles and (chosen is None or name not in chosen):
            continue
        elif chosen is not None and name not in chosen:
            dropped.append(Dropped(name, "not in data.features"))
        elif isinstance(found := read_feature(table, name, config), Dropped):
            dropped.append(found)
        else:
            values[:, len(columns)] = found.values
            columns.append(found.column)
            warnings += found.warnings
    if not columns:
        reasons = _list([f"{column.name}: {column.reason}" for column in dropped], 5)
        raise UserError(f"no column of {config.where} is left to learn from ({reasons})")
    return values[:, : len(columns)], columns, dropped, warnings


def _weights(table: Table, config: TableConfig) -> tuple[Floats | None, Column | None]:
    if config.weight is None:
        return None, None
    codes = missing_codes(config, config.weight, table.first.codes(config.weight))
    column = Column(name=config.weight, missing=codes)
    weights = np.concatenate([weight_values(frame, column) for frame in table.frames])
    if not weights.any():
        raise UserError(f"data.weight={config.weight} is 0 in every row")
    return weights, column


def _codes(table: Table, config: TableConfig, role: str) -> tuple[Index | None, Column | None]:
    """A number for each value of a column of which every row needs one, (N,), and the column.

    None where no column has the role.
    """
    name = getattr(config, role)
    if name is None:
        return None, None
    series = [frame.cells(name).series for frame in table.frames]
    texts = pd.concat([some.map(cell_text).where(some.notna()) for some in series])
    column = Column(name=name, missing=missing_codes(config, name, table.first.codes(name)))
    cells = Cells(texts, missing=column.missing)
    _require_present(table, cells.missing_rows, role, config)
    return cells.factorized[0], column


def _constraints(
    table: Table, groups: Index | None, config: TableConfig
) -> tuple[SplitConstraints, list[str]]:
    """What the split is bound to, and warnings."""
    if config.time is not None:  # groups are clusters of the sample then, which it may part
        time = read_time(table, config.time, config)
        _require_present(table, np.isnan(time.values), "time", config)
        return SplitConstraints(parts=table.parts, times=time.values), time.warnings
    return SplitConstraints(parts=table.parts, groups=groups), []


def _require_present(table: Table, missing: Mask, role: str, config: TableConfig) -> None:
    """Raise if a column that has a role has no value in a row; say if a code did it."""
    places = np.flatnonzero(missing)
    if len(places):
        name, place = getattr(config, role), int(places[0])
        frame, start = table.holding(place)
        codes = missing_codes(config, name, table.first.codes(name))
        said = code_in_row(frame, name, place - start, codes)
        where = f"data.{role}={name} is missing in {table.row(place)}"
        raise UserError(f"{where}: every row needs one{said}")


def _unused_codes(frames: Sequence[TableFrame], config: TableConfig) -> list[str]:
    """Codes for no answer that nobody gave: perhaps they are spelled otherwise."""
    read = [name for name in frames[0].names if _is_read(name, config)]
    anywhere = _unused(config.missing, frames, read)
    found = [f"data.missing: {code} occurs in no column" for code in anywhere]
    for name, codes in config.missing_in.items():
        inside = _unused(codes, frames, [name] if name in read else [])
        found += [f"data.missing_in.{name}: {code} does not occur in it" for code in inside]
    return found


def _unused(codes: Sequence[Cell], frames: Sequence[TableFrame], names: Sequence[str]) -> list[str]:
    """Codes that occur in none of some columns; looked for until all have been found."""
    ahead = [text for text in map(cell_text, codes) if text not in MISSING_WORDS]
    for frame in frames:
        for name in names:
            if ahead:
                cells, labels = frame.cells(name), frame.codes(name).labels
                ahead = [code for code in ahead if not _occurs(cells, code, labels)]
    return ahead


def _occurs(cells: Cells, code: str, labels: Mapping[str, str]) -> bool:
    texts = with_labels([code], labels)
    if cells.numeric:
        numbers = [number for text in texts if (number := as_number(text)) is not None]
        stored = as_stored(numbers, cells.series.dtype).tolist()
        return any(bool((cells.series == number).any()) for number in stored)
    return not set(map(canonical, texts)).isdisjoint(map(canonical, cells.texts))
