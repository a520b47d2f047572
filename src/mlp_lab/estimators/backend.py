"""joblib's backend "mlp_lab": fits that scikit-learn runs at the same time train as stacks.

Each task has a thread of its own. A fit hands in its job and waits; once every task that has begun
waits, and no other can begin, the last one trains all jobs, as few stacks. Whatever scikit-learn
does around a fit stays as it is, and so do its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from joblib import register_parallel_backend
from joblib.parallel import ParallelBackendBase, SequentialBackend

from mlp_lab.estimators.rendezvous import Rendezvous, meeting

NAME = "mlp_lab"

AT_ONCE = 256
"""Tasks that begin before any has ended: as many networks can train together."""


class StackBackend(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """Runs tasks in threads whose fits meet; a task inside a task runs in its thread."""

    supports_retrieve_callback = True
    uses_threads = True
    supports_sharedmem = True

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._pool: ThreadPoolExecutor | None = None
        self._rendezvous = Rendezvous(AT_ONCE)

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Tasks at once, whatever is asked for: waiting takes no core.

        Raises:
            ValueError: for none at all.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        return AT_ONCE

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Begin anew."""
        self.parallel = parallel
        self._rendezvous = Rendezvous(AT_ONCE)
        self._pool = ThreadPoolExecutor(AT_ONCE, "mlp_lab")
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Any = None) -> Future[Any]:
        """Run a task in a thread of its own."""
        assert self._pool is not None
        rendezvous = self._rendezvous
        rendezvous.expect()
        future = self._pool.submit(_task, func, rendezvous)
        if callback is not None:
            future.add_done_callback(callback)  # which may submit the next one, first of all
        future.add_done_callback(lambda _: rendezvous.leave())
        return future

    apply_async = submit
    """Its name in older versions of joblib."""

    def retrieve_result_callback(self, future: Future[Any]) -> Any:
        """What a task returned, or raised."""
        return future.result()

    @contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Every task that is to run at once has been submitted."""
        self._rendezvous.open()
        yield

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Stop training after the epoch at hand; nobody waits any more."""
        self._rendezvous.abort()
        self.terminate()
        if ensure_ready:
            self.configure(parallel=self.parallel)

    def terminate(self) -> None:
        """Let all threads end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            self._rendezvous = Rendezvous(AT_ONCE)  # the rows of the last are let go

    def get_nested_backend(self) -> tuple[Any, None]:
        """Tasks inside a task run one after the other: their thread must not wait for itself."""
        return SequentialBackend(nesting_level=(self.nesting_level or 0) + 1), None


def _task(func: Callable[[], Any], rendezvous: Rendezvous) -> Any:
    rendezvous.begin()
    with meeting(rendezvous):
        return func()


def register() -> None:
    """Let joblib know the backend by its name."""
    register_parallel_backend(NAME, StackBackend)
