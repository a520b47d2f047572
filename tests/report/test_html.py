"""Templates, and pictures in them."""

import base64
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from mlp_lab.report.html import embedded, template


def test_a_missing_value_is_an_error() -> None:
    """Rather than a gap on the page."""
    with pytest.raises(UndefinedError):
        template("mlp_lab.report", "run.html").render()


def test_templates_of_other_packages_extend_the_common_ones() -> None:
    """And are made once."""
    summary = template("mlp_lab.compare", "summary.html")
    assert summary is template("mlp_lab.compare", "summary.html")
    assert summary.environment.get_template("page.html").name == "page.html"
    assert summary.environment.autoescape


def test_a_picture_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"PNG")
    assert base64.b64decode(embedded(tmp_path / "a.png")) == b"PNG"
