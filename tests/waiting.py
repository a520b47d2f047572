"""Waiting for what commands of sweeps do, whose tasks write into the sweep's folder."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def until(happened: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def journal(folder: Path) -> str:
    """All that tasks have written, for whoever waits."""
    return "".join(path.read_text() for path in sorted(folder.glob(".cluster/*.jsonl")))


def training(folder: Path, *, stacks: int = 2) -> Callable[[], bool]:
    """Whether so many stacks have a checkpoint to go on from."""
    return lambda: len(list(folder.glob(".stacks/*.safetensors"))) >= stacks


def processes_of(folder: Path, program: str, beside: str | None = None) -> list[int]:
    """Processes of a program for a sweep; no workers of theirs, and none `beside` them."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode()
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if beside is not None and beside in words:
            continue
        if program in words and str(folder) in words:
            found[int(place.name)] = parent
    return [process for process, parent in found.items() if parent not in found]


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How a command ends: its status, and what it has printed."""
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err
