"""What a task of a cluster says: lines of JSON beside its chunk, which whoever waits reads on."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import appended
from mlp_lab.plain import read_as
from mlp_lab.stored import parse_json, read_from
from mlp_lab.sweep.chunks import CLUSTER

BEGAN, ALIVE, JOB_ENDED, FAILED, FULL = "began", "alive", "ended", "failed", "full"
STOPPED, DONE = "stopped", "done"

SAYINGS = (BEGAN, ALIVE, JOB_ENDED, FAILED, FULL, STOPPED, DONE)
"""A task has begun; is alive; a job of it has ended, or has failed; the disk is full; it was
told to end; it has trained all."""

HEARTBEAT = 10.0
"""Seconds after which a task says again that it is alive."""

MEGABYTES = 16
"""Of a journal, that are read at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: what is said, one of SAYINGS, and of which job, or where stacks are.

    `lost`: whether the job failed for no fault of its own.
    """

    say: str
    job: int = -1
    reason: str = ""
    lost: bool = False
    epochs: dict[int, int] = field(default_factory=dict)
    """Stack -> its epoch."""

    @property
    def line(self) -> str:
        """As JSON, without what is as ever."""
        found = {name: value for name, value in asdict(self).items() if value != USUAL[name]}
        return json.dumps(found) + "\n"


USUAL = asdict(Entry(""))
"""What a line leaves out."""


def journal_file(sweep: Path, chunk: int) -> Path:
    """Where the task of a chunk writes."""
    return sweep / CLUSTER / f"{chunk}.jsonl"


class TaskJournal:
    """The journal of a task, to write; a line of it is whole, whichever thread writes."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self._path = path
        self._lock = threading.Lock()

    def write(self, entry: Entry) -> None:
        """Add a line, if there is room."""
        with self._lock, suppress(OSError), appended(self._path) as file:
            file.write(entry.line)

    @contextmanager
    def beating(self, epochs: Mapping[int, int]) -> Iterator[None]:
        """Say every few seconds that the task is alive, and where its stacks are."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT):
                self.write(Entry(ALIVE, epochs=dict(epochs)))

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class JournalReader:
    """The journal of a task, to read on."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self.path = path
        self._read = 0
        self._line = 0

    def entries(self) -> list[Entry]:
        """What was added since; of a line that is being written, nothing yet.

        Raises:
            UserError: a line is none of a task's.
        """
        try:
            added = read_from(self.path, self._read, MEGABYTES)
        except FileNotFoundError:
            return []
        *lines, _ = added.split(b"\n")
        self._read += sum(len(line) + 1 for line in lines)
        return [entry for line in lines if (entry := self._entry(line)) is not None]

    def _entry(self, line: bytes) -> Entry | None:
        self._line += 1
        if not line.strip(b"\0 "):  # as a shared file system may leave it of a machine that died
            return None
        where = f"{self.path}, line {self._line}"
        entry = read_as(Entry, parse_json(line.decode(errors="replace"), where), where)
        if entry.say not in SAYINGS:
            raise UserError(f"{where}: say must be one of {', '.join(SAYINGS)}, got {entry.say!r}")
        return entry
