"""What a user did wrong, said in one line that names the key, the rule and the value."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """A setting or an input that cannot work; the message is the whole explanation."""


class Interrupted(Exception):
    """A run or sweep was stopped by Ctrl-C or SIGTERM; the message says how to resume it."""


def require(holds: bool, key: str, rule: str, value: object) -> None:
    """Raise `UserError("<key> must be <rule>, got <value>")` unless the rule holds."""
    if not holds:
        raise UserError(f"{key} must be {rule}, got {shown(value)}")


def shown(value: object) -> str:
    """A value as YAML has it."""
    return "null" if value is None else repr(value)


def in_a_list(name: str) -> str:
    """A name as an element of a list that is typed, in quotes unless it is plain letters."""
    if re.fullmatch(
        r"(?!(?:null|true|false|inf|nan)$)[a-z_][\w.]*", name, re.ASCII | re.IGNORECASE
    ):
        return name
    return quoted(name)


def quoted(value: str) -> str:
    """Text that Hydra takes as it is; there, a backslash stands for itself but before a quote."""
    if "'" in value and '"' not in value:
        return '"' + re.sub(r"(\\+)$", r"\1\1", value) + '"'
    return "'" + re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'") + "'"


def counted(count: int, noun: str) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{count:,} {noun}" + "s" * (count != 1)


def nearest(word: str, choices: Iterable[str], prefix: str = "") -> str:
    """`: did you mean 'x'?` for the choice closest to `word`, after a prefix, or nothing."""
    names = list(choices)
    same = [name for name in names if name.casefold() == word.casefold()]
    close = same or get_close_matches(word, names, n=1)
    return f": did you mean {prefix + close[0]!r}?" if close else ""


def require_choice(value: str, key: str, choices: Iterable[str]) -> None:
    """Raise unless `value` is one of `choices`; the message lists them and the nearest one."""
    names = sorted(choices)
    if value not in names:
        raise UserError(f"unknown {key} {value!r}{nearest(value, names)} ({', '.join(names)})")


JOBS_FAILED = (
    "not every job succeeded: a line above says why, as does train.log where one had begun"
)
