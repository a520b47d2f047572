"""sweep.json: the jobs of a sweep and the stacks that they were put into, for resuming it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import write_whole

MANIFEST = "sweep.json"


@dataclass(slots=True)
class ManifestJob:
    """A job as the manifest has it."""

    identity: str
    overrides: list[str]
    folder: str
    """Inside the sweep's."""


@dataclass(slots=True)
class Manifest:
    """What a sweep must remember: jobs by number, stacks of job numbers, hashes of data, rungs."""

    jobs: dict[int, ManifestJob] = field(default_factory=dict)
    stacks: dict[int, list[int]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    rungs: dict[str, dict[int, str]] = field(default_factory=dict)
    """Rungs of successive halving that were judged: the jobs that stopped, and why."""

    def save(self, folder: Path) -> None:
        """Write it whole."""
        jobs = {number: asdict(job) for number, job in self.jobs.items()}
        content = {"jobs": jobs, "stacks": self.stacks, "data": self.data, "rungs": self.rungs}
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
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                {int(number): ManifestJob(**job) for number, job in saved["jobs"].items()},
                {int(number): jobs for number, jobs in saved["stacks"].items()},
                saved["data"],
                {
                    rung: {int(n): reason for n, reason in stopped.items()}
                    for rung, stopped in saved["rungs"].items()
                },
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} cannot be read: {error}") from error

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
