"""Files are there whole or not at all."""

import os
from pathlib import Path

import pytest

from mlp_lab.training.files import write_whole


@pytest.mark.parametrize("content", ["weights · Ω\n", b"\x00\xff"])
def test_write_and_replace(tmp_path: Path, content: str | bytes) -> None:
    """Text is UTF-8, bytes are bytes, and nothing else stays in the folder."""
    path = tmp_path / "result.json"
    path.write_text("old, and longer than the new one")
    write_whole(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("failing", ["fsync", "write", "replace"])
def test_a_failed_write_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Whether the disk is full, or the new file cannot take the old one's place."""
    path = tmp_path / "result.json"
    path.write_text("old")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "write":
        content: str = "\ud800"  # cannot be encoded
    else:
        content = "new"
        monkeypatch.setattr(
            *((os, "fsync", full) if failing == "fsync" else (Path, "replace", full))
        )
    with pytest.raises((OSError, UnicodeEncodeError)) as caught:
        write_whole(path, content)
    assert getattr(caught.value, "filename", str(path)) == str(path)
    assert path.read_text() == "old"
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """No folder is made in passing."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "result.json", "new")
