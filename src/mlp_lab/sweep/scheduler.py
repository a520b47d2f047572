"""Workers train the stacks of a batch side by side; what they say of its jobs is kept."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from mlp_lab.errors import DiskFull, Interrupted, UserError
from mlp_lab.files import make_folder
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.runs.prepared_data import PreparedData, PreparedDataCache
from mlp_lab.sweep.engines import Listener
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import Ended, Epoch, Failed, Full, Idle, Message, StackRequest
from mlp_lab.sweep.outcome import Outcome, earlier_outcome
from mlp_lab.sweep.workers import Worker, Workers

LISTEN_SECONDS = 0.2


class Scheduler:
    """Hands stacks to workers, and keeps how each job ended."""

    def __init__(
        self,
        jobs: Mapping[int, SweepJob],
        prepared_data: PreparedDataCache,
        workers: Workers,
        listening: Callable[[], AbstractContextManager[Callable[[], bool]]] = stop_requests,
    ) -> None:
        """Nothing is trained yet; what had ended before has its outcome already.

        `listening`: a block in which it can be asked whether somebody wants it to stop.
        """
        self._listening = listening
        self._data_cache = prepared_data
        self._workers = workers
        self.outcomes = {number: earlier_outcome(job.job.folder) for number, job in jobs.items()}
        self._waiting: list[StackRequest] = []
        self._given_again: set[int] = set()
        """Stacks whose worker died."""
        self.lost: dict[int, str] = {}
        """Jobs that nobody could train, for no fault of their own, and why."""
        self.stop_requested = False
        """Whether somebody asked to stop."""
        self._full = ""
        """Why nothing more can be written."""

    @property
    def unended(self) -> list[int]:
        """Jobs that have neither ended nor failed."""
        return [number for number, outcome in self.outcomes.items() if outcome.open]

    def train(self, requests: Sequence[StackRequest], line: Listener) -> None:
        """Train every stack.

        Raises:
            Interrupted: somebody asked the sweep to stop; it can be resumed.
            DiskFull: so can one that found no room to write.
        """
        for request in requests:
            place = request.checkpoint.parent
            make_folder(place, below=place.parent)
        self._waiting = list(requests)
        stopping = False
        with self._listening() as asked:
            while self._waiting or self._workers.busy():
                if (self.stop_requested or self._full) and not stopping:
                    stopping, self._waiting = True, []
                    for worker in self._workers.busy():
                        worker.stop()
                for worker in self._workers.idle()[: len(self._waiting)] if self._waiting else []:
                    self._submit(worker, self._waiting.pop(0), line)
                for worker, message in self._workers.messages(LISTEN_SECONDS):
                    self.stop_requested = asked()
                    self._take(worker, message, line)
                self.stop_requested = asked()
                line.show()
            self._require_whole()

    def _submit(self, worker: Worker, request: StackRequest, line: Listener) -> None:
        """Let a worker train a stack, with its rows."""
        prepared_data: dict[str, PreparedData] = {}
        try:
            for job in request.jobs:
                if job.data_key in prepared_data:
                    continue  # it may be let go meanwhile, and would be cut again
                prepared_data[job.data_key] = self._data_cache.prepare_data(job.job.config)
                if prepared_data[job.data_key].digest != job.digest:
                    raise UserError("its rows have changed since the sweep began")
        except (UserError, OSError) as error:  # they were read again, and are no longer there
            self._lose(request, str(error), line)
            return
        worker.submit(replace(request, prepared_data=prepared_data))

    def _take(self, worker: Worker, message: Message | None, line: Listener) -> None:
        """Note what a worker said, or that it died."""
        if message is None:
            request = worker.request
            assert request is not None
            code = self._workers.replace(worker)
            self._give_again(request, f"its process died with status {code}", line)
        elif isinstance(message, Epoch):
            line.epoch(message.stack, message.epoch)
        elif isinstance(message, Ended):
            self.outcomes[message.job] = Outcome(message.result, message.reason)
            line.ended(message.job)
        elif isinstance(message, Failed):
            self._fail(message.job, message.reason, line)
        elif isinstance(message, Full):
            self._full = self._full or message.reason
        else:
            assert isinstance(message, Idle)
            request, worker.request = worker.request, None
            assert request is not None
            if message.stopped and not (self.stop_requested or self._full):
                self._workers.replace(worker)  # it takes no other stack
            if request.until is None or message.stopped:
                self._give_again(request, "its process was told to end", line)

    def _give_again(self, request: StackRequest, reason: str, line: Listener) -> None:
        """Let another worker go on with a stack from its checkpoint; but only once."""
        if self.stop_requested or self._full:  # who asks may end all processes
            return
        own = [job for job in request.own if self.outcomes[job.number].open]
        for job in own:  # it may have ended, and its worker could not say so any more
            self.outcomes[job.number] = earlier_outcome(job.job.folder)
        if request.stack in self._given_again:
            self._lose(request, f"{reason}, for the second time", line)
        elif own:
            self._given_again.add(request.stack)
            self._waiting.append(request)

    def _lose(self, request: StackRequest, reason: str, line: Listener) -> None:
        for job in request.own:
            if self.outcomes[job.number].open:
                self.lost[job.number] = reason
                self._fail(job.number, reason, line)

    def _fail(self, number: int, reason: str, line: Listener) -> None:
        self.outcomes[number] = Outcome(reason=reason)
        line.ended(number)

    def _require_whole(self) -> None:
        left, all_jobs = len(self.unended), len(self.outcomes)
        if self._full:
            raise DiskFull(f"{self._full}: {all_jobs - left} of {all_jobs} jobs are done")
        if self.stop_requested and left:
            raise Interrupted(f"{all_jobs - left} of {all_jobs} jobs are done")
