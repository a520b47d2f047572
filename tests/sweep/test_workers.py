"""Worker processes that die are not the end of a sweep."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mlp_lab.sweep import workers as workers_module
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.workers import Workers, shared_folder


def test_one_that_dies_while_it_waits_is_replaced() -> None:
    """And where a task was sent to it in that moment, its end is heard as any other's."""
    workers = Workers(1)
    (worker,) = workers.idle()
    worker.process.kill()
    worker.process.join()
    worker.submit(StackRequest(0, [], {}, Path("nowhere"), reports=False))
    assert [message for _, message in workers.messages(5.0)] == [None]
    workers.replace(worker)
    (worker,) = workers.idle()
    worker.process.kill()
    worker.process.join()
    (other,) = workers.idle()
    assert other is not worker
    assert other.process.is_alive()
    workers.stop()
    assert not other.process.is_alive()


def test_workers_have_the_gpus_by_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that replaces a dead one; on a CPU none is told anything."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    started: list[object] = []

    def start(context: object, gpu: str | None, shared: Path | None) -> SimpleNamespace:
        started.append(gpu)
        process = SimpleNamespace(join=lambda: None, exitcode=-9)
        return SimpleNamespace(gpu=gpu, process=process)

    monkeypatch.setattr(workers_module, "Worker", start)
    found = Workers(3, "auto")
    assert found.replace(found.all[1]) == -9
    Workers(1)
    assert started == ["4", "7", "4", "7", None]


def test_nothing_is_shared_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container of which only the folder of outputs is writable: the sweep trains."""
    with shared_folder() as folder:
        assert folder is not None
        assert folder.is_dir()
    assert not folder.exists()

    def refused(**_: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(workers_module, "TemporaryDirectory", refused)
    with shared_folder() as none:
        assert none is None
