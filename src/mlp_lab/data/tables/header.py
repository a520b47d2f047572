"""Names of a table's columns, as its header has them."""

from collections.abc import Iterable
from pathlib import Path

from mlp_lab.errors import UserError


def column_names(path: Path, header: Iterable[object]) -> list[str]:
    """Names of columns, all different; the first may have none, as a saved index.

    Raises:
        UserError: another has none, or two are equal.
    """
    names = [str(name) for name in header]
    if names and not names[0]:
        names[0] = "Unnamed: 0"
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise UserError(f"{path.name}: column {number} has no name")
        if name in seen:
            raise UserError(f"{path.name}: column {name!r} appears twice")
        seen.add(name)
    return names
