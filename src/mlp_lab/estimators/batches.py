"""Jobs of several fits -> stacks -> networks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch

from mlp_lab.config.messages import explain
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.device import choose_device, set_thread
from mlp_lab.errors import UserError
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.estimators.training import torch_settings, train
from mlp_lab.memory import free_memory
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.sweep.jobs import SweepJob, group_of, require_member
from mlp_lab.sweep.plan import StackPlan, plan
from mlp_lab.sweep.resources import MEMBERS, MEMORY_SHARE


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

    Raises:
        UserError: a job is of one run alone.
    """
    for request in requests:
        require_member(request.job.config)
    jobs = [stack_job(number, request) for number, request in enumerate(requests)]
    config, count = requests[0].job.config, os.cpu_count() or 1
    outcomes: dict[int, Fitted | Exception] = {}
    with torch_settings(config) as device:
        processes = count if device.type == "cpu" else 1
        memory = MEMORY_SHARE * free_memory() / processes
        stacks = plan(jobs, processes=processes, memory=memory, members=MEMBERS)

        def train_stack(stack: StackPlan) -> None:
            members = [requests[number] for number in stack.jobs]
            found = _trained(members, device, stopped)
            outcomes.update(zip(stack.jobs, found, strict=True))
            show(len(outcomes))

        begin = partial(set_thread, config.threads)  # torch's products let other threads compute
        with ThreadPoolExecutor(min(processes, len(stacks)), "stack", begin) as pool:
            for _ in pool.map(train_stack, stacks):
                pass
    return [outcomes[number] for number in range(len(requests))]


def _trained(
    members: Sequence[Request], device: torch.device, stopped: Callable[[], bool]
) -> list[Fitted | Exception]:
    try:
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
        embedding=summary.embedding(job.config),
        loss=summary.objective.title,
        scores=summary.scores,
        rows=summary.rows["train"],
        source="",
        digest=prepared.digest,
        identity="",
        group=group_of(job, summary, sizes),
    )
