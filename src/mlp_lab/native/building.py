"""The kernel as a library: compiled when it is first used, for this processor, and kept.

It is found again by a digest of its source, the compiler and the processor, so that whatever
changes makes a new one. Only a folder that nobody else may write to is loaded from.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from mlp_lab.errors import UserError
from mlp_lab.files import cache_folder, private_folder, require_private, write_whole
from mlp_lab.native.interface import declare

SOURCES = sorted(Path(__file__).parent.glob("*.h")) + sorted(Path(__file__).parent.glob("*.cpp"))

COMPILERS = ("c++", "g++", "clang++")

FLAGS = (
    *("-std=c++17", "-O3", "-fPIC", "-shared", "-pthread"),
    *("-fno-math-errno", "-fno-trapping-math"),  # roots as instructions; NaN stays NaN
)

FOR_THIS_PROCESSOR = (
    "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"
)

PATIENCE = 300
"""Seconds that a compiler, or another process that waits for one, may take."""

NUMBERS = {"float32": "float", "float64": "double"}


class NoKernel(Exception):
    """There is none here; the message says why."""


def library(dtype: str) -> ctypes.CDLL:
    """The kernel for `float32` or `float64`, compiled if need be.

    Raises:
        NoKernel: no compiler is at hand, or it fails; or nothing can be kept.
    """
    there = library_or_reason(dtype)
    if isinstance(there, str):
        raise NoKernel(there)
    return there


@cache
def library_or_reason(dtype: str) -> ctypes.CDLL | str:
    """The same, or why there is none: a process looks for each once, and compiles at most once."""
    try:
        compiler = _compiler()
        path = _place(dtype, compiler)
        loaded = _loaded(path)
        if loaded is not None:  # also from a cache that cannot be written to
            return loaded
        private_folder(path.parent)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            return _loaded(path) or _built(path, compiler, dtype)
    except NoKernel as error:
        return str(error)
    except (OSError, RuntimeError, UserError) as error:  # of the folder, the lock or the loader
        return f"it cannot be kept or loaded: {error}"


def to_be_built(dtype: str) -> bool:
    """Whether there is none yet, and a compiler: then the first use takes seconds."""
    try:
        return not _place(dtype, _compiler()).is_file()
    except (NoKernel, OSError, RuntimeError, UserError):
        return False


def require_kernel(dtype: str) -> None:
    """Raise a `UserError` unless there is a kernel."""
    try:
        library(dtype)
    except NoKernel as error:
        raise UserError(f"kernel=native is not there: {error}; use kernel=torch") from error


def available(dtype: str) -> bool:
    """Whether there is a kernel; it is compiled if need be."""
    return not isinstance(library_or_reason(dtype), str)


def _compiler() -> str:
    if os.name != "posix":
        raise NoKernel("it is compiled on Linux and macOS")
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise NoKernel(f"no C++ compiler is found ({', '.join(COMPILERS)})")
    return compiler


def _place(dtype: str, compiler: str) -> Path:
    """Where the library lies once it is built; a folder that is there is its owner's alone."""
    folder = cache_folder()
    if folder.exists():
        require_private(folder)
    return folder / f"{dtype}-{_digest(compiler)}.so"


def _digest(compiler: str) -> str:
    """Of everything that a library depends on."""
    found = Path(compiler).resolve()
    made = found.stat()
    parts = [str(found), made.st_size, made.st_mtime_ns, FLAGS, FOR_THIS_PROCESSOR, _processor()]
    parts += [path.read_text() for path in SOURCES]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _processor() -> str:
    """Its instructions, as far as the system tells: a shared home serves many machines."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return " ".join(sorted(line.split()))
    return f"{platform.machine()} {platform.processor()}"


def _loaded(path: Path) -> ctypes.CDLL | None:
    """What was built before; None if there is nothing, or nothing that can be used."""
    with suppress(OSError, AttributeError):
        if not path.is_symlink() and path.is_file():
            return declare(ctypes.CDLL(str(path)))
    return None


def _built(path: Path, compiler: str, dtype: str) -> ctypes.CDLL:
    source = next(each for each in SOURCES if each.suffix == ".cpp")
    with TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        command = [compiler, *FLAGS, FOR_THIS_PROCESSOR, f"-DNUMBER={NUMBERS[dtype]}"]
        try:
            subprocess.run(  # noqa: S603  the user's own compiler, and words of this file
                [*command, "-o", str(made), str(source)],
                check=True,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
        except subprocess.CalledProcessError as error:
            first = next(iter(str(error.stderr).splitlines()), "without a word")
            raise NoKernel(f"{compiler} failed: {first}") from error
        except subprocess.TimeoutExpired as error:
            raise NoKernel(f"{compiler} took more than {PATIENCE} s") from error
        write_whole(path, made.read_bytes(), wait=False)
    built = _loaded(path)
    if built is None:
        raise NoKernel(f"what {compiler} made cannot be loaded")
    return built
