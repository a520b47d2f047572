"""Sweeps on the command line: stacks give what single runs give."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, TRAIN_WORDS, command
from safetensors.numpy import load_file
from sweeps import SMALL, bits, curve, job_folders, result, sweep

from mlp_lab.errors import JOBS_FAILED

MIXED = (
    *("data=iris", "model.depth=2", "model.width=3,8,[5,2]", "optimizer.lr=1e-3,1e-2"),
    *("optimizer.weight_decay=0,1e-2", "model.dropout=0,0.3", "seed=0,1", "epochs=4"),
    *("dtype=float64", "tracking.report=false"),
)
"""48 jobs that one stack may hold."""


def numbers(value: object) -> list[float]:
    """All numbers in plain data, in order."""
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in numbers(value[key])]
    if isinstance(value, list):
        return [number for entry in value for number in numbers(entry)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 48 jobs as stacks."""
    folder = tmp_path_factory.mktemp("mixed") / "sweep"
    done = sweep(folder, *MIXED, "quiet=true")
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_stacks_give_what_single_runs_give(mixed: Path, tmp_path: Path) -> None:
    """Files, curves, weights and results of every job, to 1e-9."""
    alone = tmp_path / "alone"
    done = sweep(alone, *MIXED, "quiet=true", "hydra/launcher=basic")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in job_folders(mixed)] == [str(number) for number in range(48)]
    for together, single in zip(job_folders(mixed), job_folders(alone), strict=True):
        names = [
            sorted(p.relative_to(f).as_posix().split(".tfevents")[0] for p in f.rglob("*"))
            for f in (together, single)
        ]
        assert names[0] == [name for name in names[1] if name != ".hydra/hydra.yaml"]
        for name in ("config.yaml", "overrides.yaml"):
            texts = [(folder / ".hydra" / name).read_bytes() for folder in (together, single)]
            assert texts[0] == texts[1]
        for ours, theirs in zip(curve(together), curve(single), strict=True):
            np.testing.assert_allclose(
                [float(v) for v in ours.values()], [float(v) for v in theirs.values()], rtol=1e-9
            )
        weights, others = (load_file(f / "model.safetensors") for f in (together, single))
        for name, weight in weights.items():
            np.testing.assert_allclose(weight, others[name], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            numbers(result(together)), numbers(result(single)), rtol=1e-6, atol=1e-9
        )


def test_the_same_sweep_twice(mixed: Path, tmp_path: Path) -> None:
    """Bit for bit."""
    assert sweep(tmp_path / "again", *MIXED, "quiet=true").returncode == 0
    assert bits(tmp_path / "again") == bits(mixed)


def test_settings_from_a_folder_of_ones_own(tmp_path: Path) -> None:
    """A job's words name it as a single run's do, and those of the sweep's grid do not."""
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    file = tmp_path / "mine" / "experiment" / "mine.yaml"
    file.write_text("# @package _global_\nepochs: 2\n")
    words = ["-m", "--config-dir", "mine", *SMALL[3:], "experiment=mine"]
    for seeds in ("0", "0,1"):  # the second has the jobs of the first, too
        done = command([*words, f"seed={seeds}", "hydra.sweep.dir=sweep"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert f"\n{TRAIN_WORDS} --config-dir=mine data=iris" in done.stdout
    manifest = json.loads((tmp_path / "sweep" / "sweep.json").read_text())["jobs"]
    for number, folder in enumerate(job_folders(tmp_path / "sweep")):
        own = [*SMALL[3:], "experiment=mine", f"seed={number}"]
        said = json.loads((folder / "result.json").read_text())["overrides"]
        assert said == ["--config-dir=mine", *own]
        assert manifest[str(number)]["overrides"] == own


def test_rows_that_a_sweep_forgot_are_cut_again(tmp_path: Path) -> None:
    """To the same numbers: many cuts take no more memory than a few."""
    program = (
        "from mlp_lab.sweep import running as s\nfrom mlp_lab.commands.train import main as train\n"
        "s.KEPT = {}\ntrain()"
    )
    words = ["-m", *SMALL, "epochs=2", "data.split_seed=0,1,2", "sweep.members=1"]
    for name, kept in (("few", 1.0), ("all", 1e9)):
        python = [sys.executable, "-c", program.format(kept)]
        done = command([*words, f"hydra.sweep.dir={name}"], tmp_path, python)
        assert (done.returncode, done.stderr) == (0, "")
    assert bits(tmp_path / "few") == bits(tmp_path / "all")


def test_rows_that_do_not_stay_are_cut_once_for_all_jobs_of_a_stack(tmp_path: Path) -> None:
    """And once before, for all that are checked; not for each job."""
    program = """
from mlp_lab.sweep import running; from mlp_lab.runs import prepared_data as problem
from mlp_lab.commands.train import main as train
running.KEPT, encode = 1.0, problem.encode
def counted(*given, **named):
    print("cut")
    return encode(*given, **named)
problem.encode = counted
train()
"""
    words = ["-m", *SMALL, "epochs=1", "seed=0,1", "data.split_seed=0,1,2", "sweep.processes=1"]
    done = command(words, tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["cut"] * 6  # 6 jobs in one stack, on 3 cuts


def test_rows_that_have_changed_when_they_are_cut_again(tmp_path: Path) -> None:
    """Jobs whose rows are no longer those that were checked fail, in words, and train nothing."""
    program = """
from mlp_lab.sweep import running
from mlp_lab.commands.train import main as train
from pathlib import Path
running.KEPT, plan = 1.0, running.plan
def planned(*given, **more):
    file = Path("t.csv")
    file.write_text(file.read_text().replace("0.5", "0.25"))
    return plan(*given, **more)
running.plan = planned
train()
"""
    rows = "".join(f"{n % 7},{n % 5},{n % 3 + 0.5}\n" for n in range(60))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}")
    words = ["-m", "data=table", "data.path=t.csv", "data.target=y", "data.task=regression"]
    words += ["epochs=1", "data.missing=[],[77]", "quiet=true"]
    words += ["hydra.sweep.dir=s", "sweep.processes=1", "sweep.members=1"]
    done = command(words, tmp_path, [sys.executable, "-c", program])
    assert done.returncode == 1
    assert done.stderr.count("its rows have changed since the sweep began") == 2
    assert not list(tmp_path.glob("s/*/result.json"))


def test_the_sweep_itself_does_without_torch(tmp_path: Path) -> None:
    """Its workers load it, while it composes: from start to summary it would take seconds more."""
    script = (
        "import sys; sys.modules['torch'] = None; from mlp_lab.commands.train import main; main();"
        " sys.exit(sys.modules['torch'] is not None)"
    )
    work = "from mlp_lab.sweep import workers as w; work = w.work\n"
    work += "def fresh(*given):\n    del sys.modules['torch']; work(*given)\n"
    words = ["-m", *SMALL, "epochs=1", "seed=0,1", f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    program = f"import sys\n{work}w.work = fresh\n{script}"
    done = command(words, tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (0, "")
    assert len(job_folders(tmp_path / "sweep")) == 2


def test_a_bad_point_is_refused_before_training(tmp_path: Path) -> None:
    """In one line that names the job."""
    done = sweep(tmp_path / "sweep", *SMALL, "batch_size=8,9999,16,8888")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("job 1 (")
    assert "batch_size must be at most the 98 training rows, got 9999" in line
    assert line.endswith("(and 1 more of 4): nothing was trained")
    assert not (tmp_path / "sweep").exists()


def test_no_batch_is_trained_before_all_are_checked(tmp_path: Path) -> None:
    """A bad point in the second batch is as bad as one in the first."""
    batches = ("batch_size=8,16,9999,32", "hydra.sweeper.max_batch_size=2")
    done = sweep(tmp_path / "sweep", *SMALL, *batches)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("job 2 (")
    assert not (tmp_path / "sweep").exists()


def test_no_two_jobs_share_a_folder(tmp_path: Path) -> None:
    """Names that some jobs have in common, or that lead elsewhere, are refused."""
    for name, line in (
        ("${model.width}", "hydra.sweep.subdir must differ from job to job, got '4' for job 0 and"),
        (f"{tmp_path}/${{hydra.job.num}}", "hydra.sweep.subdir must be inside hydra.sweep.dir="),
    ):
        words = (*SMALL, f"hydra.sweep.subdir={name}", "model.width=4,8", "seed=0,1")
        done = sweep(tmp_path / "sweep", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(line)
        assert list(tmp_path.iterdir()) == []


def test_a_job_that_diverges_costs_itself_alone(tmp_path: Path) -> None:
    """Its neighbours keep their bits; it is named, and the exit status is 1."""
    words = (*SMALL, "optimizer=sgd", "epochs=5", "seed=0,1,2")
    assert sweep(tmp_path / "calm", *words, "optimizer.lr=0.1,0.2").returncode == 0
    done = sweep(tmp_path / "wild", *words, "optimizer.lr=0.1,1e20")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == ["job 1", "job 3", "job 5"]
    assert all("diverged: the loss was no longer finite" in line for line in lines[:-1])
    assert lines[-1] == JOBS_FAILED
    calm, wild = bits(tmp_path / "calm"), bits(tmp_path / "wild")
    for number in "024":
        assert wild[number] == calm[number]
    for number in "135":
        folder = tmp_path / "wild" / number
        assert result(folder)["status"] == "diverged"
        assert "diverged" in (folder / "train.log").read_text()


def test_finished_jobs_are_skipped_and_new_points_added(mixed: Path, tmp_path: Path) -> None:
    """The same command with more values trains what is new alone."""
    folder = tmp_path / "sweep"
    words = (*SMALL, "epochs=3", "optimizer.lr=1e-2,1e-3")
    assert sweep(folder, *words, "seed=0").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    done = command(["-m", *words, "seed=0,1", f"sweep.resume={folder}"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [path.name for path in job_folders(folder)] == ["0", "1", "2", "3"]
    seeds = [result_overrides(path)[-1] for path in job_folders(folder)]
    assert seeds == ["seed=0", "seed=0", "seed=1", "seed=1"]


def result_overrides(folder: Path) -> list[str]:
    """What the command line changed for a job."""
    found: list[str] = json.loads((folder / "result.json").read_text())["overrides"]
    return found


def test_a_sweep_is_not_resumed_with_other_rows(tmp_path: Path) -> None:
    """The file has changed: it says so, and stops."""
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{i * i / 10},{i % 2}\n" for i in range(40)))
    words = (*BARE, "data=table", f"data.path={path}", "data.target=y", "batch_size=8", "epochs=1")
    assert sweep(tmp_path / "sweep", *words, "seed=0,1").returncode == 0
    path.write_text(path.read_text().replace("4.9,1", "4.8,1"))
    done = command(["-m", *words, "seed=0,1", f"sweep.resume={tmp_path / 'sweep'}"], tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"the rows of {path} (y) have changed since the sweep began: give it the rows it had, or"
        " start a new sweep\n"
    )


def test_a_dry_run_on_a_cluster_needs_none(tmp_path: Path) -> None:
    """The tasks that Slurm would be asked for, and nothing is left."""
    words = ("sweep.engine=slurm", "sweep.slurm.task_minutes=0.0001", "sweep.dry_run=true")
    done = sweep(tmp_path / "sweep", *SMALL, "seed=0,1,2,3", "epochs=30", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "core-hours" in done.stdout.splitlines()[-1]
    assert not (tmp_path / "sweep").exists()


def test_a_dry_run_trains_nothing(tmp_path: Path) -> None:
    """It shows every job, its stack, parameters, memory and time."""
    done = sweep(tmp_path / "sweep", *SMALL, "model.width=4,64", "seed=0,1", "sweep.dry_run=true")
    assert (done.returncode, done.stderr) == (0, "")
    assert "parameters" in done.stdout
    assert "4 jobs in" in done.stdout
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["sweep.resume=nowhere"], "sweep.resume=nowhere is not a sweep's folder"),
        (["sweep.members=0"], "sweep.members must be 1 or more, got 0"),
        (["sweep.select=val"], "unknown sweep.select 'val'"),
        (["sweep.halving=2,3"], "sweep.halving=2,3 gives several values, but it is about all jobs"),
        (["sweep.halving=2", "hydra/launcher=basic"], "sweep.halving=2 is about stacks of jobs"),
        (["sweep.latex=nowhere/t"], "sweep.latex must be a file in a folder that exists"),
        (["data=iris,wine", "sweep.halving=2"], "sweep.halving chooses between jobs on one data"),
        (
            ["loss=cce,mse", "model.output=softmax", "sweep.select=loss"],
            "sweep.select=loss cannot choose between losses of different kinds, as in job 1",
        ),
        (
            ["hydra/sweeper=basic"],
            "hydra.sweeper._target_ must be that of hydra/sweeper=grid|optuna",
        ),
        (["cv=3", "data.fold=1"], "cv=3 chooses the folds itself: leave out data.fold=1, or cv"),
        (["sweep.memry=1"], "unknown key 'sweep.memry': did you mean 'sweep.memory'?"),
        (["model=shalow,deep"], "unknown model 'shalow': did you mean 'shallow'?"),
    ],
)
def test_bad_input(words: list[str], line: str, tmp_path: Path) -> None:
    """One line."""
    done = command(["-m", "data=iris", "seed=0,1", *words], tmp_path)
    assert done.returncode == 1
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
