"""Files that grow: more than a process may have open, and on a disk that fills up."""

from io import FileIO
from pathlib import Path

import pytest

from mlp_lab.tracking import appended
from mlp_lab.tracking.appended import OTHERS, AppendedFile, most_open


def test_there_is_a_limit() -> None:
    """Whatever it is."""
    assert most_open() > 0


def test_files_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They grow as the others do; what is closed makes room."""
    before = AppendedFile.staying
    monkeypatch.setattr(appended, "most_open", lambda: OTHERS + before + 2)
    files = [AppendedFile(tmp_path / str(i)) for i in range(4)]
    assert AppendedFile.staying == before + 2
    for entry in (b"a", b"bc"):
        for file in files:
            file.add(entry)
    assert [(tmp_path / str(i)).read_bytes() for i in range(4)] == [b"abc"] * 4
    for file in [*files, *files]:
        file.close()
    assert AppendedFile.staying == before


class Filling(FileIO):
    """On a disk that has room for four bytes."""

    def write(self, entry: object) -> int:
        """What there is room for."""
        room = 4 - self.tell()
        if not room:
            raise OSError("full")
        return super().write(bytes(entry)[: min(room, 3)])  # type: ignore[call-overload]


def test_a_disk_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has no room for is not kept for later: closing is quiet."""
    monkeypatch.setattr(appended, "appended_bytes", lambda path: Filling(path, "w"))
    file = AppendedFile(tmp_path / "filling")
    with pytest.raises(OSError, match="full"):
        file.add(b"abcdef")
    file.close()
    assert (tmp_path / "filling").read_bytes() == b"abcd"
