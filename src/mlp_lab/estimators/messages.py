"""Messages of the engine, which name keys of files -> the same with the keywords of Python."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mlp_lab.errors import UserError
from mlp_lab.estimators.settings import keys

KEYWORDS = {key: name for name, key in keys().items()}
"""Key of a configuration -> how Python calls it."""

_KEY = re.compile(r"(?<![\w.'/])([a-z_]+)\.([a-z_]\w*)")
_ENTRY = re.compile(r"\b(types|levels|missing_in|separators)\.([^\s=]+)=(\[[^\]]*\]|[^\s,;:)]+)")
_QUOTED = re.compile(r"'(types|levels|missing_in|separators)\.([^=]+)=([^']*)'")
_NULL = re.compile(r"(?<![\w'])null(?![\w'])")
_TRUTH = re.compile(r"=(true|false)\b")


def in_keywords(message: str, known: Collection[str], typed: Collection[str] = ()) -> str:
    """A message in the words of whoever set keywords; groups with a key in `typed` stay as typed.

    >>> in_keywords("stop.patience must be positive or null, got -1", {"patience"})
    'patience must be positive or None, got -1'
    """
    groups = {key.partition(".")[0] for key in typed}

    def keyword(found: re.Match[str]) -> str:
        name = KEYWORDS.get(found[0], "")
        return name if name in known and found[1] not in groups else found[0]

    message = _KEY.sub(keyword, message)
    message = _QUOTED.sub(r"\1={'\2': \3}", message)
    message = _ENTRY.sub(r"\1={'\2': \3}", message)
    message = _NULL.sub("None", message)
    return _TRUTH.sub(lambda found: f"={found[1].capitalize()}", message)


@contextmanager
def naming_keywords(known: Collection[str], typed: Collection[str] = ()) -> Iterator[None]:
    """Let what a user did wrong be told in keywords."""
    try:
        yield
    except UserError as error:
        said = in_keywords(str(error), known, typed)
        if said == str(error):
            raise
        raise type(error)(said) from None
