"""Settings that every data set has, and those of a file."""

from typing import Any

import pytest

from mlp_lab.data.config import FileSettings
from mlp_lab.errors import UserError


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("delimiter", ",,"),
        ("delimiter", ""),
        ("delimiter", "\n"),
        ("delimiter", "§"),
        ("delimiter", '"'),
        ("quote", "''"),
        ("decimal", ";"),
        ("encoding", "utf-9"),
        ("encoding", "base64"),
        ("encoding", "a\0b"),
        ("header", 0),
        ("header", "first"),
        ("skip_rows", -1),
        ("skip_rows", [0]),
        ("comment", "##"),
        ("comment", '"'),
    ],
)
def test_refused_settings(key: str, value: object) -> None:
    values: dict[str, Any] = {
        "delimiter": "auto",
        "quote": '"',
        "decimal": "auto",
        "encoding": "auto",
        key: value,
    }
    with pytest.raises(UserError, match=r"^[^\n]*data\.(quote|" + key + ") "):
        FileSettings(**values)


@pytest.mark.parametrize("quote", [",", ";", "\t", "|"])
def test_a_quote_that_stands_between_cells(quote: str) -> None:
    """Of no use, unless something else is said to stand there."""
    with pytest.raises(UserError, match=r"^data\.quote=. is of no use: it is a sign between cells"):
        FileSettings(quote=quote)
    assert FileSettings(quote=quote, delimiter=":").quote == quote
