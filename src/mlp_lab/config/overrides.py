"""Words of a command line as Hydra reads them: a shell takes the quotes away that were typed."""

import re
from collections.abc import Iterable
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException

from mlp_lab.config.schema import GROUPS
from mlp_lab.errors import UserError
from mlp_lab.formatting import MOST_LETTERS, quoted

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

FUNCTION = re.compile(r"(choice|range|interval|glob|sort|shuffle|tag|extend_list|\w*str)\(.*\)")
"""Hydra's own: what is wrong within one is for it to say."""

HOME = re.compile(r"(?:(?<=,)|^)~/")
"""The home folder, of each of several paths."""

TOKEN = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[\[\],]|[^\[\],]+)")
"""Of a list, or of several values: a name in quotes, a sign between names, or a name."""

OTHER_GROUPS = ("experiment", "hydra")
"""Of files, beside those of a run's settings."""

DIGITS = re.compile(r"\d{4000}")
"""Of numbers that Python refuses to read."""


def require_short_numbers(words: Iterable[str]) -> None:
    """Raise if a word holds a number that nobody could read.

    Raises:
        UserError: it does; its key is named.
    """
    for word in words:
        if DIGITS.search(word):
            key = word.partition("=")[0]
            raise UserError(f"{key[:MOST_LETTERS]} must be of at most 300 digits, got thousands")


def require_unicode(words: Iterable[str]) -> None:
    """Raise if a word, as a file's name of another encoding, cannot be written down.

    Raises:
        UserError: it cannot.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UserError(f"words must be Unicode text, got {word!a}") from None


def require_names(words: Iterable[str]) -> None:
    """Raise if a list by which a group is chosen holds what is no name: Hydra fails on it.

    Raises:
        UserError: it does; the group is named.
    """
    lists = [word for word in words if "[" in word]
    for override in [parsed for word in lists if (parsed := _parsed(word)) is not None]:
        group, value = override.key_or_group, override.value()
        choices = value.list if isinstance(value, ChoiceSweep) else [value]
        for choice in choices if group in (*GROUPS, *OTHER_GROUPS) or "/" in group else []:
            if isinstance(choice, list) and not all(isinstance(name, str) for name in choice):
                rule = "chosen by the name of one of its files, as in model=deep"
                raise UserError(f"{group} must be {rule}, got {str(choice)[:MOST_LETTERS]}")


def readable(word: str) -> str:
    """`data.delimiter=;`, `data.target=Größe` or `data.path=~/a (1).csv` as Hydra reads it.

    A word that it reads already stays as it is, save that `~` is the home folder.
    """
    key, equals, value = word.partition("=")
    if not equals:
        return word
    if SIGN.fullmatch(word):
        sign = value.replace("\\t", "\t")
        return f"{key}={quoted(sign)}"
    if key in PATHS:
        value = HOME.sub(lambda _: f"{Path.home()}/", value)
        word = f"{key}={value}"
    named = key in PATHS or key.lstrip("+").startswith("data.")
    if not named or "{" in value or FUNCTION.fullmatch(value) or _is_read(word):
        return word
    return f"{key}={''.join(_as_value(text.strip()) for text in TOKEN.findall(value))}"


def _as_value(token: str) -> str:
    if token in ("[", "]", ",") or _is_read(f"x={token}"):
        return token
    return quoted(token)


def _is_read(word: str) -> bool:
    return _parsed(word) is not None


def _parsed(word: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None
