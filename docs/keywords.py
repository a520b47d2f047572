"""The directive `keywords`: what the keywords of an estimator mean, as configs/ says it."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mlp_lab import MLPClassifier
from mlp_lab.errors import UserError
from mlp_lab.estimators.settings import key_of

FILES = ("train", "parts", "data/table", "model/perceptron", "optimizer/adam")
"""Where the settings of an estimator stand."""

SETTING = re.compile(r"^ *(?P<name>\w+): *(?P<value>[^#\n]*?) *(?:# (?P<words>.*))?$", re.MULTILINE)

MARKUP = re.compile(r"[\\*|`_]")


def _comments(configs: Path) -> dict[str, str]:
    """Name of a setting -> the words beside it."""
    found: dict[str, str] = {}
    for file in FILES:
        for match in SETTING.finditer((configs / f"{file}.yaml").read_text("utf-8")):
            if match["words"]:
                found.setdefault(match["name"], match["words"])
    return found


def _key(name: str) -> str:
    """The key of a setting on the command line; none, where a keyword is Python's own."""
    try:
        return key_of(name)
    except UserError:
        return ""


class Keywords(SphinxDirective):
    """A table of keywords, defaults and meanings; the content adds `name: meaning`."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx."""
        return self.parse_text_to_nodes("\n".join(self._table()))

    def _table(self) -> Iterator[str]:
        words = _comments(Path(self.env.srcdir) / "configs")
        words |= dict(line.split(": ", 1) for line in self.content if line)
        yield from (".. list-table::", "   :header-rows: 1", "   :widths: auto", "")
        rows = [("keyword", "default", "setting", "meaning")]
        for name, parameter in inspect.signature(MLPClassifier).parameters.items():
            meaning = MARKUP.sub(r"\\\g<0>", words.get(name, ""))
            rows.append((f"``{name}``", f"``{parameter.default!r}``", _key(name), meaning))
        for first, *others in rows:
            yield f"   * - {first}"
            yield from (f"     - {cell}" for cell in others)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("keywords", Keywords)
    return {"parallel_read_safe": True}
