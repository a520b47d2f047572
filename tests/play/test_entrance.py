"""The page that asks for the token: which language it is in."""

import re

import pytest
from lab import ROOT

from mlp_lab.play.entrance import LANGUAGES, LONGEST_HEADER, entrance_page, preferred


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("it-IT,it;q=0.9,en;q=0.8", "it"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr, DE-at;q=0.5, en;q=0.4", "de"),
        ("en;q=0.2, de;q=0.7, it;q=0.9", "it"),
        ("de;q=0, it;q=0.1", "it"),
        ("en, de", "en"),
        ("de;q=nan, it;q=0.1", "it"),
        ("de;q=7, it;q=0.1", "it"),
        ("de;level=1", "en"),
        ("<b>;q=1;;,=,", "en"),
        ("x," * LONGEST_HEADER + "de", "en"),
    ],
)
def test_the_language_that_is_liked_best(accepted: str, language: str) -> None:
    """Of those that the page has; nothing that is sent breaks it, or comes back."""
    assert preferred(accepted) == language
    page = entrance_page(accepted, wrong=True)
    assert f'<html lang="{language}">' in page
    assert LANGUAGES[language].wrong in page
    assert "<b>" not in page
    assert "alert" not in entrance_page(accepted, wrong=False)


def test_languages_are_those_of_the_page() -> None:
    """One that is added there is added here."""
    text = (ROOT / "frontend" / "src" / "messages.ts").read_text("utf-8")
    listed = text.partition("LANGUAGES: Record")[2].partition("};")[0]
    assert re.findall(r"^  (\w\w): \[", listed, re.MULTILINE) == list(LANGUAGES)
