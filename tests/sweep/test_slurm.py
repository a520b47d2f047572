"""Sweeps on a real Slurm, of this machine: undisturbed, and whatever may happen to their tasks."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import asked, missing, slurm
from lab import BARE
from sweeps import bits, job_folders, leader, slurm_values, start
from waiting import finished, journal, processes_of, training, until

from mlp_lab.config.reading import read
from mlp_lab.sweep import slurm as slurm_module
from mlp_lab.sweep.engines import CANCELLED, ENDED, INTERRUPTED, QUEUED, RUNNING
from mlp_lab.sweep.slurm import SlurmQueue, refusal
from mlp_lab.sweep.slurm_config import SlurmConfig

needs_slurm = pytest.mark.skipif(missing() != "", reason=missing() or "-")

JOBS = (
    *(*BARE, "data=iris", "model.depth=1", "model.width=3,8", "optimizer.lr=1e-4,1e-3"),
    *("seed=0,1", "epochs=300", "sweep.members=4", "tracking.checkpoint_share=0.5"),
)
"""Two stacks of four jobs, which train for some seconds."""

ON_SLURM = (
    *("sweep.engine=slurm", "sweep.slurm.array_parallelism=2", "sweep.slurm.task_minutes=0.001"),
    "sweep.slurm.memory=0.5",
)
"""In two tasks."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Slurm that commands find."""
    with slurm(tmp_path_factory.mktemp("slurm")) as environment, pytest.MonkeyPatch.context() as to:
        for name, value in environment.items():
            to.setenv(name, value)
        yield environment


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the jobs give on this machine, with as many processes."""
    folder = tmp_path_factory.mktemp("here") / "sweep"
    assert swept(folder, *JOBS, "sweep.processes=2")[0] == 0
    return bits(folder)


def task_processes(folder: Path) -> list[int]:
    """The processes on the node, each of which trains a chunk; not their workers."""
    return processes_of(folder, "submitit.core._submit", beside="srun")


def swept(folder: Path, *words: str) -> tuple[int, str, str]:
    """A sweep from its start to its end, however long tasks wait for cores."""
    return finished(start(folder, *words))


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_the_same_numbers_as_here(tmp_path: Path, here: dict[str, object]) -> None:
    """Two tasks of one array, bit for bit; nothing is left in the queue."""
    folder = tmp_path / "sweep"
    assert swept(folder, *JOBS, *ON_SLURM) == (0, "", "")
    assert bits(folder) == here
    logs = [path.name for path in folder.glob(".cluster/slurm/*/*_log.err")]
    assert sorted(name.partition("_")[2] for name in logs) == ["0_0_log.err", "1_0_log.err"]
    assert asked("squeue", "--noheader") == ""
    assert json.loads((folder / ".cluster" / "tasks.json").read_text())["tasks"] == {}
    assert (folder / "summary.csv").is_file()


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_killed_task_is_given_another(tmp_path: Path, here: dict[str, object]) -> None:
    """From the checkpoints of its stacks, to the same bits; no accounting tells of its death."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ON_SLURM)
    until(training(folder))
    for task in task_processes(folder):
        os.kill(task, signal.SIGKILL)
    assert finished(process)[::2] == (0, "")
    assert journal(folder).count('"began"') == 4
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_chunk_that_fails_twice(tmp_path: Path, here: dict[str, object]) -> None:
    """Its jobs are named with the last words of its task, the others are ranked; later trained."""
    folder = tmp_path / "sweep"
    words = [word for word in JOBS if word != "quiet=true"]
    process = start(folder, *words, *ON_SLURM)
    until(training(folder))
    first = json.loads((folder / ".cluster" / "tasks.json").read_text())["tasks"]["0"]
    os.kill(of_task(folder, first), signal.SIGKILL)
    tasks = folder / ".cluster" / "tasks.json"
    until(lambda: json.loads(tasks.read_text())["tasks"].get("0") not in (first, None))
    second = json.loads(tasks.read_text())["tasks"]["0"]
    until(lambda: of_task(folder, second))
    os.kill(of_task(folder, second), signal.SIGKILL)
    status, out, err = finished(process)
    assert status == 1
    assert "not every job succeeded" in err
    assert len(re.findall(r"of Slurm came to no end \(.*Killed\), for the second time", out)) == 4
    assert "best: " in out
    assert len(list(folder.glob("*/result.json"))) == 4
    assert swept(folder, *words, *ON_SLURM)[::2] == (0, "")
    assert bits(folder) == here


def of_task(folder: Path, name: str) -> int:
    """The process of a task; 0 where it has not begun."""
    array, _, place = name.partition("_")
    for process in task_processes(folder):
        try:
            words = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
        except OSError:
            continue
        own = dict(word.partition("=")[::2] for word in words)
        known = own.get("SLURM_ARRAY_JOB_ID", own.get("SLURM_JOB_ID"))
        if (known, own.get("SLURM_ARRAY_TASK_ID", "")) == (array, place):
            return process
    return 0


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_the_signal_before_the_limit(tmp_path: Path, here: dict[str, object]) -> None:
    """Stacks are kept at the end of their epoch, tasks requeue themselves and go on."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ON_SLURM)
    until(training(folder))
    before = json.loads((folder / ".cluster" / "tasks.json").read_text())
    for name in before["tasks"].values():
        asked("scancel", "--signal=USR2", name)
    until(lambda: journal(folder).count('"stopped"') == 2)
    assert finished(process)[::2] == (0, "")
    assert journal(folder).count('"began"') == 4
    assert json.loads((folder / ".cluster" / "tasks.json").read_text())["next"] == before["next"]
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_preempted_by_another(tmp_path: Path, here: dict[str, object]) -> None:
    """Slurm takes the cores away and requeues the tasks; they go on where they had to stop."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ON_SLURM, "sweep.slurm.partition=low")
    until(training(folder))
    taken = ("--partition=high", "--cpus-per-task=2", f"--output={tmp_path / 'out'}")
    asked("sbatch", *taken, "--wrap=sleep 1")
    assert finished(process)[::2] == (0, "")
    assert journal(folder).count('"began"') > 2
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_tasks_that_somebody_cancels(tmp_path: Path, here: dict[str, object]) -> None:
    """That is no failure: they are not submitted again, and the sweep says how to resume it."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ON_SLURM)
    until(training(folder))
    asked("scancel", f"--name={SlurmQueue(folder, settings()).name}")
    status, _, err = finished(process)
    assert status == 130
    assert "2 tasks of the sweep were cancelled on Slurm: 0 of 8 jobs are done; resume with" in err
    assert swept(folder, f"sweep.resume={folder}")[::2] == (0, "")
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_ctrl_c(tmp_path: Path, here: dict[str, object]) -> None:
    """It cancels the tasks, which keep their stacks; the resumed sweep needs no other words."""
    folder = tmp_path / "sweep"
    process = start(folder, *JOBS, *ON_SLURM)
    until(training(folder))
    process.send_signal(signal.SIGINT)
    status, _, err = finished(process)
    assert status == 130
    assert "cancelling the tasks of the sweep" in err
    assert "0 of 8 jobs are done; resume with: " in err
    assert asked("squeue", "--noheader") == ""
    assert swept(folder, f"sweep.resume={folder}")[::2] == (0, "")
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_left_in_a_full_queue(tmp_path: Path, here: dict[str, object]) -> None:
    """Submitted and left; a command that waits may die, another comes back and collects all."""
    folder = tmp_path / "sweep"
    blocker = asked("sbatch", "--parsable", "--cpus-per-task=2", "--wrap=sleep 600").strip()
    words = [word for word in JOBS if word != "quiet=true"]
    status, out, err = swept(folder, *words, *ON_SLURM, "sweep.detach=true")
    assert (status, err) == (0, "")
    assert "0 of 8 jobs are done; 2 tasks of Slurm go on with the others" in out
    assert "resume with: " in out
    queued = asked("squeue", "--array", "--noheader", "--states=PENDING", "--format=%i").split()
    assert len(queued) == 2
    status, _, err = swept(folder, *words)
    assert status == 1
    assert "2 tasks of" in err
    assert "wait or run on Slurm: follow them with sweep.engine=slurm" in err
    waiting = leader(["-m", f"sweep.resume={folder}"], tmp_path)
    time.sleep(5)
    os.killpg(waiting.pid, signal.SIGKILL)
    waiting.communicate()
    status, _, err = swept(folder, f"sweep.resume={folder}", "sweep.detach=true")
    assert (status, err) == (0, "")
    now = asked("squeue", "--array", "--noheader", "--states=PENDING", "--format=%i").split()
    assert now == queued
    asked("scancel", blocker)
    assert swept(folder, f"sweep.resume={folder}")[::2] == (0, "")
    assert journal(folder).count('"began"') == 2
    assert bits(folder) == here


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_what_slurm_refuses(tmp_path: Path) -> None:
    """In its own words, on one line."""
    status, _, err = swept(tmp_path / "sweep", *JOBS, *ON_SLURM, "sweep.slurm.partition=nowhere")
    assert status == 1
    assert err == (
        "Slurm refuses the sweep: invalid partition specified: nowhere Batch job submission"
        " failed: Invalid partition name specified\n"
    )


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_halving_and_a_search(tmp_path: Path) -> None:
    """Each rung and each batch is an array of its own; the same as on this machine."""
    halving = (*JOBS, "epochs=30", "sweep.halving=2", "sweep.first_rung=10")
    assert swept(tmp_path / "here", *halving, "sweep.processes=2")[0] == 0
    assert swept(tmp_path / "there", *halving, *ON_SLURM)[0] == 0
    assert bits(tmp_path / "there") == bits(tmp_path / "here")
    optuna = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=6", "hydra.sweeper.batch=3")
    search = (*BARE, "data=iris", "epochs=5", *optuna, "optimizer.lr=tag(log,interval(1e-4,1e-1))")
    assert swept(tmp_path / "a", *search, "sweep.processes=1")[0] == 0
    on_slurm = (*ON_SLURM, "sweep.slurm.array_parallelism=1")
    assert swept(tmp_path / "b", *search, *on_slurm)[0] == 0
    assert len(job_folders(tmp_path / "b")) == 6
    assert bits(tmp_path / "b") == bits(tmp_path / "a")


def settings(**changes: object) -> SlurmConfig:
    """What tasks ask for."""
    return read(SlurmConfig, slurm_values(**changes), "sweep.slurm")


def test_what_squeue_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """States by name; nothing where it does not answer."""
    said = "7_0|PENDING\n7_1|RUNNING\n7_2|COMPLETING\n7_3|CANCELLED\n8|TIMEOUT\n9|NODE_FAIL\n"
    called: list[tuple[str, ...]] = []

    def answer(*words: str) -> str:
        called.append(words)
        return said

    monkeypatch.setattr(slurm_module, "called", answer)
    queue = SlurmQueue(tmp_path, settings())
    assert queue.states() == {
        "7_0": QUEUED,
        "7_1": RUNNING,
        "7_2": RUNNING,
        "7_3": CANCELLED,
        "8": INTERRUPTED,
        "9": ENDED,
    }
    assert f"--name={queue.name}" in called[0]
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queue.states() is None


def test_what_submitit_is_told(tmp_path: Path) -> None:
    """Only what was asked for, and that a task may be requeued."""
    queue = SlurmQueue(tmp_path, settings(partition="gpu", gres="gpu:1", memory=1.5))
    told = {name: value for name, value in queue._parameters().items() if value is not None}
    assert told == {
        "partition": "gpu",
        "gres": "gpu:1",
        "job_name": queue.name,
        "time": 60,
        "cpus_per_task": 1,
        "mem": "1536M",
        "array_parallelism": 32,
        "additional_parameters": {"requeue": True},
    }
    queue = SlurmQueue(tmp_path, settings(extra=["--exclusive", "--mail-type=END"], setup=["true"]))
    assert queue._parameters()["setup"] == ["true"]
    wanted = {"requeue": True, "exclusive": True, "mail-type": "END"}
    assert queue._parameters()["additional_parameters"] == wanted


def test_a_refusal_in_one_line() -> None:
    """Out of all that submitit says."""
    text = "\n".join(
        [
            "Job (command=['sbatch', 'x']) failed during processing with trace:",
            "-----",
            "sbatch: error: invalid partition specified: a",
            "sbatch: error: Batch job submission failed: Invalid partition name specified",
        ]
    )
    assert refusal(text) == (
        "invalid partition specified: a Batch job submission failed: Invalid partition name"
        " specified"
    )
    assert refusal("no word of it") == "no word of it"


def test_last_words(tmp_path: Path) -> None:
    """The last error, or the last line; none of a task without a log."""
    queue = SlurmQueue(tmp_path, settings())
    assert queue.last_words("3_1") == ""
    logs = tmp_path / ".cluster" / "slurm" / "0"
    logs.mkdir(parents=True)
    log = logs / "3_1_0_log.err"
    log.write_text("a\nsrun: error: vm: task 0: Killed\nsrun: Force Terminated StepId=3.0\n\n")
    assert queue.last_words("3_1") == "srun: error: vm: task 0: Killed"
    log.write_text("a\nb\n")
    assert queue.last_words("3_1") == "b"
