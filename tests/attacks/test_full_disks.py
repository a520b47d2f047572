"""Runs and sweeps on a disk that is full: one line, and what was left out is made by resuming."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import command
from sweeps import curve, job_folders, result

RUN = ("data=iris", "model=shallow", "epochs=30", "quiet=true")
SWEEP = ("-m", *RUN[:2], "quiet=true", "model.width=3,4", "seed=range(0,10)", "epochs=3")

Resize = Callable[[str], Path]
"""Gives the disk a size, and says where it is."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Resize]:
    """A small one, of memory."""
    place = tmp_path / "disk"
    place.mkdir()
    there: list[Path] = []

    def resize(size: str) -> Path:
        option = f"remount,size={size}" if there else f"size={size}"
        words = ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(place)]
        if subprocess.run(words, check=False, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        there.append(place)
        return place

    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("mounts a file system")
    yield resize
    subprocess.run(["umount", str(place)], check=False)


def refused(words: list[str], place: Path) -> str:
    """The one line by which a command ends."""
    done = command(words, place.parent)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line
    return line


@pytest.mark.parametrize("size", ["24k", "60k", "140k"])
def test_a_run_goes_on_once_there_is_room(size: str, disk: Resize) -> None:
    """Its checkpoint, its curve, or pictures of its report had none."""
    place = disk(size)
    line = refused([*RUN, f"hydra.run.dir={place / 'run'}"], place)
    assert line.endswith("resume=disk/run")
    assert "; make room, then resume with: " in line
    disk("8m")
    done = command([f"resume={place / 'run'}", "quiet=true"], place.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(curve(place / "run")) == 30
    assert (place / "run" / "report.html").is_file()


def test_a_run_without_room_to_begin_leaves_nothing(disk: Resize) -> None:
    """Nothing of it could be resumed."""
    place = disk("8k")
    assert "make room" not in refused([*RUN, f"hydra.run.dir={place / 'run'}"], place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("size", ["60k", "200k"])
def test_a_sweep_goes_on_once_there_is_room(size: str, disk: Resize) -> None:
    """Its workers say nothing; the summary and its pictures are made in the end."""
    place = disk(size)
    words = [*SWEEP, f"hydra.sweep.dir={place / 'sweep'}"]
    assert f"sweep.resume={place / 'sweep'}" in refused(words, place)
    disk("8m")
    done = command(words, place.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert len([result(job) for job in job_folders(place / "sweep")]) == 20
    assert (place / "sweep" / "summary.html").is_file()
    assert (place / "sweep" / "learning_curves.png").is_file()


def test_a_summary_without_room_is_made_by_resuming(disk: Resize) -> None:
    """Every job has ended by then."""
    place = disk("8m")
    words = [*SWEEP, f"hydra.sweep.dir={place / 'sweep'}"]
    assert command(words, place.parent).returncode == 0
    for name in ("summary.html", "learning_curves.png", "validation_curve.png"):
        (place / "sweep" / name).unlink()
    used = subprocess.run(["du", "-sk", str(place)], check=True, capture_output=True, text=True)
    disk(f"{int(used.stdout.split()[0]) + 60}k")
    line = refused(words, place)
    assert line.startswith(
        f"all jobs have ended, but the summary of {place / 'sweep'} is not whole"
    )
    assert "; make room, then resume with: python" in line
    disk("16m")
    assert command(words, place.parent).returncode == 0
    assert (place / "sweep" / "summary.html").is_file()
