"""Names of a table's columns, as its header has them."""

from collections.abc import Iterable
from pathlib import Path

from mlp_lab.data.tables.limits import NAME, require_columns
from mlp_lab.errors import UserError


def column_names(path: Path, header: Iterable[object]) -> list[str]:
    """Names of columns, all different; the first may have none, as a saved index.

    Raises:
        UserError: another has none, two are equal, one is enormous, or there are too many.
    """
    names = [str(name) for name in header]
    require_columns(path.name, len(names))
    if names and not names[0]:
        names[0] = "Unnamed: 0"
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise UserError(f"{path.name}: column {number} has no name")
        if len(name) > NAME:
            found = f"column {number} has a name of {len(name):,} characters"
            raise UserError(f"{path.name}: {found}: at most {NAME:,} can be read")
        if name in seen:
            raise UserError(f"{path.name}: column {name!r} appears twice")
        seen.add(name)
    return names
