"""What a task of a cluster has, whichever the cluster is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskResources:
    """Cores, GiB (None: what is free there) and whether a GPU; `minutes` of work expected of it.

    `title`: of the cluster; `key`: where its settings lie, as sweep.slurm; `most`: tasks at the
    same time; `limit`: minutes after which the cluster ends one.
    """

    title: str
    key: str
    cores: int
    gigabytes: float | None
    gpu: bool
    minutes: float
    most: int
    limit: int | None = None
