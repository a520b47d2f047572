"""Self-contained pages from templates."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.formatting import four_digits, score_written, visible
from mlp_lab.report.headline import named, tone

if TYPE_CHECKING:
    from jinja2 import Template

COMMON = "mlp_lab.report"
"""The package whose templates those of others extend."""


@cache
def template(package: str, name: str) -> Template:
    """A template of a package; its values are escaped, and a missing one is an error."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  slow, and only pages need it

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(COMMON)]),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
    )
    environment.filters["four_digits"] = four_digits
    environment.filters |= {"tone": tone, "named": named, "score": _in_table}
    return environment.get_template(name)


def _shown(value: object) -> object:
    """A value of a template; text that comes from a file turns no line round."""
    return visible(value) if type(value) is str else value


def _in_table(value: float | None, name: str) -> str:
    return score_written(name, value)


def embedded(picture: Path) -> str:
    """A PNG file as text for a data URL."""
    return base64.b64encode(picture.read_bytes()).decode()
