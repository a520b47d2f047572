"""Which stacks are left of a sweep."""

from pathlib import Path

from sweeps import iris_job, write_ended

from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.manifest import Manifest
from mlp_lab.sweep.plan import stack_plan
from mlp_lab.sweep.requests import requests, unfinished


def jobs_in(folder: Path, statuses: list[str]) -> dict[int, SweepJob]:
    """A job for each status of its result.json; none is written for an empty one."""
    jobs = {number: iris_job(number, folder, seed=number) for number in range(len(statuses))}
    for job, status in zip(jobs.values(), statuses, strict=True):
        if status:
            job.job.folder.mkdir()
            write_ended(job.job.folder, status)
    return jobs


def test_what_is_left_of_a_sweep(tmp_path: Path) -> None:
    """Begun stacks are resumed; what failed or is new gets another; what has ended is left."""
    jobs = jobs_in(tmp_path, ["completed", "", "stopped", "diverged", "failed", "", ""])
    manifest = Manifest(stacks={0: [0, 1], 1: [2, 3, 4], 2: [5]})
    assert unfinished(manifest, jobs) == ([0, 2], [4, 6])
    assert unfinished(Manifest(), jobs) == ([], [1, 4, 5, 6])
    assert unfinished(Manifest(), {0: jobs[0]}) == ([], [])


def test_requests_for_stacks_that_have_something_to_train(tmp_path: Path) -> None:
    """All members of a stack travel, in the order of their positions; some train elsewhere."""
    jobs = jobs_in(tmp_path, [""] * 4)
    manifest = Manifest(stacks={0: [0, 1], 1: [2], 2: [1, 3]}, rungs={"epoch 1": {3: "stopped"}})
    stacks = [
        stack_plan(n, [jobs[job] for job in members]) for n, members in manifest.stacks.items()
    ]
    first, third = requests(
        *(stacks, jobs, manifest, tmp_path), unended=[0, 1, 3], reports=True, until=5
    )
    assert (first.stack, first.elsewhere, third.elsewhere) == (0, {1}, frozenset())
    assert [job.number for job in first.jobs] == [0, 1]
    assert [job.number for job in first.own] == [0]
    assert [job.number for job in third.own] == [1, 3]
    assert (third.eliminated, third.until, third.reports) == ({3: "stopped"}, 5, True)
    assert third.checkpoint == tmp_path / ".stacks" / "2.safetensors"
    only = requests(stacks, jobs, manifest, tmp_path, unended=[1], reports=False)
    assert [request.stack for request in only] == [2]
