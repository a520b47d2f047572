"""`--import FILE`: a Python file that the user names, with parts of one's own, before a command."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb

from mlp_lab.errors import UserError
from mlp_lab.program import IMPORTED

OPTION = "--import"


def take_imports(words: list[str]) -> list[str]:
    """Import the files that `--import FILE` names, in order; the words without them.

    Raises:
        UserError: a file is not there, or fails.
    """
    left: list[str] = []
    ahead = iter(words)
    for word in ahead:
        option, equals, name = word.partition("=")
        if option != OPTION:
            left.append(word)
            continue
        path = Path(name if equals else next(ahead, ""))
        import_parts(path)
    return left


def import_parts(path: Path) -> None:
    """Import a Python file, whose registered parts then have names here.

    Raises:
        UserError: it is not there, or fails.
    """
    if not path.is_file() or path.suffix != ".py":
        raise UserError(f"{OPTION} needs a Python file, got {str(path)!r}")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{OPTION} {path}: {error}") from error
    except Exception as error:
        raise UserError(f"{OPTION} {path}{_line(error, path)}: {_said(error)}") from error
    IMPORTED.append(str(path))


def _line(error: Exception, path: Path) -> str:
    """The line of the user's file that failed."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    frames = [
        frame
        for frame in extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    return f", line {frames[-1].lineno}" if frames else ""


def _said(error: Exception) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {message}"
