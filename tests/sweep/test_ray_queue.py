"""Sweeps on a real Ray, of two nodes on this machine: undisturbed, and where one of them goes."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab import BARE
from sweeps import bits, job_folders, ray_values, start
from waiting import finished, journal, processes_of, training, until

from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.sweep.ray_config import RayConfig
from mlp_lab.sweep.ray_queue import RayQueue, RayTask

JOBS = (
    *(*BARE, "data=iris", "model.depth=1", "model.width=3,8", "optimizer.lr=1e-4,1e-3"),
    *("seed=0,1", "epochs=300", "sweep.members=4", "tracking.checkpoint_share=0.5"),
)
"""Two stacks of four jobs, which train for some seconds."""

ON_RAY = ("sweep.engine=ray", "sweep.ray.tasks=2", "sweep.ray.task_minutes=0.001")
"""In two tasks."""


@dataclass(slots=True)
class Nodes:
    """A Ray of nodes with a core each; `address`: where a command finds it."""

    cluster: Any
    nodes: list[Any] = field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        """Settings of a sweep that finds it."""
        return (*ON_RAY, f"sweep.ray.address={self.cluster.address}")

    def add(self) -> None:
        """Another node."""
        self.nodes.append(self.cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20))

    def lose(self) -> None:
        """All nodes are gone at once, with whatever runs on them.

        One after the other, a task of the first could begin anew on the second, and be lost twice.
        """
        gone = partial(self.cluster.remove_node, allow_graceful=False)
        with ThreadPoolExecutor() as pool:
            list(pool.map(gone, self.nodes))
        self.nodes.clear()


@pytest.fixture(scope="module")
def ray() -> Iterator[Nodes]:
    """A Ray without cores of its own, and two nodes that can go."""
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as to:
        to.setenv("RAY_AUTH_MODE", "disabled")
        to.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster  # noqa: PLC0415  an extra

        head = {"num_cpus": 0, "object_store_memory": 100 * 2**20, "include_dashboard": False}
        nodes = Nodes(Cluster(initialize_head=True, head_node_args=head))
        try:
            nodes.add()
            nodes.add()
            yield nodes
        finally:
            nodes.cluster.shutdown()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the jobs give on this machine, with as many processes."""
    folder = tmp_path_factory.mktemp("here") / "sweep"
    assert finished(start(folder, *JOBS, "sweep.processes=2"))[::2] == (0, "")
    return bits(folder)


def processes(folder: Path) -> list[int]:
    """Those that train a chunk; not their workers."""
    return processes_of(folder, "mlp_lab.sweep.ray_task")


@pytest.mark.slow
def test_the_same_numbers_as_here(ray: Nodes, tmp_path: Path, here: dict[str, object]) -> None:
    """Two tasks, bit for bit, where files are sent back as well as where they are shared."""
    folder = tmp_path / "sweep"
    words = (*JOBS, *ray.words, "sweep.ray.files=fetched")
    assert finished(start(folder, *words)) == (0, "", "")
    assert bits(folder) == here
    assert journal(folder).count('"began"') == 2
    assert (folder / "summary.csv").is_file()


@pytest.mark.slow
def test_nodes_are_lost(ray: Nodes, tmp_path: Path, here: dict[str, object]) -> None:
    """Their tasks go on elsewhere, from checkpoints of their stacks; no finished job is lost."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ray.words)
    until(training(folder, stacks=1))  # the other task may still be starting
    ray.lose()
    ray.add()
    ray.add()
    assert finished(process)[::2] == (0, "")
    assert journal(folder).count('"began"') > 2
    assert bits(folder) == here


@pytest.mark.slow
def test_a_killed_process_and_ctrl_c(ray: Nodes, tmp_path: Path, here: dict[str, object]) -> None:
    """The one is started once more, the other keeps the stacks, and the sweep can be resumed."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ray.words)
    until(training(folder))
    for each in processes(folder):
        os.kill(each, signal.SIGKILL)
    until(lambda: journal(folder).count('"began"') > 2 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    status, _, err = finished(process)
    assert status in (0, 130)  # the last stack may have come to its end
    assert status == 0 or "of 8 jobs are done; resume with: " in err
    until(lambda: not processes(folder))
    assert finished(start(folder, f"sweep.resume={folder}"))[::2] == (0, "")
    assert bits(folder) == here


@pytest.mark.slow
def test_a_ray_of_its_own(tmp_path: Path) -> None:
    """Of this machine, with a table and parts of one's own; nothing of it is left behind."""
    pytest.importorskip("ray")
    rows = "\n".join(f"{k % 7},{k % 3},{k % 5}" for k in range(60))
    (tmp_path / "rows.csv").write_text(f"a,b,y\n{rows}\n")
    table = (*BARE, "data=table", "data.path=rows.csv", "data.target=y", "epochs=2", "seed=0,1")
    folder = tmp_path / "sweep"
    status, _, err = finished(start(folder, *table, "sweep.engine=ray", "sweep.ray.files=fetched"))
    assert (status, err) == (0, "")
    assert len(job_folders(folder)) == 2
    assert all((job / "result.json").is_file() for job in job_folders(folder))


def test_no_ray_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in one line."""
    pytest.importorskip("ray")
    import ray as module  # noqa: PLC0415

    def refuse(*words: object, **settings: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nStart one.")

    monkeypatch.setattr(module, "init", refuse)
    queue = RayQueue(tmp_path, read(RayConfig, ray_values(address="auto"), "sweep.ray"))
    with pytest.raises(UserError, match=r"sweep.ray.address=auto: Could not find any.* Start one"):
        queue.submit([])


@pytest.mark.parametrize("name", ["../x", "/etc/x", "2/result.json", "sweep.json", "0/../../x"])
def test_a_file_of_somebody_else(name: str, tmp_path: Path) -> None:
    """What a task sends is written where its own jobs are, or nowhere."""
    queue = RayQueue(tmp_path / "sweep", read(RayConfig, ray_values(), "sweep.ray"))
    task = RayTask(0, frozenset({"0", "1"}), None, None)
    with pytest.raises(UserError, match="no file of its jobs"):
        queue._receive(task, {name: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_files_of_its_own(tmp_path: Path) -> None:
    """Of its jobs and stacks, and its journal."""
    (tmp_path / ".cluster").mkdir()
    queue = RayQueue(tmp_path, read(RayConfig, ray_values(), "sweep.ray"))
    task = RayTask(3, frozenset({"0"}), None, None)
    sent = {".cluster/3.jsonl": b"a", "0/events/x": b"b", ".stacks/1.safetensors": b"c"}
    queue._receive(task, sent)
    assert {name: (tmp_path / name).read_bytes() for name in sent} == sent


def test_last_words(tmp_path: Path) -> None:
    """The last line that names an error, else the last."""
    queue = RayQueue(tmp_path, read(RayConfig, ray_values(), "sweep.ray"))
    queue._tasks["ray-0"] = RayTask(0, frozenset(), None, None, words="a\nMemoryError: x\nb\n\n")
    queue._tasks["ray-1"] = RayTask(1, frozenset(), None, None)
    assert queue.last_words("ray-0") == "MemoryError: x"
    assert queue.last_words("ray-1") == ""
