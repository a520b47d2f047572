"""Self-contained pages from templates."""

import base64
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from mlp_lab.formatting import four_digits

COMMON = "mlp_lab.report"
"""Whose templates those of other packages build on."""


def rendered(package: str, template: str, **values: object) -> str:
    """A template of a package, filled in; values are escaped, and a missing one is an error."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(COMMON)]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters["short"] = four_digits
    return environment.get_template(template).render(**values)


def embedded(picture: Path) -> str:
    """A picture as the text that a page holds it by."""
    return base64.b64encode(picture.read_bytes()).decode()
