"""Which stacks of a sweep are left to train, and what a worker needs to train each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mlp_lab.runs.result_file import ENDED, result_of
from mlp_lab.sweep.engines import checkpoint_of
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.manifest import Manifest
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.plan import StackPlan


def unfinished(manifest: Manifest, jobs: Mapping[int, SweepJob]) -> tuple[list[int], list[int]]:
    """Stacks of the manifest to resume, and jobs that are in none of them.

    A job that failed leaves its stack: it is trained again in another.
    """
    status = {number: result_of(job.job.folder).get("status", "") for number, job in jobs.items()}
    stack_of = manifest.stack_of
    begun = {stack_of[n] for n in jobs if status[n] == "" and n in stack_of}
    placed = {number for number, stack in stack_of.items() if stack in begun}
    open_jobs = [n for n in jobs if status[n] not in ENDED]
    return sorted(begun), [n for n in open_jobs if status[n] == "failed" or n not in placed]


def requests(
    stacks: Sequence[StackPlan],
    jobs: Mapping[int, SweepJob],
    manifest: Manifest,
    folder: Path,
    *,
    unended: Sequence[int],
    reports: bool,
    until: int | None = None,
) -> list[StackRequest]:
    """What to ask of workers, still without rows: a request for each stack with `unended` jobs.

    `manifest` says which stack a job is in, and which jobs successive halving has stopped;
    `reports`: whether each job gets pictures and a page of its own; `until`: epoch after which
    all pause.
    """
    stack_of, eliminated = manifest.stack_of, manifest.eliminated
    found = []
    for stack in stacks:
        elsewhere = frozenset(n for n in stack.jobs if stack_of[n] != stack.number)
        if (set(stack.jobs) - elsewhere).intersection(unended):
            request = StackRequest(
                stack.number,
                [jobs[number] for number in stack.jobs],
                {},
                checkpoint_of(folder, stack.number),
                reports=reports,
                until=until,
                eliminated=eliminated,
                elsewhere=elsewhere,
            )
            found.append(request)
    return found
