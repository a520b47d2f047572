"""The page that asks for the token, in the language that a browser asks for."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_HEADER = 200
"""Letters of Accept-Language that are looked at: browsers send fewer."""


@dataclass(frozen=True, slots=True)
class Words:
    """All that is written on it."""

    ask: str
    open: str
    wrong: str


LANGUAGES = {
    "en": Words("Token, as it was told to you:", "Open", "That is not the token."),
    "de": Words("Token, wie er dir genannt wurde:", "Öffnen", "Das ist nicht der Token."),
    "it": Words("Token, come ti è stato detto:", "Apri", "Non è il token."),
}
"""Those of the page itself."""

WRONG = "<p role=alert>{}</p>"
PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>mlp-lab play</title>
<link rel="icon" href="data:,">
<h1>mlp-lab play</h1>
<form><label>{ask}
<input name="token" autofocus autocomplete="off" autocapitalize="none" spellcheck="false"
maxlength="40" required></label> <button>{open}</button></form>
{wrong}
</html>
"""


def entrance_page(accepted: str, *, wrong: bool) -> str:
    """The page, for what Accept-Language says; `wrong`: what was given is not the token."""
    language = preferred(accepted)
    words = LANGUAGES[language]
    said = WRONG.format(words.wrong) if wrong else ""
    return PAGE.format(language=language, ask=words.ask, open=words.open, wrong=said)


def preferred(accepted: str) -> str:
    """The language that Accept-Language likes best of those there are (RFC 9110, 2022, 12.5.4).

    Of equal ones the first; English where there is none of them, or what is sent is no such list.

    >>> preferred("fr, it-CH;q=0.8, de;q=0.9")
    'de'
    """
    best, most = "en", 0.0
    for entry in accepted[:LONGEST_HEADER].split(","):
        name, _, quality = entry.partition(";")
        language = name.strip().lower().partition("-")[0]
        liked = _quality(quality)
        if language in LANGUAGES and liked > most:
            best, most = language, liked
    return best


def _quality(text: str) -> float:
    """From 0 to 1; 1 where nothing is said, 0 where it is none."""
    key, _, value = text.strip().partition("=")
    if not key:
        return 1.0
    try:
        found = float(value) if key.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return found if 0 <= found <= 1 else 0.0
