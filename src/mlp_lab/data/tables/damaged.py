"""What libraries say of damaged files, in one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from mlp_lab.data.tables.limits import SHARE
from mlp_lab.errors import UserError
from mlp_lab.memory import at_most, free_memory

MESSAGE = 200
"""Letters of a library's message that are shown."""


@contextmanager
def one_line_of(path: Path) -> Iterator[None]:
    """What libraries raise on damaged bytes has no common base; here it becomes `UserError`.

    Raises:
        UserError: the file that is read in the block is damaged, or needs more than the memory.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about styles and deprecated parts
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of cells that get lost
            with at_most(SHARE * free_memory()):  # also what a file did not tell before
                yield
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(f"{path.name} needs more than the free memory: cut the table") from error
    except pd.errors.EmptyDataError as error:
        raise UserError(f"{path.name} is empty") from error
    except pd.errors.ParserWarning as error:
        raise UserError(f"{path.name}: its first row has more fields than the header") from error
    except Exception as error:
        said = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
        reason = said[:MESSAGE] or type(error).__name__
        raise UserError(f"cannot read {path.name}: {reason}") from error
