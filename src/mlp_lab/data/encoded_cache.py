"""Encoded tables on disk: made once, whole or not at all, and opened by every later run."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.mapped import AnyArray, MapFile, new_map, room_in_cache, tables_folder
from mlp_lab.data.preprocessing import EncodedData, EncodedPart, Room, opened_part
from mlp_lab.data.schema import Schema
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.streaming import content
from mlp_lab.errors import UserError
from mlp_lab.files import PartialFolder, remove_leftover_folders, to_json, write_whole
from mlp_lab.plain import read_as, require_keys
from mlp_lab.stored import read_json
from mlp_lab.version import __version__

INCIDENTAL = ("path", "test_path", "stream", "report_only", "name")
"""Settings of a table that change nothing of what is encoded: what its files hold counts."""

LIBRARIES = ("numpy", "pandas")
"""What cells are read by: another version might read one differently."""

KEPT_SECONDS = 30 * 24 * 3600
"""After which an encoded table that nobody used goes when another is made."""

ABOUT = "about.json"
MEGABYTES = 512
"""Of that file at most: a schema names every level of a category."""

PARTS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class _PartFiles:
    """What the files of a part hold: inputs (rows, inputs), targets (rows, outputs)."""

    rows: int
    inputs: int
    outputs: int
    weights: bool
    clusters: bool = False
    strata: bool = False


Make = Callable[[Room], tuple[EncodedData, Mapping[str, object]]]
"""Encodes rows into room that it is given, and says what else is to be known of them."""


def key_of(config: TableConfig) -> str:
    """A hash of everything that the encoded rows of a table depend on, but its output and type."""
    names = [field.name for field in fields(config) if field.name not in INCIDENTAL]
    settings = [(name, getattr(config, name)) for name in names]
    versions = [__version__, *map(version, LIBRARIES)]
    two = config.test_path is not None
    whole = repr((settings, versions, two, content(config)))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def encoded_table(key: str, make: Make) -> tuple[EncodedData, dict[str, object]]:
    """The rows that a key stands for, and what is known of them; they are encoded if need be.

    Whoever wants the same meanwhile waits for them.

    Raises:
        UserError: they cannot be encoded, or there is no room.
    """
    with room_in_cache():
        folder = tables_folder()
    path = folder / key
    with FileLock(folder / f"{key}.lock"):
        found = opened(path)
        if found is None:
            with room_in_cache():
                _remove_unused(folder)
            keep(path, make)
            found = opened(path)
        if found is None:
            raise UserError(f"{path} was changed while it was written: start again")
        with suppress(OSError):
            os.utime(path)
    return found


def _remove_unused(folder: Path) -> None:
    """Make room: what was left unfinished, and what nobody has used for long."""
    remove_leftover_folders(folder)
    long_ago = time.time() - KEPT_SECONDS
    for path in folder.iterdir():
        with suppress(OSError):
            if not path.name.startswith(".") and path.stat().st_mtime < long_ago:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def note(key: str) -> object:
    """What was noted under a key; None where nothing was, or it cannot be read."""
    try:
        return read_json(tables_folder() / f"{key}.json", 1)
    except (UserError, OSError):
        return None


def keep_note(key: str, value: object) -> None:
    """Note something small under a key.

    Raises:
        UserError: there is no room.
    """
    with room_in_cache():
        write_whole(tables_folder() / f"{key}.json", to_json(value), wait=False)


def keep(folder: Path, make: Make) -> None:
    """Encode rows into a folder, which is there once it is whole.

    Raises:
        UserError: they cannot be encoded, or there is no room.
    """
    with room_in_cache():
        partial = PartialFolder(folder)
    maps: list[AnyArray] = []

    def room(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        with room_in_cache(float(np.prod(shape)) * np.dtype(dtype).itemsize):
            maps.append(new_map(partial.folder / name, shape, dtype))
        return maps[-1]

    try:
        encoded, about = make(room)
        parts = {name: _written(getattr(encoded, name), name, room) for name in PARTS}
        dtype = encoded.train.inputs.dtype.name
        whole = {"about": about, "schema": encoded.schema.to_dict(), "dtype": dtype, "parts": parts}
        with room_in_cache():
            for array in maps:
                if isinstance(array, np.memmap):
                    array.flush()  # else a power cut may leave zeros under a name that is believed
            write_whole(partial.folder / ABOUT, to_json(whole))
            partial.keep()
    finally:
        partial.remove()


def _written(
    part: EncodedPart, name: str, room: Callable[[str, tuple[int, ...], DTypeLike], Array]
) -> dict[str, object]:
    """Write the weights of a part, and its clusters and strata; what its files hold."""
    weighted = part.weights is not None and part.loss_weights is not None
    if part.weights is not None and part.loss_weights is not None:
        room(f"{name}-weights", part.weights.shape, np.float64)[:] = part.weights
        room(f"{name}-loss-weights", part.weights.shape, np.float64)[:] = part.loss_weights
    design = part.design
    codes = (None, None) if design is None else (design.clusters, design.strata)
    for what, own in zip(("clusters", "strata"), codes, strict=True):
        if own is not None:
            room(f"{name}-{what}", own.shape, np.int64)[:] = own
    sizes = part.inputs.shape[1], part.targets.shape[1]
    given = [own is not None for own in codes]
    return asdict(_PartFiles(len(part), *sizes, weighted, *given))


def opened(folder: Path) -> tuple[EncodedData, dict[str, object]] | None:
    """What was kept in a folder; None where nothing is, or not what was written.

    The folder's time tells when it was last used.
    """
    try:
        found = require_keys(
            read_json(folder / ABOUT, MEGABYTES),
            dict.fromkeys(("about", "schema", "dtype", "parts"), True),
        )
        parts = read_as(dict[str, _PartFiles], found["parts"], "parts")
        dtype = read_as(str, found["dtype"], "dtype")
        schema = schema_of(found["schema"])
        train, val, test = (_opened(folder, name, parts[name], dtype, schema) for name in PARTS)
        about = read_as(dict[str, object], found["about"], "about")
        return EncodedData(schema, train, val, test), about
    except (UserError, OSError, KeyError, TypeError):
        return None


def _opened(folder: Path, name: str, about: _PartFiles, dtype: str, schema: Schema) -> EncodedPart:
    def weights(what: str) -> Floats | None:
        path = folder / f"{name}-{what}"
        found = MapFile(path, (about.rows,), "float64").open() if about.weights else None
        return None if found is None else np.array(found)

    def codes(what: str) -> Index | None:
        given = getattr(about, what)
        found = MapFile(folder / f"{name}-{what}", (about.rows,), "int64").open() if given else None
        return None if found is None else np.array(found)

    clusters, strata = codes("clusters"), codes("strata")
    design = None
    if clusters is not None or strata is not None:
        columns = schema.group, schema.strata
        cluster, stratum = (None if column is None else column.name for column in columns)
        design = SurveyDesign(clusters, strata, cluster, stratum)
    files = (
        MapFile(folder / f"{name}-inputs", (about.rows, about.inputs), dtype),
        MapFile(folder / f"{name}-targets", (about.rows, about.outputs), dtype),
    )
    return opened_part(files, weights("weights"), weights("loss-weights"), design)
