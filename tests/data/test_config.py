"""Settings that every data set has, and those of a file."""

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
    ],
)
def test_refused_settings(key: str, value: str) -> None:
    values = {"delimiter": "auto", "quote": '"', "decimal": "auto", "encoding": "auto", key: value}
    with pytest.raises(UserError, match=r"^[^\n]*data\.(quote|" + key + ") "):
        FileSettings(**values)
