"""Tables that a page was given: where they lie, whatever they are called."""

from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.play.uploads import LONGEST, MEGABYTES, kept, plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("points.csv", "points.csv"),
        ("../../etc/Passwd.CSV.gz", "Passwd.csv.gz"),
        ("C:\\Users\\me\\my rows (2).xlsx", "my-rows-2.xlsx"),
        ("rows.csv/", "table.csv"),
        ("....csv", "table.csv"),
        ("\u00f6\u00e4.csv", "table.csv"),
        ("$(rm -rf ~);'\"`.csv", "rm-rf.csv"),
        ("-rf.csv", "rf.csv"),
        ("x" * 500 + ".csv", "x" * LONGEST + ".csv"),
        ("a\0b\nc.csv", "a-b-c.csv"),
    ],
)
def test_a_name_is_letters_and_an_ending(name: str, plain: str) -> None:
    """Nothing of a path, a shell or another system stays in it."""
    assert plain_name(name) == plain


@pytest.mark.parametrize("name", ["", "rows", "rows.exe", "/.csv", "rows.csv/..", "rows.gz"])
def test_what_is_no_table(name: str) -> None:
    with pytest.raises(UserError, match=r"^no table: its name must end with one of \.csv"):
        plain_name(name)


def test_tables_of_one_name_lie_apart(tmp_path: Path) -> None:
    """Each in a folder of its own, below the one that goes with the page."""
    first, second = (kept(tmp_path, "a.csv", content) for content in (b"1", b"2"))
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert first.parent != second.parent
    assert first.parent.parent == second.parent.parent == tmp_path


def test_a_table_has_a_size() -> None:
    """A larger one is not written."""
    with pytest.raises(UserError, match=r"^a table must have at most 16 MB$"):
        kept(Path("nowhere"), "a.csv", b"x" * (MEGABYTES * 10**6 + 1))
