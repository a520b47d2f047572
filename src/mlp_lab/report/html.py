"""Self-contained pages from templates."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.formatting import UNITLESS, four_digits, visible
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
    environment.filters |= {"tone": tone, "named": named, "score": in_table}
    return environment.get_template(name)


def _shown(value: object) -> object:
    """A value of a template; text that comes from a file turns no line round."""
    return visible(value) if type(value) is str else value


def in_table(value: float | None, name: str) -> str:
    """A score as a column of a table has it; those between 0 and 1 with four decimals.

    >>> in_table(-1.659e-07, "r2"), in_table(0.975, "accuracy"), in_table(None, "loss")
    ('0.0000', '0.9750', '')
    """
    if value is not None and name.endswith(UNITLESS):
        return f"{value:z.4f}"
    return four_digits(value)


def embedded(picture: Path) -> str:
    """A PNG file as text for a data URL."""
    return base64.b64encode(picture.read_bytes()).decode()
