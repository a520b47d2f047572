"""Names of columns."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from mlp_lab.data.tables.header import column_names
from mlp_lab.errors import UserError

FILE = Path("t.csv")


def test_a_first_name_may_be_missing() -> None:
    assert column_names(FILE, ["", 2, "b"]) == ["Unnamed: 0", "2", "b"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["a", " "], "t.csv: column 2 has no name"),
        (["a", "a"], "t.csv: column 'a' appears twice"),
        (
            ["a", "b" * 2_001],
            "t.csv: column 2 has a name of 2,001 characters: at most 2,000 can be read",
        ),
        (range(100_001), "t.csv has 100,001 columns: at most 100,000 can be read"),
    ],
)
def test_other_names_are_there_once(header: Iterable[object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        column_names(FILE, header)
