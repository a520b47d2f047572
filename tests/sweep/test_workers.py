"""Worker processes that die are not the end of a sweep."""

from pathlib import Path

from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.workers import Workers


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
