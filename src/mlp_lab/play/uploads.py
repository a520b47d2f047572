"""A table that a page was given: checked, and kept under the plain letters of its name."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from mlp_lab.data.tables.config import SUFFIXES, suffix_of
from mlp_lab.errors import UserError
from mlp_lab.files import make_folder, write_whole

MEGABYTES = 16
"""Of a table that is dropped on a page."""

LONGEST = 40
"""Letters of a name that are kept."""


def plain_name(name: str) -> str:
    """Letters, digits and dashes of a file's name, and its ending: no path, whatever is sent.

    >>> plain_name("../../My survey (1).CSV"), plain_name("/etc/ä.csv")
    ('My-survey-1.csv', 'table.csv')

    Raises:
        UserError: no table ends so.
    """
    suffix = suffix_of(Path(name))
    if suffix not in SUFFIXES:
        raise UserError(f"no table: its name must end with one of {', '.join(SUFFIXES)}")
    stem = re.split(r"[/\\]", name)[-1][: -len(suffix)]
    plain = re.sub(r"[^A-Za-z0-9]+", "-", stem)[:LONGEST].strip("-")
    return f"{plain or 'table'}{suffix}"


def require_size(size: int) -> None:
    """Raise where a table has more bytes than a page may send.

    Raises:
        UserError: it has.
    """
    if size > MEGABYTES * 10**6:
        raise UserError(f"a table must have at most {MEGABYTES} MB")


def kept(folder: Path, name: str, content: bytes) -> Path:
    """Write a table into a new folder below one that is removed with the page.

    Raises:
        UserError: it is no table by its name, or too large.
    """
    require_size(len(content))
    own = folder / secrets.token_hex(8)
    path = own / plain_name(name)
    make_folder(own, below=folder)
    write_whole(path, content)
    return path
