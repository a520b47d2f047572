"""Parquet and Feather files, in pieces; what stands there once may be meant a million times."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mlp_lab.data.tables.config import PARQUET, suffix_of
from mlp_lab.data.tables.header import column_names
from mlp_lab.data.tables.limits import COPIES, NUMBER, require_cells, require_memory, rows_at_once

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch, Schema
    from pyarrow.parquet import ParquetFile

    ArrowTypes = Mapping[str, DataType]
    """Types of columns, by name."""

UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
"""Row labels of a frame of which some rows were taken: they say where a row stood in another."""

REPEATED = 1 << 30
"""Bytes that the texts of a column may take at most, so that nobody looks at them before."""

READ_AT_ONCE = 1 << 20
"""Bytes of a column that are read at once, however many rows a group of a Parquet file has."""


def arrow_pieces(
    path: Path, rows: int, *, kept: bool, only: str | None = None, types: ArrowTypes | None = None
) -> Iterator[pd.DataFrame]:
    """The file in pieces, an empty one first; `kept` where all of them stay in memory.

    A saved index is a column like another, unless it has no name. Of Parquet, `only` one column.
    `types` by name are those that columns are to have, where they hold what a file has.

    Raises:
        UserError: a column has no name of its own, or there is too much for the memory.
    """
    from pyarrow import Table  # noqa: PLC0415 optional
    from pyarrow import schema as arrow_schema  # noqa: PLC0415 optional
    from pyarrow.ipc import open_file  # noqa: PLC0415 optional

    with path.open("rb") as file:
        if suffix_of(path) in PARQUET:
            source = _parquet(path, file, rows, kept=kept)
            schema = source.schema_arrow
            if only is not None:
                schema = arrow_schema([schema.field(only)])
            rows = rows_at_once(rows, len(schema.names))
            batches = source.iter_batches(rows, columns=None if only is None else [only])
        else:
            source = open_file(file)
            schema = source.schema
            batches = (_valid(source.get_batch(i)) for i in range(source.num_record_batches))
        names, plain = column_names(path, schema.names), _plain(schema)
        for i, name in enumerate(names):
            if types and name in types:
                plain = plain.set(i, plain.field(i).with_type(types[name]))
        unnamed = [name for name in names if UNNAMED_INDEX.fullmatch(name)]
        letters, rows_so_far = 0, 0
        for batches_of_one in chain([[]], ([batch] for batch in batches)):
            letters = sum(map(_letters, batches_of_one), letters if kept else 0)
            require_memory(path.name, "texts that repeat", COPIES * letters)
            if kept:  # Feather tells its rows only batch by batch
                rows_so_far += sum(batch.num_rows for batch in batches_of_one)
                require_cells(path.name, rows_so_far, len(names))
            table = Table.from_batches(batches_of_one, schema).cast(plain).rename_columns(names)
            table = table.drop_columns(unnamed)
            for first in range(0, len(table) or 1, rows):
                piece = table.slice(first, rows)
                yield piece.to_pandas(ignore_metadata=True, date_as_object=False)


def parquet_header(path: Path) -> tuple[list[str], int]:
    """Names of a file's columns, without row labels that have no name, and its rows.

    Raises:
        UserError: a column has no name of its own.
    """
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 optional

    with path.open("rb") as file:
        source = ParquetFile(file)
        rows = source.metadata.num_rows
        names = column_names(path, source.schema_arrow.names)
    return [name for name in names if not UNNAMED_INDEX.fullmatch(name)], rows


def parquet_cells(path: Path) -> int:
    """How many cells a Parquet file has; 0 where it cannot be read."""
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 optional
        from pyarrow.parquet import read_metadata  # noqa: PLC0415 optional
    except ImportError:
        return 0
    try:
        about = read_metadata(path)
    except (OSError, ArrowException):
        return 0
    return int(about.num_rows * about.num_columns)


def _valid(batch: RecordBatch) -> RecordBatch:
    """A batch that lies within its file: what would be read elsewhere could end the process."""
    batch.validate(full=True)
    return batch


def _opened(file: object, coded: Collection[str] = ()) -> ParquetFile:
    """A file of which no more is held than is being read: else, in the end, all its bytes are.

    Of `coded` columns the texts are read as codes.
    """
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 optional

    return ParquetFile(
        file, read_dictionary=sorted(coded), pre_buffer=False, buffer_size=READ_AT_ONCE
    )


def _parquet(path: Path, file: object, rows: int, *, kept: bool) -> ParquetFile:
    """A file whose cells fit in memory; texts that repeat very often are read as codes first."""
    source = _opened(file)
    about = source.metadata
    chunks = [
        about.row_group(group).column(i)
        for group in range(about.num_row_groups)
        for i in range(about.num_columns)
    ]
    if kept:
        cells = sum(chunk.num_values for chunk in chunks)
        found = f"{about.num_rows:,} rows of {about.num_columns:,} columns"
        require_memory(path.name, found, COPIES * NUMBER * cells)
    coded = {
        chunk.path_in_schema
        for chunk in chunks
        if chunk.physical_type == "BYTE_ARRAY"
        and chunk.has_dictionary_page
        and min(rows, chunk.num_values) * chunk.total_uncompressed_size > REPEATED
    }
    return _opened(file, coded) if coded else source


def _letters(batch: RecordBatch) -> int:
    """Bytes of the texts that codes stand for, once for each cell."""
    from pyarrow import compute, types  # noqa: PLC0415 optional

    total = 0
    for column in batch.columns:
        if types.is_dictionary(column.type) and _is_text(column.type.value_type):
            lengths = compute.take(compute.binary_length(column.dictionary), column.indices)
            total += compute.sum(lengths.cast("int64")).as_py() or 0
    return total


def _is_text(kind: object) -> bool:
    from pyarrow import types  # noqa: PLC0415 optional

    tests = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(test(kind) for test in tests)


def _plain(schema: Schema) -> Schema:
    """Categories as their values, decimals as floats."""
    from pyarrow import float64, types  # noqa: PLC0415 optional

    for i, column in enumerate(schema):
        if types.is_dictionary(column.type):
            schema = schema.set(i, column.with_type(column.type.value_type))
        elif types.is_decimal(column.type):
            schema = schema.set(i, column.with_type(float64()))
    return schema


def arrow_types(path: Path) -> ArrowTypes:
    """Types of a file's columns, as its pieces have them, by name.

    Raises:
        UserError: a column has no name of its own.
    """
    from pyarrow.ipc import open_file  # noqa: PLC0415 optional
    from pyarrow.parquet import read_schema  # noqa: PLC0415 optional

    with path.open("rb") as file:
        parquet = suffix_of(path) in PARQUET
        schema = _plain(read_schema(file) if parquet else open_file(file).schema)
    return dict(zip(column_names(path, schema.names), schema.types, strict=True))


def wider_type(one: DataType, other: DataType) -> DataType | None:
    """The type that holds values of both, None where they are of different kinds."""
    from pyarrow import ArrowException, field, unify_schemas  # noqa: PLC0415 optional
    from pyarrow import schema as arrow_schema  # noqa: PLC0415 optional

    if one == other or not tells_type(other):
        return one
    if not tells_type(one):
        return other
    if kind_of_cells(one) != kind_of_cells(other):
        return None
    try:
        both = [arrow_schema([field("x", kind)]) for kind in (one, other)]
        return unify_schemas(both, promote_options="permissive").types[0]
    except (ArrowException, ValueError, TypeError):
        return None


def kind_of_cells(kind: DataType) -> str:
    """What cells of a type hold, in words."""
    from pyarrow import types  # noqa: PLC0415 optional

    if _is_text(kind):
        return "text"
    tests = {
        "truth values": types.is_boolean,
        "numbers": lambda kind: types.is_integer(kind) or types.is_floating(kind),
        "dates": lambda kind: types.is_date(kind) or types.is_timestamp(kind),
    }
    return next((words for words, test in tests.items() if test(kind)), str(kind))


def tells_type(kind: DataType) -> bool:
    """Whether a type says what values are: of nothing but missing ones, or empty lists, not."""
    from pyarrow import types  # noqa: PLC0415 optional

    if types.is_struct(kind):
        return all(tells_type(field.type) for field in kind)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return tells_type(kind.value_type)
    return not types.is_null(kind)
