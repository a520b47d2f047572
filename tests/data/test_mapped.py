"""Arrays in files: what is written is read, and a full disk is one line."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from mlp_lab.data.mapped import MapFile, Workspace, new_map, open_map, room_in_cache, tables_folder
from mlp_lab.errors import UserError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("shape", [(5, 3), (0, 3), (4,)])
def test_what_is_written_is_read(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Also without a row; what is written to an array that was opened stays in memory."""
    made = new_map(tmp_path / "map", shape, "float32")
    assert not made.any()
    made += 1
    found = MapFile(tmp_path / "map", shape, "float32").open()
    assert np.array_equal(found, np.ones(shape, "float32"))
    found += 1
    assert np.array_equal(open_map(tmp_path / "map", shape, "float32"), np.ones(shape))
    with pytest.raises(UserError, match="is not what was written there"):
        open_map(tmp_path / "map", (7, 9), "float32")
    with pytest.raises(UserError, match="is not what was written there"):
        open_map(tmp_path / "other", shape, "float32")


def test_a_workspace_goes(tmp_path: Path) -> None:
    """With its columns, each of which is one piece of its file."""
    workspace = Workspace()
    columns = workspace.columns((4, 2))
    assert columns.flags.f_contiguous
    assert list(tables_folder().iterdir())
    del workspace, columns
    assert not list(tables_folder().iterdir())


def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    """What another process works in stays."""
    workspace = Workspace()
    killed = tables_folder() / ".reading.0123456789abcdef.partial.folder"
    killed.mkdir()
    (killed / "1").write_bytes(b"cells")
    other = Workspace()
    assert not killed.exists()
    assert workspace.path().parent.exists()
    assert other.path().parent.exists()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="another way to reserve room")
def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is written; nothing stays."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    workspace = Workspace()
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match=r"^no room in .*mlp_lab for 16\.0 MB of rows: XDG_CACHE_"):
        workspace.columns((1_000_000, 2))


def test_nowhere_to_write(tmp_path: Path) -> None:
    """A cache that is a file."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(UserError, match=r"^nothing can be written to .* \((Not a|File exists)"):
        Workspace()
    with pytest.raises(ValueError, match="another"), room_in_cache():
        raise ValueError("another")
