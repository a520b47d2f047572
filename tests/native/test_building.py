"""The kernel as a library: built once, found again, never loaded from where others may write."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.native import building
from mlp_lab.native.building import (
    NoKernel,
    available,
    library,
    library_or_reason,
    require_kernel,
    to_be_built,
)

needs_compiler = pytest.mark.skipif(not available("float32"), reason="no compiler is at hand")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and a process that has looked for no kernel yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    library_or_reason.cache_clear()
    yield tmp_path / "mlp_lab"
    library_or_reason.cache_clear()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A note of each call of the compiler, which takes no pains to be fast."""
    calls: list[object] = []
    run = subprocess.run

    def counted(command: list[str], **settings: object) -> object:
        calls.append(command)
        quick = [word.replace("-O3", "-O0") for word in command]
        return run(quick, **settings)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", counted)
    return calls


@needs_compiler
def test_it_is_built_once(
    folder: Path, compiled: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process finds it; what is damaged is built again."""
    library("float32")
    (built,) = folder.glob("float32-*.so")
    assert folder.stat().st_mode & 0o777 == 0o700
    library_or_reason.cache_clear()
    library("float32")
    assert len(compiled) == 1
    library_or_reason.cache_clear()
    other = folder.with_name("other")
    monkeypatch.setenv("XDG_CACHE_HOME", str(other))
    (other / "mlp_lab").mkdir(mode=0o700, parents=True)
    damaged = other / "mlp_lab" / built.name
    damaged.write_bytes(b"no library")
    library("float32")
    assert len(compiled) == 2
    assert damaged.read_bytes().startswith(b"\x7fELF")


@needs_compiler
def test_what_it_depends_on(
    folder: Path, compiled: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another processor gets a library of its own beside the first."""
    library("float32")
    library_or_reason.cache_clear()
    monkeypatch.setattr(building, "_processor", lambda: "another")
    library("float32")
    assert len(compiled) == 2
    assert len(list(folder.glob("*.so"))) == 2


@needs_compiler
def test_a_folder_of_others_is_not_loaded_from(folder: Path) -> None:
    """Nor one that others may write to, nor a link."""
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.raises(NoKernel, match="not a folder that only its owner can write to"):
        library("float32")
    folder.rmdir()
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)
    with pytest.raises(NoKernel, match="not a folder"):
        library("float32")


def test_no_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` does without; `native` says why it cannot."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not available("float32")
    with pytest.raises(UserError, match=r"^kernel=native is not there: no C\+\+ compiler is found"):
        require_kernel("float32")


def test_a_compiler_that_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first line is the reason; nothing half-made is left, and it is asked once."""
    compiler, asked = folder.with_name("c++"), folder.with_name("asked")
    words = f"echo once >> {asked}; echo 'no such processor' >&2; exit 1"
    compiler.write_text(f"#!/bin/sh\n{words}\n")
    compiler.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda name: str(compiler))
    assert to_be_built("float32")
    for _ in range(2):
        with pytest.raises(NoKernel, match="failed: no such processor"):
            library("float32")
    assert not list(folder.glob("*.so*"))
    assert asked.read_text() == "once\n"


@needs_compiler
def test_a_cache_that_cannot_be_written_to(
    folder: Path, compiled: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was built before is found; what was not is not made."""
    assert to_be_built("float32")
    library("float32")
    assert not to_be_built("float32")
    library_or_reason.cache_clear()

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(building, "FileLock", refused)
    library("float32")
    assert len(compiled) == 1
    assert not available("float64")
    with pytest.raises(UserError, match=r"cannot be kept or loaded: .*Read-only file system"):
        require_kernel("float64")


@needs_compiler
def test_two_processes_build_one(folder: Path) -> None:
    """The second waits for the first."""
    words = (
        "from mlp_lab.native import building;"
        "building.FLAGS = tuple(word.replace('-O3', '-O0') for word in building.FLAGS);"
        "building.library('float32')"
    )
    several = [subprocess.Popen([sys.executable, "-c", words]) for _ in range(2)]
    assert [one.wait() for one in several] == [0, 0]
    (built,) = folder.glob("float32-*.so")
    assert built.stat().st_mode & 0o022 == 0


def test_nowhere_to_keep_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder that is a file."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(shutil, "which", lambda name: os.devnull)
    library_or_reason.cache_clear()
    assert not available("float32")
    library_or_reason.cache_clear()
