"""Words of a command line as Hydra reads them: a shell takes the quotes away that were typed."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException

from mlp_lab.config.column_keys import BY_COLUMN, hidden_names, shown_names
from mlp_lab.config.reading import NAMES
from mlp_lab.config.schema import GROUPS
from mlp_lab.errors import UserError
from mlp_lab.formatting import MOST_LETTERS, quoted

SIGN = re.compile(r"(data\.(?:delimiter|decimal|quote|separators\.\w+))=([,;:'\"\t]|\\t)")
"""A sign that Hydra takes for a part of its own grammar."""

PATHS = (
    "resume",
    "sweep.resume",
    "hydra.run.dir",
    "hydra.sweep.dir",
    "data.path",
    "data.test_path",
)

OTHER_VALUE = re.compile(r"[+-]?[\d.][\w.+-]*|true|false|nan|[+-]?inf", re.IGNORECASE)
"""What Hydra would read as a number or a truth value."""

FUNCTION = re.compile(r"(choice|range|interval|glob|sort|shuffle|tag|extend_list|\w*str)\(.*\)")
"""Hydra's own: what is wrong within one is for it to say."""

HOME = re.compile(r"(?:(?<=,)|^)~/")
"""The home folder, of each of several paths."""

TOKEN = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[\[\],]|[^\[\],]+)")
"""Of a list, or of several values: a name in quotes, a sign between names, or a name."""

OTHER_GROUPS = ("experiment", "hydra")
"""Of files, beside those of a run's settings."""

TYPED = re.compile(
    r"'data\.[^']*'(?:\"'\"'[^']*')*"
    r"|data\.[\w.:-]+=(?:\[(?:'[^']*'|\"[^\"]*\"|[^\]'\"])*\]|'[^']*'|[\w.]+)"
)
"""A setting of the data in a sentence, as it is typed in a shell."""

DIGITS = re.compile(r"\d{4000}")
"""Of numbers that Python refuses to read."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the data: `column` where `key` is one that a column's name follows."""

    key: str
    column: str | None
    value: object


ESCAPED = re.compile(r"(\\*)\\\$\{")
"""What begins no reference, as `literal` writes it."""


def setting_of(word: str) -> Setting:
    """A setting of the data as it is typed, without the shell's quotes.

    >>> setting_of("data.missing_in.q 1=[77,refused]")
    Setting(key='missing_in', column='q 1', value=[77, 'refused'])

    Raises:
        UserError: it is none.
    """
    found = _parsed(readable(word))
    path = "" if found is None else found.key_or_group.lstrip("+")
    if found is None or found.is_sweep_override() or not path.startswith("data."):
        raise UserError(f"a setting of the data is typed as data.missing=[99], got {word}")
    key = path.removeprefix("data.")
    first, _, column = key.partition(".")
    name = shown_names(column) if first in BY_COLUMN and column else None
    return Setting(first if name is not None else key, name, _as_meant(found.value()))


def _as_meant(value: object) -> object:
    r"""A value as it was before `literal`: without the signs by which `${` is text."""
    if isinstance(value, list):
        return [_as_meant(entry) for entry in value]
    if not isinstance(value, str):
        return value
    return ESCAPED.sub(lambda found: found[1][: len(found[1]) // 2] + "${", value)


def settings_in(sentence: str) -> tuple[str, list[Setting]]:
    """The settings that a sentence proposes, and what it says before the first.

    >>> settings_in("w may be a weight: data.weight=w, data.drop=[w] leaves it out")[0]
    'w may be a weight'
    """
    places = list(TYPED.finditer(sentence))
    words = [word for place in places for word in shlex.split(place[0])]
    reason = sentence[: places[0].start()].rstrip(" ;:,") if places else sentence
    return reason, [setting_of(word) for word in words]


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
    if (hidden := hidden_names(word)) != word and not ("{" in value and _is_read(word)):
        return readable(hidden)
    if SIGN.fullmatch(word):
        sign = value.replace("\\t", "\t")
        return f"{key}={quoted(sign)}"
    if key in PATHS:
        value = HOME.sub(lambda _: f"{Path.home()}/", value)
        word = f"{key}={value}"
    if key.lstrip("+") in NAMES and not FUNCTION.fullmatch(value):
        word = f"{key}={''.join(_as_name(text.strip()) for text in TOKEN.findall(value))}"
    named = key in PATHS or key.lstrip("+").startswith("data.")
    if not named or "{" in value or FUNCTION.fullmatch(value) or _is_read(word):
        return word
    return f"{key}={''.join(_as_value(text.strip()) for text in TOKEN.findall(value))}"


def _as_name(token: str) -> str:
    """A token of a list of names; 2020 is one, where Hydra would read a number."""
    return quoted(token) if OTHER_VALUE.fullmatch(token) else token


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
