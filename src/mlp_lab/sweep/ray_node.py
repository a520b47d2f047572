"""What a machine of Ray does for a sweep: a process trains a chunk, an actor says how far it is.

    RayQueue -> Node (an actor, with its cores) -> process (ray_task) -> files -> News

The process is a clean one: that of an actor has threads of Ray, and no worker can be forked from
it. It ends with the actor, whose death closes its input. An actor loads neither torch nor data.
"""

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from mlp_lab.files import make_folder, write_whole
from mlp_lab.stored import read_bytes

MOST_MEGABYTES = 4096
"""Of a file that is sent."""

WORDS = 65536
"""Letters of the process's last words that are kept."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A chunk to train in the folder of its sweep, from a working directory, with own parts.

    `journal`: where it writes, within the sweep. `token`: a file of the sweep, and what it holds
    where that folder is seen; None where files travel in any case. Those of the sweep's folder do
    in `sweep_files`.
    """

    here: str
    sweep: str
    chunk: int
    journal: str
    imported: Sequence[str]
    token: tuple[str, str] | None
    sweep_files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What has happened to a chunk: its process's status once it has ended, and its last words.

    `files`: of the sweep's folder, those that have changed where they have to travel.
    """

    status: int | None
    words: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


class Node:
    """Trains one chunk on a machine of Ray, as an actor there."""

    def __init__(self, work: Assignment, here_files: Mapping[str, bytes]) -> None:
        """Start the process; `here_files`: of the working directory, where files travel."""
        self._work = work
        self._own: Path | None = None
        self._sent: dict[str, tuple[int, int]] = {}
        here, sweep = Path(work.here), Path(work.sweep)
        if not _is_seen(sweep, work.token):
            self._own = Path(mkdtemp(prefix="mlp_lab-"))
            here, sweep = self._own / "here", self._own / "sweep"
            _unpack(here, here_files)
            _unpack(sweep, work.sweep_files)
            self._sent = _states(sweep)
        self._sweep = sweep
        self._words = ""
        places = [str(here), str(sweep), str(work.chunk), str(self._own or ""), *work.imported]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "mlp_lab.sweep.ray_task", *places],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is said once, by `stop`
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Keep the end of what the process says of itself."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._words = (self._words + line.decode(errors="replace"))[-WORDS:]

    def news(self) -> News:
        """What has happened since."""
        status = self._process.poll()  # first: what it wrote before its end is sent with it
        if status is not None:
            self._listener.join()
            self._close()
        files = self._changed() if self._own is not None else {}
        if status is not None and self._own is not None:
            rmtree(self._own, ignore_errors=True)
        return News(status, self._words, files)

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def stop(self) -> None:
        """Let the stacks finish their epoch, and the process end."""
        self._process.terminate()

    def _changed(self) -> dict[str, bytes]:
        """Files that are others than those that were sent; the journal before what it tells of.

        Nothing that is being written: it has another name until it is whole. The journal is read
        first, so that all it tells of is among the others.
        """
        journal = self._work.journal
        found: dict[str, bytes] = {}
        for name in [journal, *sorted(_states(self._sweep).keys() - {journal})]:
            path = self._sweep / name
            try:
                seen = path.stat()
                state = (seen.st_mtime_ns, seen.st_size)
                if self._sent.get(name) != state:
                    found[name] = read_bytes(path, MOST_MEGABYTES)
                    self._sent[name] = state
            except FileNotFoundError:
                continue  # of a run that has just come to its end
        return found


def _is_seen(sweep: Path, token: tuple[str, str] | None) -> bool:
    """Whether a folder is the sweep's, and not another of that name on another machine."""
    if token is None:
        return False
    name, content = token
    try:
        return read_bytes(sweep / name, 1) == content.encode()
    except OSError:
        return False


def _unpack(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        make_folder((folder / name).parent, below=folder)
        write_whole(folder / name, content, wait=False)


def _states(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file of a folder was written, and its size; not of those that are half-made."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith(".partial"):
            seen = path.stat()
            found[str(path.relative_to(folder))] = (seen.st_mtime_ns, seen.st_size)
    return found
