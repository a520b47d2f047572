"""Arguments of the commands that are not made of settings."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NoReturn

from mlp_lab.commands.failure import in_one_line
from mlp_lab.errors import UserError, nearest

UNKNOWN = "unknown option "


class Parser(ArgumentParser):
    """Says in one line what is wrong with a command."""

    def error(self, message: str) -> NoReturn:
        """Raise `UserError` with the message.

        Raises:
            UserError: always.
        """
        words = in_our_words(message)
        if words.startswith(UNKNOWN):
            option = words.removeprefix(UNKNOWN).partition("=")[0].split()[0]
            words += nearest(option, re.findall(r"--[a-z][a-z-]*", self.format_help()))
        raise UserError(f"{self.prog}: {words} (--help says more)")


NUMBERS = {"int": "a whole number", "float": "a number"}

SAID: tuple[tuple[str, str], ...] = (
    (r"argument (\S+): expected one argument", r"\1 needs a value"),
    (r"argument (\S+): ignored explicit argument (.*)", r"\1 takes no value, got \2"),
    (r"argument (\S+): (must be .*)", r"\1 \2"),
    (r"argument (\S+): invalid choice: (.*) \(choose from (.*)\)", r"unknown \1 \2 (\3)"),
    (r"the following arguments are required: (.*)", r"missing: \1"),
    (r"unrecognized arguments: (-.*)", rf"{UNKNOWN}\1"),
    (r"unrecognized arguments: (.*)", r"too many words: \1"),
)
"""How argparse says it, and the words here."""


def in_our_words(message: str) -> str:
    """What argparse says is wrong with a command, in the grammar of all other errors.

    >>> in_our_words("argument -n/--last: invalid int value: 'x'")
    "--last must be a whole number, got 'x'"
    """
    message = re.sub(r"argument (?:-\w+/)?(-[^/:\s]*)(?:/-\w+)?:", r"argument \1:", message)
    number = re.fullmatch(r"argument (\S+): invalid (int|float) value: (.*)", message)
    if number:
        return f"{number[1]} must be {NUMBERS[number[2]]}, got {number[3]}"
    for said, ours in SAID:
        if re.fullmatch(said, message):
            return re.sub(said, ours, message)
    return message


def run_parsed(
    parser: ArgumentParser, run: Callable[[Namespace], None], *, intermixed: bool = False
) -> None:
    """Do what the words of the command line say; what is wrong with them is one line.

    `intermixed`: options may stand between the words of an argument that takes several.
    """
    parse = parser.parse_intermixed_args if intermixed else parser.parse_args
    in_one_line(lambda: run(parse()))
