"""Names of columns."""

from pathlib import Path

import pytest

from mlp_lab.data.tables.header import column_names
from mlp_lab.errors import UserError

FILE = Path("t.csv")


def test_a_first_name_may_be_missing() -> None:
    assert column_names(FILE, ["", 2, "b"]) == ["Unnamed: 0", "2", "b"]


@pytest.mark.parametrize(
    ("header", "said"),
    [(["a", " "], "t.csv: column 2 has no name"), (["a", "a"], "t.csv: column 'a' appears twice")],
)
def test_other_names_are_there_once(header: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        column_names(FILE, header)
