"""Jobs of several fits -> stacks -> networks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from mlp_lab.config.messages import explain
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.device import choose_device
from mlp_lab.errors import UserError
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.estimators.training import torch_settings, train
from mlp_lab.memory import free_memory
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.sweep.jobs import SweepJob, group_of
from mlp_lab.sweep.plan import plan

MEMBERS = 128
"""Most networks of a stack."""

MEMORY = 0.5
"""Share of the free memory that stacks may take."""


@dataclass(frozen=True, slots=True)
class Request:
    """A job and its rows; jobs on the same rows share them."""

    job: Job
    prepared: PreparedData
    dataset: Dataset


class Cache:
    """Rows that several fits have in common, encoded once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prepared: dict[str, PreparedData] = {}
        self._datasets: dict[int, Dataset] = {}

    def prepared(self, key: str, make: Callable[[], PreparedData]) -> PreparedData:
        """What was made under a key, or is made now."""
        with self._lock:
            if key not in self._prepared:
                self._prepared[key] = make()
            return self._prepared[key]

    def dataset(self, prepared: PreparedData, dtype: str, device: str) -> Dataset:
        """The tensors of some rows."""
        with self._lock:
            if id(prepared) not in self._datasets:
                found = Dataset.of(prepared.encoded, getattr(torch, dtype), choose_device(device))
                self._datasets[id(prepared)] = found
            return self._datasets[id(prepared)]


def train_together(
    requests: Sequence[Request],
    stopped: Callable[[], bool],
    show: Callable[[int], None] = lambda ended: None,
) -> list[Fitted | Exception]:
    """Train jobs as stacks; the network of each, or why there is none.

    Where `stopped`, stacks end after the epoch at hand. `show` is told how many have ended.
    """
    jobs = [stack_job(number, request) for number, request in enumerate(requests)]
    memory = MEMORY * free_memory()
    outcomes: dict[int, Fitted | Exception] = {}
    for stack in plan(jobs, processes=1, memory=memory, members=MEMBERS):
        members = [requests[number] for number in stack.jobs]
        found = _trained(members, stopped)
        outcomes |= dict(zip(stack.jobs, found, strict=True))
        show(len(outcomes))
    return [outcomes[number] for number in range(len(requests))]


def _trained(members: Sequence[Request], stopped: Callable[[], bool]) -> list[Fitted | Exception]:
    try:
        with torch_settings(members[0].job.config) as device:
            runs = {
                k: Run.fresh(member.job, member.prepared, member.dataset)
                for k, member in enumerate(members)
            }
            fitted = train(runs, device, stopped=stopped)
    except Exception as error:  # of the stack, and so of each of its members
        said = explain(error)
        failure = error if said is None else UserError(said)
        return [failure for _ in members]
    return [fitted[k].or_error for k in range(len(members))]


def stack_job(number: int, request: Request) -> SweepJob:
    """A job as the plan of stacks knows it."""
    job, prepared = request.job, request.prepared
    summary = prepared.summary
    sizes = summary.sizes(job.config)
    return SweepJob(
        number=number,
        job=job,
        record={},
        data_key="",
        sizes=sizes,
        loss=summary.objective.loss,
        rows=summary.rows["train"],
        source="",
        digest=prepared.digest,
        identity="",
        group=group_of(job, summary, sizes),
    )
