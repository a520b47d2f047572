"""The process that draws."""

import multiprocessing
import sys
from pathlib import Path

import pytest

from mlp_lab.report.drawer import Drawer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drawn in the same process")


def test_what_cannot_be_drawn_is_an_error_here(tmp_path: Path) -> None:
    with Drawer() as drawer, pytest.raises(OSError, match=str(tmp_path)):
        drawer.draw(tmp_path)


def test_ends_in_silence_when_nobody_waits_any_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As after SIGTERM while it draws."""
    before = multiprocessing.active_children()
    with Drawer() as drawer:
        (process,) = [each for each in multiprocessing.active_children() if each not in before]
        assert drawer._connection is not None
        drawer._connection.send(tmp_path)
    process.join(60)
    assert (process.exitcode, capfd.readouterr().err) == (0, "")
