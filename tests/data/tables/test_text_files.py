"""Text tables without headers that stand again, and how often they do."""

from pathlib import Path

import pytest

from mlp_lab.data.tables.text_files import (
    BLOCK,
    WithoutRepeats,
    count_repeats,
    header_line,
    open_text,
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("filling", [0, BLOCK - 8, BLOCK, 3 * BLOCK])
def test_repeats(filling: int, end: str, encoding: str, tmp_path: Path) -> None:
    """Whole lines count, wherever they lie; they read as empty ones."""
    lines = ["größe,y", "1,2", "größe,y,z", "x" * filling, "größe,y", "größe,y2", "größe,y"]
    path = tmp_path / "t.csv"
    path.write_bytes(end.join(lines).encode(encoding))
    assert count_repeats(path, encoding, "größe,y") == 2
    with open_text(path, encoding, "größe,y") as file:
        assert isinstance(file, WithoutRepeats)
        found = "".join(iter(lambda: file.read(7), ""))
    assert found == end.join([*lines[:4], "", "größe,y2", ""])


def test_a_mark_before_a_header(tmp_path: Path) -> None:
    """Files that were joined keep the marks at their beginnings."""
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,2\n".encode("utf-8-sig") * 3)
    assert count_repeats(path, "utf-8-sig", "a,b") == 2
    with open_text(path, "utf-8-sig", "a,b") as file:
        assert file.read() == "a,b\n1,2\n\n1,2\n\n1,2\n"


@pytest.mark.parametrize(
    ("lines", "delimiter", "line"),
    [
        (["title", '"a","b"'], ",", '"a","b"'),
        (["a   b"], "whitespace", "a   b"),
        (['"a', 'c",b'], ",", ""),
        (["a;b"], ",", ""),
    ],
)
def test_header_lines(lines: list[str], delimiter: str, line: str) -> None:
    """The line as it is written; nothing where a name goes on in the next line."""
    assert header_line(lines, [["a", "b"]], delimiter, '"') == line
    assert header_line(["a"], [["a"]], delimiter, '"') == ""
