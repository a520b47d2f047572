"""Ray as the queue of a sweep: an actor for each task, which is asked now and then for its news."""

import logging
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from mlp_lab.errors import UserError
from mlp_lab.files import make_folder, write_whole
from mlp_lab.formatting import one_line
from mlp_lab.program import IMPORTED
from mlp_lab.stored import read_bytes
from mlp_lab.sweep.chunks import CLUSTER, Chunk, chunk_file
from mlp_lab.sweep.engines import (
    CANCELLED,
    ENDED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    STACKS,
    checkpoint_of,
    telling_line,
)
from mlp_lab.sweep.ray_config import FETCHED, SHARED, RayConfig
from mlp_lab.sweep.ray_node import MOST_MEGABYTES, Assignment, News, Node
from mlp_lab.sweep.task_journal import journal_file

STORE = 100 * 2**20
"""Bytes of a Ray of this machine for what its processes send each other, which is little."""

TOKEN = f"{CLUSTER}/token"
"""File of a sweep by which a machine knows that it sees the sweep's folder."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray tells nobody of it, and leaves the environment of tasks without a GPU as it is."""


@dataclass(slots=True)
class RayTask:
    """A task: its chunk, its actor, the news that it was asked for, and what is known of it."""

    chunk: int
    folders: frozenset[str]
    """Of the jobs that it trains, within the sweep's."""
    actor: Any
    asked: Any
    state: str = QUEUED
    cancelled: bool = False
    words: str = ""


@dataclass(slots=True)
class RayQueue:
    """The tasks of one sweep, which end with its command."""

    sweep: Path
    settings: RayConfig
    title: str = "Ray"
    outlives: bool = False
    _tasks: dict[str, RayTask] = field(default_factory=dict)
    _kept: dict[tuple[Path, ...], Any] = field(default_factory=dict)
    """Files of the working directory -> where Ray keeps their contents."""
    _token: str = ""
    _ours: bool = False

    def submit(self, chunks: Sequence[int]) -> list[str]:
        """Make an actor for each chunk; Ray places it where there is room.

        Raises:
            UserError: no Ray answers, or a file that would travel cannot be read.
        """
        import ray  # noqa: PLC0415  an extra, and slow

        self._connect()
        settings = self.settings
        options: dict[str, object] = {
            "num_cpus": settings.cpus_per_task,
            "num_gpus": settings.gpus_per_task,
            "max_restarts": 0,  # the sweep does it, from the checkpoints that it has
        }
        if settings.memory is not None:
            options["memory"] = int(settings.memory * 2**30)
        make: Any = ray.remote(Node).options(**options)
        names = []
        for number in chunks:
            chunk = Chunk.load(chunk_file(self.sweep, number))
            folders = frozenset(job.folder for job in chunk.jobs.values())
            work = self._assignment(number, chunk, folders)
            actor = make.remote(ray.put(work), self._here_files(chunk))
            name = f"ray-{len(self._tasks)}"
            self._tasks[name] = RayTask(number, folders, actor, actor.news.remote())
            names.append(name)
        return names

    def _assignment(self, number: int, chunk: Chunk, folders: frozenset[str]) -> Assignment:
        """What a machine is told of a chunk whose jobs have these folders."""
        sweep, here = self.sweep.absolute(), Path.cwd()
        token = None if self.settings.files == FETCHED else (TOKEN, self._token)
        sweep_files: dict[str, bytes] = {}
        if self._may_travel():
            places = [chunk_file(sweep, number), journal_file(sweep, number)]
            places += [checkpoint_of(sweep, stack.stack) for stack in chunk.stacks]
            for folder in sorted(folders):
                places += sorted(each for each in (sweep / folder).rglob("*") if each.is_file())
            sweep_files = _contents(places, sweep)
        places_there = (str(here), str(sweep), number, str(journal_file(Path(), number)))
        return Assignment(*places_there, [*IMPORTED], token, sweep_files)

    def _here_files(self, chunk: Chunk) -> object:
        """Where Ray keeps the files of the working directory that a chunk needs.

        Chunks that need the same ones share them, read and kept once.
        """
        import ray  # noqa: PLC0415

        here = Path.cwd()
        needed = tuple(_own_files(chunk, here)) if self._may_travel() else ()
        if needed not in self._kept:
            self._kept[needed] = ray.put(_contents(needed, here))
        return self._kept[needed]

    def _may_travel(self) -> bool:
        """Whether a task could come to a machine that does not see the sweep's folder."""
        files = self.settings.files
        return files == FETCHED or (files != SHARED and not self.settings.starts_its_own)

    def _connect(self) -> None:
        """Find Ray, or start it.

        Raises:
            UserError: none answers.
        """
        if self._token:
            return
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        import ray  # noqa: PLC0415

        if not ray.is_initialized():
            own = self.settings.starts_its_own
            try:
                with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
                    ray.init(
                        self.settings.address,
                        num_cpus=os.cpu_count() if own else None,
                        object_store_memory=STORE if own else None,
                        include_dashboard=False if own else None,
                        log_to_driver=False,
                        logging_level=logging.CRITICAL,
                    )
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                reason = one_line(" ".join(str(error).split()))[:500]
                raise UserError(f"sweep.ray.address={self.settings.address}: {reason}") from error
            self._ours = True
            _be_quiet()
        self._token = secrets.token_hex(16)
        write_whole(self.sweep / TOKEN, self._token)

    def states(self) -> Mapping[str, str]:
        """Where each task is; what those that run have written is in the sweep's folder then."""
        for task in self._tasks.values():
            if task.state in (QUEUED, RUNNING):
                self._ask(task)
        return {name: task.state for name, task in self._tasks.items()}

    def _ask(self, task: RayTask) -> None:
        """Take the news of a task, if it has answered, and ask again."""
        import ray  # noqa: PLC0415
        from ray.exceptions import RayError  # noqa: PLC0415

        ready, _ = ray.wait([task.asked], timeout=0)
        if not ready:
            return
        try:
            news: News = ray.get(task.asked)
        except RayError as error:  # its machine is gone, or the process of its actor
            task.words = one_line(str(error).partition("\n")[0])
            task.state = CANCELLED if task.cancelled else INTERRUPTED
            return
        self._receive(task, news.files)
        task.words = news.words or task.words
        if news.status is None:
            task.state = RUNNING
            task.asked = task.actor.news.remote()
            return
        task.state = CANCELLED if task.cancelled else ENDED
        ray.kill(task.actor)  # its cores are free for the next

    def _receive(self, task: RayTask, files: Mapping[str, bytes]) -> None:
        """Write what a task has sent, and nothing that is not its own; its journal comes last.

        Raises:
            UserError: it is something else.
        """
        journal = str(journal_file(Path(), task.chunk))
        for name in sorted(files, key=lambda each: each == journal):
            path = PurePosixPath(name)
            own = name == journal or path.parts[0] in (STACKS, *task.folders)
            if ".." in path.parts or path.is_absolute() or not own:
                raise UserError(f"a task of Ray sends {name!r}, which is no file of its jobs")
            if path.parts[0] != CLUSTER:
                make_folder((self.sweep / path).parent, below=self.sweep)
            write_whole(self.sweep / path, files[name], wait=False)

    def cancel(self, tasks: Sequence[str]) -> None:
        """Let the stacks of those that run finish their epoch; the others end now."""
        import ray  # noqa: PLC0415
        from ray.exceptions import RayError  # noqa: PLC0415

        for name in tasks:
            task = self._tasks[name]
            task.cancelled = True
            with suppress(RayError):
                if task.state == QUEUED:
                    ray.kill(task.actor)
                else:
                    task.actor.stop.remote()

    def last_words(self, task: str) -> str:
        """Of its process: the last line that names an error, else the last; or how Ray lost it."""
        return telling_line(self._tasks[task].words)

    def close(self) -> None:
        """End what was started for the sweep."""
        if self._ours:
            import ray  # noqa: PLC0415

            self._ours = False
            ray.shutdown()


def _contents(places: Sequence[Path], folder: Path) -> dict[str, bytes]:
    """Files in a folder, by their names in it.

    Raises:
        UserError: one is too large to be sent.
    """
    found = {}
    for path in places:
        with suppress(FileNotFoundError):
            found[str(path.relative_to(folder))] = read_bytes(path, MOST_MEGABYTES)
    return found


def _own_files(chunk: Chunk, here: Path) -> list[Path]:
    """Tables and parts of one's own below the working directory, which a machine may lack."""
    names: set[str] = set(IMPORTED)
    for job in chunk.jobs.values():
        data = job.values.get("data")
        if isinstance(data, Mapping) and isinstance(data.get("path"), str):
            names.add(data["path"])
    found = []
    for name in sorted(names):
        path = here / name
        if not path.resolve().is_relative_to(here.resolve()) or Path(name).is_absolute():
            continue  # a machine has it where this one has it, or says that it is not there
        found += sorted(filter(Path.is_file, path.rglob("*"))) if path.is_dir() else [path]
    return found


def _be_quiet() -> None:
    """Keep Ray from printing into the line of a sweep what the sweep says itself of lost tasks."""
    with suppress(ImportError, AttributeError, KeyError):  # none of its public names does it
        from ray._private.ray_logging import global_worker_stdstream_dispatcher  # noqa: PLC0415

        global_worker_stdstream_dispatcher.remove_handler("ray_print_logs")
