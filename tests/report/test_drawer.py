"""The process that draws."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab import BARE, train

from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.lock import alone_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drawn in the same process")


def test_it_loads_what_draws_alone() -> None:
    """Torch and the libraries of tables would take longer than all that it draws."""
    code = "import sys; from mlp_lab.report.drawer import page_writer; page_writer()"
    code += "; print({'torch', 'sklearn', 'hydra', 'scipy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_cannot_be_drawn_is_an_error_here(tmp_path: Path) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    with Drawer(lock) as drawer, pytest.raises(OSError, match=str(tmp_path)):
        drawer.draw(tmp_path)


def test_ends_in_silence_when_nobody_waits_any_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As after SIGTERM while it draws."""
    before = multiprocessing.active_children()
    drawer = Drawer(os.open(tmp_path, os.O_RDONLY))
    (process,) = [each for each in multiprocessing.active_children() if each not in before]
    assert drawer._connection is not None
    drawer._connection.send(tmp_path)
    drawer._connection.close()
    process.join(60)
    assert (process.exitcode, capfd.readouterr().err) == (0, "")


def test_it_lets_go_of_the_lock(tmp_path: Path) -> None:
    """Else a run that was killed could not be resumed as long as its page is drawn."""
    with alone_in(tmp_path) as lock:
        drawer = Drawer(lock)
    try:
        (process,) = multiprocessing.active_children()
        while _holds(process.pid, tmp_path):
            time.sleep(0.01)
    finally:
        drawer.__exit__()


def _holds(process: int | None, folder: Path) -> bool:
    """Whether a process has a folder open."""
    return any(path.resolve() == folder for path in Path(f"/proc/{process}/fd").iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_what_becomes_of_it_is_no_matter(number: int, tmp_path: Path) -> None:
    """The page is drawn here; nothing waits for a process that does not go on."""
    folder = train(tmp_path / "run", "data=iris", "model=shallow", "epochs=1", *BARE)
    with Drawer(os.open(tmp_path, os.O_RDONLY)) as drawer:
        assert drawer._process is not None
        assert drawer._process.pid is not None
        os.kill(drawer._process.pid, number)
        drawer.draw(folder)
    assert (folder / "report.html").is_file()
    assert not drawer._process.is_alive()


def test_one_that_was_stopped_is_not_waited_for(tmp_path: Path) -> None:
    """Where there is nothing to draw."""
    with Drawer(os.open(tmp_path, os.O_RDONLY)) as drawer:
        assert drawer._process is not None
        assert drawer._process.pid is not None
        os.kill(drawer._process.pid, signal.SIGSTOP)
    assert drawer._process.exitcode == -signal.SIGKILL
