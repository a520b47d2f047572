"""A stack in a worker process, without the process."""

from pathlib import Path

from sweeps import iris_job, rows_of

from mlp_lab.runs.result_file import result_of
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.manifest import Manifest, ManifestJob
from mlp_lab.sweep.messages import Ended, Epoch, Failed, Idle, Message, StackRequest
from mlp_lab.sweep.requests import unfinished
from mlp_lab.sweep.trainer import Trainer


def job(number: int, folder: Path) -> SweepJob:
    """A short one on the irises."""
    return iris_job(number, folder, epochs=2, seed=number)


def test_a_job_that_failed_is_trained_in_one_stack_alone(tmp_path: Path) -> None:
    """In its new one: the old, which goes on with the others, leaves its folder alone."""
    jobs = {number: job(number, tmp_path) for number in range(2)}
    manifest = Manifest(
        {n: ManifestJob(j.identity, [], str(n)) for n, j in jobs.items()}, {0: [0, 1]}
    )
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "result.json").write_text('{"status": "failed"}')
    going, fresh = unfinished(manifest, jobs)
    assert (going, fresh) == ([0], [0])
    manifest.stacks[1] = [0]
    assert manifest.stack_of == {0: 1, 1: 0}
    checkpoint, heard = tmp_path / "0.safetensors", list[Message]()
    trainer = Trainer(heard.append, lambda: False)
    prepared_data = rows_of(jobs.values())
    old = StackRequest(
        0, list(jobs.values()), prepared_data, checkpoint, reports=False, elsewhere={0}
    )
    assert [one.number for one in old.own] == [1]
    trainer.train(old)
    assert [m.job for m in heard if isinstance(m, Ended)] == [1]
    assert isinstance(heard[-1], Idle)
    assert result_of(tmp_path / "0") == {"status": "failed"}
    trainer.train(
        StackRequest(1, [jobs[0]], prepared_data, tmp_path / "1.safetensors", reports=False)
    )
    assert [m.job for m in heard if isinstance(m, Ended)] == [1, 0]
    assert unfinished(manifest, jobs) == ([], [])


def test_an_eliminated_job_stops_where_its_stack_paused(tmp_path: Path) -> None:
    """Its result says why; the other goes on from the same checkpoint, which then is gone."""
    jobs = [iris_job(number, tmp_path, epochs=3, seed=number) for number in range(2)]
    heard, checkpoint = list[Message](), tmp_path / "0.safetensors"
    trainer, rows = Trainer(heard.append, lambda: False), rows_of(jobs)
    trainer.train(StackRequest(0, jobs, rows, checkpoint, reports=False, until=1))
    assert [m for m in heard if isinstance(m, Ended | Failed)] == []
    assert checkpoint.is_file()
    why = {1: "stopped by halving at epoch 1"}
    trainer.train(StackRequest(0, jobs, rows, checkpoint, reports=False, eliminated=why))
    assert [m.job for m in heard if isinstance(m, Ended)] == [1, 0]
    assert [m.epoch for m in heard if isinstance(m, Epoch)] == [1, 2, 3]
    results = [result_of(job.job.folder) for job in jobs]
    assert [result["epochs_run"] for result in results] == [3, 1]
    assert (results[1]["status"], results[1]["reason"]) == ("stopped", why[1])
    assert not checkpoint.exists()


def test_a_stack_that_cannot_be_resumed_fails_all_its_jobs(tmp_path: Path) -> None:
    """And says so of each, in result.json and train.log too."""
    jobs = [iris_job(number, tmp_path, epochs=1, seed=number) for number in range(2)]
    for job in jobs:
        job.job.folder.mkdir()
    checkpoint, heard = tmp_path / "0.safetensors", list[Message]()
    checkpoint.write_bytes(b"no checkpoint")
    Trainer(heard.append, lambda: False).train(
        StackRequest(0, jobs, rows_of(jobs), checkpoint, reports=False)
    )
    *failed, last = heard
    assert [m.job for m in failed if isinstance(m, Failed)] == [0, 1]
    assert isinstance(last, Idle)
    for job in jobs:
        assert result_of(job.job.folder)["status"] == "failed"
        assert "[ERROR]" in (job.job.folder / "train.log").read_text()
