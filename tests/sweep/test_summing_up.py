"""What a sweep says in the end."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab import BARE, train
from sweeps import iris_job, settings

from mlp_lab.errors import JOBS_FAILED, UserError
from mlp_lab.runs.result_file import result_of
from mlp_lab.sweep.manifest import Manifest, ManifestJob
from mlp_lab.sweep.outcome import Outcome, Trained
from mlp_lab.sweep.running import SweepCommand
from mlp_lab.sweep.summing_up import sum_up


def command_in(folder: Path) -> SweepCommand:
    """A quiet one, without pictures."""
    return SweepCommand(
        settings=settings(),
        folder=folder,
        device="cpu",
        threads=1,
        quiet=True,
        pictures=False,
        searching=False,
        words=["train", "-m"],
        kept=[],
    )


def trained_in(folder: Path, seed: int) -> Trained:
    """A job that has ended in folder/seed."""
    words = ("data=iris", "model=shallow", "epochs=1", f"seed={seed}", *BARE)
    run = train(folder / str(seed), *words)
    return Trained(iris_job(seed, folder, seed=seed, epochs=1), Outcome(result_of(run)))


def rows_of_summary(folder: Path) -> int:
    """Jobs in summary.csv."""
    return len((folder / "summary.csv").read_text().splitlines()) - 1


def test_jobs_of_this_command_and_of_earlier_ones(tmp_path: Path) -> None:
    """Are ranked together; a point that never had a folder is left out."""
    trained = [trained_in(tmp_path, seed) for seed in range(2)]
    jobs = {seed: ManifestJob(str(seed), [f"seed={seed}"], str(seed)) for seed in range(3)}
    sum_up(command_in(tmp_path), Manifest(jobs), trained[:1])
    assert rows_of_summary(tmp_path) == 2


def test_failed_jobs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are summed up; the exit status will be 1."""
    lost = Trained(iris_job(1, tmp_path, seed=1), Outcome(reason="its process died"))
    with pytest.raises(UserError, match=JOBS_FAILED.split(":")[0]):
        sum_up(command_in(tmp_path), Manifest(), [trained_in(tmp_path, 0), lost])
    assert capsys.readouterr().err == "job 1: its process died\n"
    assert rows_of_summary(tmp_path) == 2


def test_a_search_remembers_a_failed_trial(tmp_path: Path) -> None:
    """Also one of an earlier command; a grid does not."""
    trained = [trained_in(tmp_path, 0)]
    (trained_in(tmp_path, 1).job.job.folder / "result.json").write_text('{"status": "failed"}')
    manifest = Manifest({1: ManifestJob("", [], "1")})
    command = command_in(tmp_path)
    sum_up(command, manifest, trained)
    with pytest.raises(UserError, match="not every job succeeded"):
        sum_up(replace(command, searching=True), manifest, trained)


def test_a_dry_run_is_not_summed_up(tmp_path: Path) -> None:
    """There is nothing to rank."""
    dry = replace(command_in(tmp_path), settings=settings(dry_run=True))
    sum_up(dry, Manifest(), [Trained(iris_job(0, tmp_path), Outcome())])
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_to_a_cluster_is_not_summed_up(tmp_path: Path) -> None:
    """Until all of it has ended."""
    left = replace(command_in(tmp_path), settings=settings(engine="slurm", detach=True))
    trained = trained_in(tmp_path, 0)
    sum_up(left, Manifest(), [trained, Trained(iris_job(1, tmp_path, seed=1), Outcome())])
    assert not (tmp_path / "summary.csv").exists()
    sum_up(left, Manifest(), [trained])
    assert rows_of_summary(tmp_path) == 1
