"""A page for every file and folder that the documentation links to and that is no page itself.

A code host shows `configs/` and `verdict/rules.py` where they lie; a site has to bring them along.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sphinx.application import Sphinx
from sphinx.util.matching import get_matching_files

FOLDER = PurePosixPath("docs/listings")
"""Where the pages are written to, below the sources; not kept."""

LINK = re.compile(r"(?<=\]\()[^()#:\s]+(?=\))")
LANGUAGES = {".py": "python", ".yaml": "yaml"}
"""Suffix of a file that is shown -> its language."""

SEARCHED = "configs"
"""What a reader may look for; the others only fill a search."""


def _target(root: Path, document: str, link: str) -> str | None:
    """The path below the root that a document links to, if it needs a page."""
    path = (root / document).parent.joinpath(link).resolve()
    shown = path.is_dir() or (path.is_file() and path.suffix in LANGUAGES)
    return path.relative_to(root).as_posix() if shown and path.is_relative_to(root) else None


def _page(root: Path, target: str) -> str:
    """A listing in Markdown: a file, or each file of a folder under a heading."""
    path = root / target
    about = "" if target == SEARCHED else "---\norphan: true\nnosearch: true\n---\n"
    if path.is_file():
        return f"{about}# {target}\n\n{_included(target)}"
    files = sorted(file for file in path.rglob("*") if file.suffix in LANGUAGES)
    parts = [
        f"## {file.relative_to(path).as_posix()}\n\n{_included(file.relative_to(root).as_posix())}"
        for file in sorted(files, key=lambda file: (len(file.relative_to(path).parts), file))
    ]
    return "\n".join([f"{about}# {target}/\n", *parts])


def _included(file: str) -> str:
    language = LANGUAGES[PurePosixPath(file).suffix]
    return f"```{{literalinclude}} /{file}\n:language: {language}\n```\n"


def _targets(app: Sphinx) -> Iterator[str]:
    """What all documents link to."""
    suffixes = tuple(app.config.source_suffix)
    for document in get_matching_files(app.srcdir, app.config.include_patterns):
        if document.endswith(suffixes) and not document.startswith(f"{FOLDER}/"):
            for link in LINK.findall((app.srcdir / document).read_text("utf-8")):
                if target := _target(Path(app.srcdir), document, link):
                    yield target


def _write(app: Sphinx) -> None:
    """Write the pages that are missing or have changed, and remove others."""
    root = Path(app.srcdir)
    pages = {root / FOLDER / f"{target}.md": _page(root, target) for target in _targets(app)}
    for old in (root / FOLDER).rglob("*.md"):
        if old not in pages:
            old.unlink()
    for path, text in pages.items():
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


def _point_there(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn links to files and folders into links to their pages."""
    document = str(app.env.doc2path(docname, base=False))

    def page(link: re.Match[str]) -> str:
        target = _target(Path(app.srcdir), document, link[0])
        return f"/{FOLDER}/{target}.md" if target else link[0]

    source[0] = LINK.sub(page, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write)
    app.connect("source-read", _point_there)
    return {"parallel_read_safe": True}
