"""sweep.json: the jobs of a sweep and the stacks that they were put into, for resuming it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath

from mlp_lab.config.extra_folder import CALLS, NOTHING_RUNS
from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.plain import brief, read_as, require_keys
from mlp_lab.stored import naming, read_json

MANIFEST = "sweep.json"


@dataclass(slots=True)
class ManifestJob:
    """A job as the manifest has it."""

    identity: str
    overrides: list[str]
    folder: str
    """Inside the sweep's."""

    def require_own(self, key: str) -> None:
        """Raise unless its folder is inside the sweep's, and its words are a run's settings.

        Raises:
            UserError: they are not.
        """
        folder = PurePath(self.folder)
        if not folder.parts or ".." in folder.parts or folder.is_absolute():
            raise UserError(f"{key}.folder must lie in the sweep's, got {brief(self.folder)}")
        for word in self.overrides:
            if re.match(r"[+~]*hydra\b|-", word):
                raise UserError(f"{key}.overrides must be settings of a run, got {brief(word)}")


@dataclass(slots=True)
class Manifest:
    """What a sweep must remember: jobs by number, stacks of job numbers, hashes of data, rungs."""

    jobs: dict[int, ManifestJob] = field(default_factory=dict)
    stacks: dict[int, list[int]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    rungs: dict[str, dict[int, str]] = field(default_factory=dict)
    """Rungs of successive halving that were judged: the jobs that stopped, and why."""
    command: list[str] = field(default_factory=list)
    """The words that it was made by; none where resuming it needs them typed."""

    def save(self, folder: Path) -> None:
        """Write it whole."""
        jobs = {number: asdict(job) for number, job in self.jobs.items()}
        content = {"jobs": jobs, "stacks": self.stacks, "data": self.data, "rungs": self.rungs}
        content |= {"command": self.command} if self.command else {}
        write_whole(folder / MANIFEST, json.dumps(content, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read a sweep's manifest; an empty one where there is none.

        Raises:
            UserError: it cannot be read.
        """
        path = folder / MANIFEST
        if not path.is_file():
            return cls()
        found = read_json(path, megabytes=256)
        with naming(path):
            manifest = read_as(cls, found)
            needed = dict.fromkeys(("jobs", "stacks", "data", "rungs"), True)
            require_keys(found, {**needed, "command": False})
            manifest.require_consistent()
        return manifest

    def require_consistent(self) -> None:
        """Raise unless jobs have folders of their own in the sweep's, and stacks hold jobs.

        Raises:
            UserError: they do not; the key is named.
        """
        folders = [job.folder for job in self.jobs.values()]
        for number, job in self.jobs.items():
            job.require_own(f"jobs.{number}")
        if len(set(folders)) < len(folders):
            raise UserError("jobs must have a folder each")
        for stack, members in self.stacks.items():
            if len(set(members)) < len(members):
                raise UserError(f"stacks.{stack} must have each job once")
        placed = [number for members in self.stacks.values() for number in members]
        for key, numbers in (("stacks", placed), ("rungs", [*self.eliminated])):
            for number in numbers:
                if number not in self.jobs:
                    raise UserError(f"{key} must hold jobs, got {number}")

    def add(
        self, jobs: Mapping[int, ManifestJob], stacks: Mapping[int, Sequence[int]], folder: Path
    ) -> None:
        """Enter jobs and the stacks that will train them, and save; no job stays in two stacks."""
        self.jobs |= jobs
        placed = {number for members in stacks.values() for number in members}
        for stack, members in self.stacks.items():
            if stack not in stacks:
                self.stacks[stack] = [number for number in members if number not in placed]
        self.stacks |= {stack: list(members) for stack, members in stacks.items()}
        self.save(folder)

    def require_same_data(self, data: Mapping[str, str], names: Mapping[str, str]) -> None:
        """Raise a UserError if rows of a data set are not those that the sweep began with.

        `data`: what its rows depend on -> a hash of them; `names`: the same -> what to call it.
        """
        for source, digest in data.items():
            if self.data.get(source, digest) != digest:
                raise UserError(
                    f"the rows of {names[source]} have changed since the sweep began: give it the"
                    " rows it had, or start a new sweep"
                )
        self.data |= data

    def stored_words(self, number: int) -> list[str]:
        """What a job changes that the command at hand does not ask for: nobody has typed it.

        Raises:
            UserError: a word would call something, as a look into the environment.
        """
        for word in self.jobs[number].overrides:
            if CALLS.search(word):
                raise UserError(
                    f"{MANIFEST}: jobs.{number}.overrides must call nothing, got {brief(word)}:"
                    f" {NOTHING_RUNS}"
                )
        return self.jobs[number].overrides

    @property
    def eliminated(self) -> dict[int, str]:
        """Jobs that stopped at any rung, and why."""
        return {n: reason for rung in self.rungs.values() for n, reason in rung.items()}

    @property
    def stack_of(self) -> dict[int, int]:
        """Job -> its stack: the last that has it, where one failed in another before."""
        return {n: stack for stack in sorted(self.stacks) for n in self.stacks[stack]}

    def numbers(self, identities: Sequence[str], first: int) -> list[int]:
        """A number for each job: the one it has already, else its place counted from `first`.

        Where numbers have come further, the next free one. Equal jobs are one job.
        """
        known = {job.identity: number for number, job in self.jobs.items()}
        free = max(self.jobs, default=-1) + 1
        for place, identity in enumerate(identities, start=first):
            if identity not in known:
                known[identity] = max(free, place)
                free = known[identity] + 1
        return [known[identity] for identity in identities]
