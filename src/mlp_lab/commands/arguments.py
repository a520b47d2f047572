"""Arguments of the commands that are not made of settings."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NoReturn

from mlp_lab.commands.failure import in_one_line
from mlp_lab.errors import UserError


class Parser(ArgumentParser):
    """Says in one line what is wrong with a command."""

    def error(self, message: str) -> NoReturn:
        """Raise `UserError` with the message.

        Raises:
            UserError: always.
        """
        raise UserError(f"{self.prog}: {message} (--help says more)")


def run_parsed(
    parser: ArgumentParser, run: Callable[[Namespace], None], *, intermixed: bool = False
) -> None:
    """Do what the words of the command line say; what is wrong with them is one line.

    `intermixed`: options may stand between the words of an argument that takes several.
    """
    parse = parser.parse_intermixed_args if intermixed else parser.parse_args
    in_one_line(lambda: run(parse()))
