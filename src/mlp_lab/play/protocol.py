"""What a page may ask for, as JSON; everything else is refused in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.plain import read_as

LONGEST = 4096
"""Bytes of a command."""

ACTIONS = (
    *("hello", "seen", "play", "pause", "step", "epoch", "back", "restart"),
    *("set", "words", "compare", "alone", "focus", "depth", "axes", "speed"),
    *("command", "verdict", "target", "passes", "weight", "export"),
)
"""All that a page can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command of a page; `number` is an epoch, a frame, a network or epochs a second."""

    do: str
    key: str = ""
    value: str = ""
    values: list[str] | None = None
    number: float = 0.0
    inputs: list[int] | None = None

    @property
    def count(self) -> int:
        """The number as a whole one.

        Raises:
            UserError: it is none.
        """
        require(self.number == int(self.number), self.do, "a whole number", self.number)
        return int(self.number)


def read_request(text: str | bytes) -> Request:
    """A command from its JSON.

    Raises:
        UserError: it is none.
    """
    if len(text) > LONGEST:
        raise UserError(f"a command must have at most {LONGEST:,} bytes, got {len(text):,}")
    try:
        found = read_as(Request, json.loads(text, parse_constant=_no_number), "command")
    except (ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("a command must be JSON") from error
    require_choice(found.do, "command", ACTIONS)
    require(abs(found.number) < 2**53, found.do, "a number", found.number)
    return found


def _no_number(word: str) -> float:
    raise UserError(f"a command holds numbers, got {word}")


def message(kind: str, **content: object) -> str:
    """What a page is told in words."""
    return json.dumps({"kind": kind, **content})
