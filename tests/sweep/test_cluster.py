"""Who waits for tasks of a cluster, and what may happen to these."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from sweeps import iris_job, write_ended

from mlp_lab.errors import DiskFull, Interrupted, UserError
from mlp_lab.sweep import cluster
from mlp_lab.sweep.cluster import ClusterScheduler, TaskShape
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.submitted import Submitted
from mlp_lab.sweep.task_journal import Entry, TaskJournal, journal_file

Play = Callable[[str, int, int], str | None]
"""Name and chunk of a task, and how often its state was asked for -> its state."""


class Stage:
    """A queue whose tasks do what a test wants."""

    title = "Stage"
    outlives = True

    def __init__(self, folder: Path, play: Play) -> None:
        """Nothing is submitted yet."""
        self.folder = folder
        self.play = play
        self.known: dict[str, int] = {}
        self.looks: dict[str, int] = {}
        self.cancelled: list[str] = []

    def submit(self, chunks: Sequence[int]) -> list[str]:
        """Name them in their order."""
        names = [f"t{len(self.known) + n}" for n in range(len(chunks))]
        self.known |= dict(zip(names, chunks, strict=True))
        return names

    def states(self) -> Mapping[str, str] | None:
        """As they play."""
        found = {}
        for name, chunk in self.known.items():
            self.looks[name] = self.looks.get(name, 0) + 1
            state = self.play(name, chunk, self.looks[name])
            if state is not None and name not in self.cancelled:
                found[name] = state
        return found

    def cancel(self, tasks: Sequence[str]) -> None:
        """They are gone at once."""
        self.cancelled += tasks

    def last_words(self, task: str) -> str:
        """The same for all."""
        return "Killed"

    def say(self, chunk: int, *entries: Entry) -> None:
        """Write what the task of a chunk would."""
        for entry in entries:
            TaskJournal(journal_file(self.folder, chunk)).write(entry)

    def train(self, chunk: int, *jobs: int) -> None:
        """Let jobs end as if they were trained."""
        for job in jobs:
            (self.folder / str(job)).mkdir(exist_ok=True)
            write_ended(self.folder / str(job), "completed")
            self.say(chunk, Entry("ended", job=job))


class Line:
    """Keeps what a progress line was told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.words: list[str] = []
        self.done: list[int] = []
        self.epochs: dict[int, int] = {}

    def epoch(self, stack: int, epoch: int) -> None:
        """The last of each."""
        self.epochs[stack] = epoch

    def ended(self, job: int) -> None:
        """In order."""
        self.done.append(job)

    def show(self) -> None:
        """Nobody looks on."""

    def tasks(self, words: str) -> None:
        """In order."""
        self.words.append(words)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two looks."""
    monkeypatch.setattr(cluster, "LISTEN_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "SLOWEST", 0.0)


def requests(folder: Path) -> list[StackRequest]:
    """Two stacks of two jobs."""
    return [
        StackRequest(
            *(stack, [iris_job(2 * stack + n, folder, seed=n) for n in range(2)]),
            *({}, folder / ".stacks" / f"{stack}.safetensors"),
            reports=False,
        )
        for stack in range(2)
    ]


def scheduler(
    folder: Path, play: Play, *, left: bool = False, said: list[str] | None = None
) -> tuple[ClusterScheduler, Stage]:
    """Two tasks, one for each stack."""
    stage = Stage(folder, play)
    jobs = {job.number: job for request in requests(folder) for job in request.jobs}
    shape = TaskShape(processes=1, minutes=0.001, most=2, left=left)
    say = [] if said is None else said
    engine = ClusterScheduler(
        jobs, folder, stage, shape=shape, seconds={0: 2.0, 1: 1.0}, say=say.append
    )
    return engine, stage


def test_from_the_queue_to_the_end(tmp_path: Path) -> None:
    """A task waits, runs and is gone; its journal says all there is to know."""

    def play(name: str, chunk: int, look: int) -> str | None:
        if look == 1:
            return "queued"
        if look == 2:
            stage.say(chunk, Entry("began"), Entry("alive", epochs={chunk: 7}))
            return "running"
        if look == 3:
            stage.train(chunk, 2 * chunk, 2 * chunk + 1)
            stage.say(chunk, Entry("done"))
        return "running" if look == 3 else None

    engine, stage = scheduler(tmp_path, play)
    line = Line()
    engine.train(requests(tmp_path), line)
    assert engine.unended == []
    assert sorted(line.done) == [0, 1, 2, 3]
    assert line.epochs == {0: 7, 1: 7}
    assert line.words[:2] == ["2 queued, 0 running", "0 queued, 2 running"]
    assert list(stage.known.values()) == [0, 1]
    assert Submitted.load(tmp_path) == Submitted(2, {})


def test_dead_without_a_word(tmp_path: Path) -> None:
    """Its chunk is given another task; where that dies, too, its open jobs are lost."""

    def play(name: str, chunk: int, look: int) -> str | None:
        if chunk == 1:
            if look == 1:
                stage.train(1, 2, 3)
                stage.say(1, Entry("done"))
            return "running"
        if name == "t0" and look == 1:  # its end is seen in its folder alone
            (tmp_path / "0").mkdir()
            write_ended(tmp_path / "0", "completed")
        return "running" if look == 1 else None

    engine, stage = scheduler(tmp_path, play)
    engine.train(requests(tmp_path), Line())
    assert list(stage.known.values()) == [0, 1, 0]
    assert engine.outcomes[0].result
    reason = "task t2 of Stage came to no end (Killed), for the second time"
    assert engine.lost == {1: reason}
    assert engine.outcomes[1].reason == reason


def test_interrupted_as_often_as_it_gets_on(tmp_path: Path) -> None:
    """By its limit of time after an epoch: another task each time, however many there were."""

    def play(name: str, chunk: int, look: int) -> str | None:
        if look == 1:
            stage.say(chunk, Entry("began"), Entry("alive", epochs={chunk: 3}))
            return "running"
        if len(stage.known) == 6:
            stage.train(chunk, 2 * chunk, 2 * chunk + 1)
            stage.say(chunk, Entry("done"))
            return "running"
        return "interrupted"

    engine, stage = scheduler(tmp_path, play)
    engine.train(requests(tmp_path), Line())
    assert engine.lost == {}
    assert engine.unended == []


def test_interrupted_before_its_first_epoch(tmp_path: Path) -> None:
    """That would never end: it counts as a death."""

    def play(name: str, chunk: int, look: int) -> str | None:
        stage.say(chunk, Entry("began"))
        return "running" if look == 1 else "interrupted"

    engine, stage = scheduler(tmp_path, play)
    engine.train(requests(tmp_path), Line())
    assert len(stage.known) == 4
    assert sorted(engine.lost) == [0, 1, 2, 3]


def test_silent_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is gone may be called running for hours: its task is cancelled."""
    monkeypatch.setattr(cluster, "SILENCE", 0.05)
    engine, stage = scheduler(tmp_path, lambda name, chunk, look: "running")
    engine.train(requests(tmp_path), Line())
    assert sorted(stage.cancelled) == ["t0", "t1", "t2", "t3"]
    assert sorted(engine.lost) == [0, 1, 2, 3]


def test_cancelled_by_somebody(tmp_path: Path) -> None:
    """That is a wish, and no failure."""
    engine, stage = scheduler(tmp_path, lambda name, chunk, look: "cancelled")
    words = "^2 tasks of the sweep were cancelled on Stage: 0 of 4 jobs are done$"
    with pytest.raises(Interrupted, match=words):
        engine.train(requests(tmp_path), Line())
    assert len(stage.known) == 2
    assert engine.lost == {}


def test_a_full_disk(tmp_path: Path) -> None:
    """Every task is cancelled."""

    def play(name: str, chunk: int, look: int) -> str | None:
        if name == "t0" and look == 1:
            stage.say(0, Entry("full", reason="no space: 0 of 2 jobs are done"))
        return "running"

    engine, stage = scheduler(tmp_path, play)
    with pytest.raises(DiskFull, match=r"^no space: 0 of 2 jobs are done: 0 of 4 jobs are done$"):
        engine.train(requests(tmp_path), Line())
    assert stage.cancelled == ["t0", "t1"]


def test_failed_jobs(tmp_path: Path) -> None:
    """By a fault of their own, or none; a result that is seen nowhere is a failure, too."""

    def play(name: str, chunk: int, look: int) -> str | None:
        if look == 1 and chunk == 0:
            stage.say(0, Entry("failed", job=0, reason="no such column"))
            stage.say(0, Entry("failed", job=1, reason="died", lost=True), Entry("done"))
        elif look == 1:
            stage.train(1, 2)
            stage.say(1, Entry("ended", job=3), Entry("done"))
        return None

    engine, stage = scheduler(tmp_path, play)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "SETTLING", 0.05)
        engine.train(requests(tmp_path), Line())
    assert engine.outcomes[0].reason == "no such column"
    assert engine.lost == {1: "died"}
    assert engine.outcomes[2].result
    assert engine.outcomes[3].reason == "its result.json is not seen in the sweep's folder"


def test_left_and_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later command submits nothing that the cluster has, and cancels what nobody knows."""
    said = list[str]()
    engine, stage = scheduler(tmp_path, lambda name, chunk, look: "queued", left=True, said=said)
    engine.train(requests(tmp_path), Line())
    assert len(engine.unended) == 4
    assert said == ["0 of 4 jobs are done; 2 tasks of Stage go on with the others: t0, t1"]
    assert Submitted.load(tmp_path) == Submitted(2, {0: "t0", 1: "t1"})

    def play(name: str, chunk: int, look: int) -> str | None:
        if name == "t0":  # the other was cancelled meanwhile
            if look == 2:
                stage.train(0, 0, 1)
                stage.say(0, Entry("done"))
            return "running"
        if name == "t2":
            stage.train(2, 2, 3)
            stage.say(2, Entry("done"))
        return {"t1": "cancelled", "strange": "running"}.get(name)

    engine, stage = scheduler(tmp_path, play)
    stage.known = {"t0": 0, "t1": 1, "strange": 9}
    monkeypatch.setattr(stage, "submit", lambda chunks: stage.known.update(t2=2) or ["t2"])
    engine.train(requests(tmp_path), Line())
    assert stage.cancelled == ["strange"]
    assert stage.known["t2"] == 2
    assert engine.unended == []


def test_a_cluster_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that it has must not be submitted again."""
    (tmp_path / ".cluster").mkdir()
    Submitted(1, {0: "t0"}).save(tmp_path)
    engine, stage = scheduler(tmp_path, lambda name, chunk, look: None)
    monkeypatch.setattr(stage, "states", lambda: None)
    with pytest.raises(UserError, match="Stage does not say which tasks of the sweep it has"):
        engine.train(requests(tmp_path), Line())
