"""How the site is made of these pages: `sphinx-build -W -n -c docs . build/site`.

The sources are the whole checkout, so that a link that works on a code host works on the site.
"""

import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from mlp_lab.version import __version__

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))  # for the extensions that lie here

project = "mlp_lab"
author = "the mlp_lab developers"
project_copyright = "2026, the mlp_lab developers"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "listings", "keywords"]
root_doc = "README"
include_patterns = [
    *("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("docs/**", "notebooks/*.ipynb", "notebooks/*.md"),
]

lessons = sorted(f"/docs/lessons/{path.stem}" for path in ROOT.glob("docs/lessons/*.md"))
notebooks = [
    f"notebooks/{path.stem}"
    for suffix in ("md", "ipynb")
    for path in sorted(ROOT.glob(f"notebooks/*.{suffix}"))
]
CONTENTS = {
    "Guide": [
        *("docs/tables", "docs/configuration", "All settings <docs/listings/configs>"),
        *(
            "docs/sweeps",
            "docs/cluster",
            "docs/scale",
            "docs/run_folder",
            "docs/export",
            "docs/verdicts",
            "docs/accuracy",
            "docs/platforms",
        ),
    ],
    "Python": ["docs/python", "docs/api"],
    "Notebooks": notebooks,
    "To learn": [
        *("docs/gallery", "docs/lessons", "docs/play", "docs/trace", "docs/mathematics"),
        *("docs/stack", "docs/kernel"),
    ],
    "Project": ["docs/architecture", "CONTRIBUTING", "SECURITY", "CHANGELOG"],
}
"""Heading of the sidebar -> its pages; README.md ends with them on the site alone."""

myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
smartquotes = False  # much of what is quoted is code
highlight_language = "none"

suppress_warnings = ["misc.highlighting_failure"]  # of shell commands in notebooks

nb_execution_mode = "auto"  # those that are stored without outputs
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300

napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
default_role = "literal"  # `name` in a docstring
add_module_names = False
python_maximum_signature_line_length = 120
autodoc_type_aliases = {name: name for name in ("Floats", "NDArray", "NewRows", "OtherRows")}
nitpick_ignore_regex = [  # other libraries' names; their sites are not asked: no network is needed
    ("py:.*", r"(np|pd|nn|torch|numpy|pandas|matplotlib|sklearn|pathlib)\..*|Path|Axes|NDArray"),
    ("py:.*", "(New|Other)Rows|Floats|Metric|Tensor|Figure|(collections.abc.)?(Callable|Sequence)"),
]

html_theme = "pydata_sphinx_theme"
html_title = f"mlp_lab {__version__}"
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["static", "../src/mlp_lab/report/templates/look.css"]
html_css_files = ["look.css", "site.css"]
templates_path = ["templates"]
html_sidebars = {"**": ["contents.html"]}
html_theme_options = {
    "navbar_center": [],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
}


def _with_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add the pages of the site to the README, and those of lessons to the page about them."""
    if docname == root_doc:
        for caption, pages in CONTENTS.items():
            source[0] += _contents(pages, f":caption: {caption}")
    if docname == "docs/lessons":
        source[0] += _contents(lessons)


def _contents(pages: list[str], *options: str) -> str:
    """A table of contents that only the sidebar shows."""
    lines = ["\n```{toctree}", ":hidden:", *options, "", *pages, "```\n"]
    return "\n".join(lines) if pages else ""


def _read_again(app: Sphinx, *_: object) -> list[str]:
    """The README has to be read again where a notebook came or went."""
    return [root_doc]


def _without_constructor(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, result: str
) -> tuple[str, str] | None:
    """Hide how to make a class that functions give."""
    given = name.startswith("mlp_lab.") and name.count(".") > 1
    return ("", "") if what == "class" and given else None


def _readable(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Prepare a docstring for napoleon, which takes words before a property's colon for a type."""
    lines[:] = [re.sub(r"^( +)UserError:", r"\1~mlp_lab.errors.UserError:", line) for line in lines]
    if what == "property":
        lines[0] = f": {lines[0]}"


def _without_progress(app: Sphinx, doctree: nodes.document) -> None:
    """Show of a notebook's printed lines what a terminal shows at last: many are overwritten."""
    for output in list(doctree.findall(nodes.container)):
        blocks = [
            node
            for node in output.children
            if isinstance(node, nodes.literal_block) and "stream" in node["classes"]
        ]
        printed = "".join(block.rawsource for block in blocks)
        if "cell_output" not in output["classes"] or not printed:
            continue
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in printed.split("\n")]
        left = "\n".join(lines).strip("\n")
        first, *others = blocks
        for block in others if left else blocks:
            output.remove(block)
        if left:
            first.replace_self(nodes.literal_block(left, left, **first.attributes))


def _add_index(app: Sphinx, failure: Exception | None) -> None:
    """A folder's page is index.html, by which a server and a reader look for it."""
    if failure is None and (app.outdir / "README.html").is_file():
        shutil.copyfile(app.outdir / "README.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", _without_progress)
    app.connect("env-get-outdated", _read_again)
    app.connect("source-read", _with_contents)
    app.connect("autodoc-process-signature", _without_constructor)
    app.connect("autodoc-process-docstring", _readable, priority=400)
    app.connect("build-finished", _add_index)
