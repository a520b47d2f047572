"""A stack in a worker process, without the process."""

from pathlib import Path

from lab import BARE, changed, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.runs.folder import result_of
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared import Problems
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.manifest import Manifest, ManifestJob
from mlp_lab.sweep.messages import Ended, Idle, Message, StackRequest
from mlp_lab.sweep.stacks import unfinished
from mlp_lab.sweep.trainer import Trainer

PROBLEMS = Problems()


def job(number: int, folder: Path) -> SweepJob:
    """A short one on the irises."""
    values = changed(values_of("data=iris", "model=shallow", *BARE), {"epochs": 2, "seed": number})
    one = Job(read(Config, values, ""), values, folder / str(number), [])
    return sweep_job(number, one, {}, PROBLEMS)


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
    problems = dict(PROBLEMS.posed)
    old = StackRequest(0, list(jobs.values()), problems, checkpoint, reports=False, elsewhere={0})
    assert [one.number for one in old.own] == [1]
    trainer.train(old)
    assert [m.job for m in heard if isinstance(m, Ended)] == [1]
    assert isinstance(heard[-1], Idle)
    assert result_of(tmp_path / "0") == {"status": "failed"}
    trainer.train(StackRequest(1, [jobs[0]], problems, tmp_path / "1.safetensors", reports=False))
    assert [m.job for m in heard if isinstance(m, Ended)] == [1, 0]
    assert unfinished(manifest, jobs) == ([], [])
