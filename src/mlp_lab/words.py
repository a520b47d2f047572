"""Words of a command line as Hydra reads them: a shell takes the quotes away that were typed."""

import re
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

SIGN = re.compile(r"(data\.(?:delimiter|decimal|quote))=([,;:'\"\t]|\\t)")
"""A sign that Hydra takes for a part of its own grammar."""

PATHS = (
    "resume",
    "sweep.resume",
    "hydra.run.dir",
    "hydra.sweep.dir",
    "data.path",
    "data.test_path",
)
COLUMNS = ("data.target", "data.weight", "data.group", "data.time", "data.part", "data.sheet")
LISTS = ("data.features", "data.drop")
ELEMENT = re.compile(r"\s*(?:'[^']*'|\"[^\"]*\")\s*|[^,]+")
"""Of a list: in quotes, or up to a comma."""


def readable(word: str) -> str:
    """`data.delimiter=;`, `data.target=Größe` or `data.path=~/a (1).csv` as Hydra reads it.

    A word that it reads already stays as it is, save that `~` is the home folder.
    """
    key, _, value = word.partition("=")
    if SIGN.fullmatch(word):
        sign = value.replace("\\t", "\t")
        return f"{key}={quoted(sign)}"
    if key in PATHS and value.startswith("~/"):
        value = str(Path(value).expanduser())
    if _is_read(f"{key}={value}"):
        return f"{key}={value}" if value else word
    if key in PATHS or key in COLUMNS:
        return f"{key}={quoted(value)}"
    if key in LISTS and value.startswith("[") and value.endswith("]"):
        names = (name.strip() for name in ELEMENT.findall(value[1:-1]))
        listed = f"{key}=[{','.join(map(_element, names))}]"
        return listed if _is_read(listed) else word
    return word


def quoted(value: str) -> str:
    """Text that Hydra takes as it is."""
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def _element(name: str) -> str:
    return name if _is_read(f"x={name}") else quoted(name)


def _is_read(word: str) -> bool:
    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return False
    return True
