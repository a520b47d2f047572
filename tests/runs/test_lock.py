"""One process in a folder, and none after it is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from mlp_lab.errors import UserError
from mlp_lab.runs import lock
from mlp_lab.runs.lock import alone_in, in_turn, remove_unused_folder

HOLDER = """
import sys, time
from pathlib import Path
from mlp_lab.runs.lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""

PARENT = """
import os, sys, time
from pathlib import Path
from mlp_lab.runs.lock import alone_in
with alone_in(Path(sys.argv[1])):
    worker = os.fork()
    if worker:
        print(worker, flush=True)
    time.sleep(60)
"""


def holder(program: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that has taken a folder, and its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def require_taken(folder: Path) -> None:
    with pytest.raises(UserError, match="is being trained by another process"), alone_in(folder):
        pass


def test_a_folder_is_free_again_after_the_block_and_holds_no_file(tmp_path: Path) -> None:
    for _ in range(2):
        with alone_in(tmp_path):
            require_taken(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    process, line = holder(HOLDER, tmp_path)
    assert line == "locked\n"
    require_taken(tmp_path)
    process.kill()
    process.communicate()
    with alone_in(tmp_path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_killed_process_leaves_the_lock_to_its_workers(tmp_path: Path) -> None:
    process, worker = holder(PARENT, tmp_path)
    process.kill()
    process.wait()
    require_taken(tmp_path)
    os.kill(int(worker), signal.SIGKILL)
    process.communicate()  # its end is that of the pipe that the worker holds
    with alone_in(tmp_path):
        pass


def test_what_another_process_is_about_to_use_stays(tmp_path: Path) -> None:
    """It has written nothing yet; once it is gone, an empty folder may go."""
    folder = tmp_path / "run"
    (folder / ".hydra").mkdir(parents=True)
    with alone_in(folder):
        assert not remove_unused_folder(folder, {".hydra"})
    assert not remove_unused_folder(folder, set())
    assert folder.is_dir()
    assert remove_unused_folder(folder, {".hydra"})
    assert not folder.exists()
    assert not remove_unused_folder(folder, {".hydra"})


def test_a_folder_that_was_removed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening and locking it."""
    folder = tmp_path / "run"
    folder.mkdir()

    def late(descriptor: int, *, blocking: bool) -> bool:
        assert not blocking
        folder.rmdir()
        return descriptor > 0

    monkeypatch.setattr(lock, "lock_descriptor", late)
    with (
        pytest.raises(UserError, match="was removed by another process: try again"),
        alone_in(folder),
    ):
        pass


def test_one_after_the_other(tmp_path: Path) -> None:
    """Whoever comes second waits, and the file may be there already."""
    inside, order = Event(), list[str]()

    def first() -> None:
        with in_turn(tmp_path / "turn"):
            inside.set()
            time.sleep(0.2)
            order.append("first")

    thread = Thread(target=first)
    thread.start()
    assert inside.wait(10)
    with in_turn(tmp_path / "turn"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_without_a_file_nobody_waits(tmp_path: Path) -> None:
    """There may be no room for it."""
    with in_turn(tmp_path / "gone" / "turn"):
        pass
    assert not (tmp_path / "gone").exists()
