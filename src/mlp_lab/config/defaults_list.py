"""The `defaults` of a YAML file: other files that it begins with, which may name further ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.plain import brief

MOST_FILES = 100
"""That a file may begin with, those of its files included."""

DEEPEST = 10
"""Files that begin with each other; each takes Hydra some twenty calls of functions."""


def require_readable(defaults: object) -> None:
    """Raise unless Hydra can read a list of files to begin with.

    Raises:
        UserError: it cannot.
    """
    rule = "a list of files, as settings, or of groups with their choice, as model: deep"
    for entry in defaults if isinstance(defaults, list) else [{}]:
        names = [*entry, *entry.values()] if isinstance(entry, dict) else [entry]
        parts = [part for name in names for part in (name if isinstance(name, list) else [name])]
        named = all(isinstance(part, str | None) for part in parts)
        if not named or len(names) not in (1, 2) or not isinstance(names[0], str):
            raise UserError(f"defaults must be {rule}, got {brief(defaults)}")
        if any("${" in text for text in map(str, names)):
            raise UserError(f"defaults must name files themselves, got {brief(entry)}")


def require_an_end(
    values: Mapping[object, object],
    file: Path,
    root: Path,
    read: Callable[[Path], Mapping[object, object]],
) -> None:
    """Raise if a file begins with itself, or with too many: Hydra would follow them for ever.

    Args:
        values: what the file says.
        file: its place.
        root: the folder in which the files are that are followed.
        read: what another of them says; none where there is no such file.

    Raises:
        UserError: it does.
    """
    count, followed = 0, list[Path]()

    def follow(values: Mapping[object, object], file: Path) -> None:
        nonlocal count
        followed.append(file)
        for other in _files(values.get("defaults"), file, root):
            count += 1
            if other in followed:
                raise UserError(f"defaults must not lead back to a file itself: {other.name}")
            if count > MOST_FILES:
                raise UserError(f"defaults must lead to at most {MOST_FILES} files")
            if len(followed) > DEEPEST:
                raise UserError(f"defaults must be nested at most {DEEPEST} deep")
            follow(read(other), other)
        followed.pop()

    follow(values, Path(os.path.normpath(file)))


def _files(defaults: object, file: Path, root: Path) -> Iterator[Path]:
    """What the entries of a defaults list may name, by a path from the file's folder or `root`."""
    for entry in defaults if isinstance(defaults, list) else []:
        for group, choice in entry.items() if isinstance(entry, dict) else [("", entry)]:
            for name in choice if isinstance(choice, list) else [choice]:
                if isinstance(name, str) and name != "_self_":
                    yield _file(group, name, file, root)


def _file(group: str, name: str, file: Path, root: Path) -> Path:
    for word in ("optional ", "override "):
        group = group.removeprefix(word).strip()
    named = f"{group.partition('@')[0]}/{name}" if group else name.partition("@")[0]
    folder = root if named.startswith("/") else file.parent
    place = folder / f"{named.strip('/').removesuffix('.yaml')}.yaml"
    return Path(os.path.normpath(place))
