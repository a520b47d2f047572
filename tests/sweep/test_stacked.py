"""Sweeps on the command line: stacks give what single runs give, and survive what befalls them."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, TRAIN, TRAIN_WORDS, clean_environment, command, comparable, written
from safetensors.numpy import load_file

from mlp_lab.errors import JOBS_FAILED
from mlp_lab.runs.progress import read_state

SMALL = (*BARE, "data=iris", "model=shallow", "dtype=float64")

MIXED = (
    *("data=iris", "model.depth=2", "model.width=3,8,[5,2]", "optimizer.lr=1e-3,1e-2"),
    *("optimizer.weight_decay=0,1e-2", "model.dropout=0,0.3", "seed=0,1", "epochs=4"),
    *("dtype=float64", "tracking.report=false"),
)
"""48 jobs that one stack may hold."""


def sweep(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A sweep whose folder is `folder`."""
    return command(["-m", *words, f"hydra.sweep.dir={folder}"], folder.parent, **environment)


def jobs(folder: Path) -> list[Path]:
    """Folders of a sweep's jobs, by number."""
    found = [path for path in folder.iterdir() if path.name.isdigit()]
    return sorted(found, key=lambda path: int(path.name))


def result(folder: Path) -> dict[str, object]:
    """result.json without what two equal runs differ in."""
    found: dict[str, object] = json.loads((folder / "result.json").read_text())
    return comparable(found)


def curve(folder: Path) -> list[dict[str, str]]:
    """curves.csv without the time."""
    with (folder / "curves.csv").open() as file:
        return [{k: row[k] for k in row if k != "seconds"} for row in csv.DictReader(file)]


def bits(folder: Path) -> dict[str, object]:
    """Everything about a sweep's jobs that a second, equal sweep must repeat."""
    return {
        path.name: (
            result(path),
            curve(path),
            (path / "model.safetensors").read_bytes(),
            (path / "schema.json").read_bytes(),
        )
        for path in jobs(folder)
    }


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
    assert [path.name for path in jobs(mixed)] == [str(number) for number in range(48)]
    for together, single in zip(jobs(mixed), jobs(alone), strict=True):
        names = [
            sorted(p.relative_to(f).as_posix().split(".tfevents")[0] for p in f.rglob("*"))
            for f in (together, single)
        ]
        assert names[0] == names[1]
        overrides = [(f / ".hydra" / "overrides.yaml").read_text() for f in (together, single)]
        assert overrides[0] == overrides[1]
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
    for seeds in ("0", "0,1"):  # the second goes on with the jobs of the first
        done = command([*words, f"seed={seeds}", "hydra.sweep.dir=sweep"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert f"\n{TRAIN_WORDS} --config-dir=mine data=iris" in done.stdout
    manifest = json.loads((tmp_path / "sweep" / "sweep.json").read_text())["jobs"]
    for number, folder in enumerate(jobs(tmp_path / "sweep")):
        own = [*SMALL[3:], "experiment=mine", f"seed={number}"]
        said = json.loads((folder / "result.json").read_text())["overrides"]
        assert said == ["--config-dir=mine", *own]
        assert manifest[str(number)]["overrides"] == own


def test_rows_that_a_sweep_forgot_are_cut_again(tmp_path: Path) -> None:
    """To the same numbers: many cuts take no more memory than a few."""
    program = (
        "import mlp_lab.sweep.running as s\nfrom mlp_lab.commands.train import main as train\n"
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
import mlp_lab.sweep.running as running, mlp_lab.runs.prepared as problem
from mlp_lab.commands.train import main as train
running.KEPT, encode = 1.0, problem.encode
def counted(*given):
    print("cut")
    return encode(*given)
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
import mlp_lab.sweep.running as running
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
    work = "import mlp_lab.sweep.workers as w; work = w.work\n"
    work += "def fresh(*given):\n    del sys.modules['torch']; work(*given)\n"
    words = ["-m", *SMALL, "epochs=1", "seed=0,1", f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    program = f"import sys\n{work}w.work = fresh\n{script}"
    done = command(words, tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (0, "")
    assert len(jobs(tmp_path / "sweep")) == 2


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
    assert [path.name for path in jobs(folder)] == ["0", "1", "2", "3"]
    seeds = [result_overrides(path)[-1] for path in jobs(folder)]
    assert seeds == ["seed=0", "seed=0", "seed=1", "seed=1"]


def result_overrides(folder: Path) -> list[str]:
    """What the command line changed for a job."""
    found: list[str] = json.loads((folder / "result.json").read_text())["overrides"]
    return found


def test_a_sweep_does_not_go_on_with_other_rows(tmp_path: Path) -> None:
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
        (["sweep.resume=nowhere"], "sweep.resume=nowhere is no sweep's folder"),
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
        (["hydra/sweeper=basic"], "hydra/sweeper=basic knows neither cv nor a summary"),
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


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A sweep as the leader of a process group."""
    return subprocess.Popen(
        [*TRAIN, "-m", *words, f"hydra.sweep.dir={folder}"],
        cwd=folder.parent,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


LONG = (
    *(*BARE, "data=iris", "model.depth=1", "model.width=3,8", "optimizer.lr=1e-3,1e-2"),
    *("seed=0,1", "epochs=60,150", "stop.patience=40", "sweep.members=4"),
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What LONG gives in the end."""
    folder = tmp_path_factory.mktemp("undisturbed") / "sweep"
    assert sweep(folder, *LONG).returncode == 0
    return bits(folder)


def killed_and_continued(folder: Path, seconds: float, number: int) -> None:
    """Kill a sweep and its workers after a while, then let it finish."""
    process = start(folder, *LONG)
    time.sleep(seconds)
    os.killpg(process.pid, number)
    process.communicate()
    done = command(["-m", *LONG, f"hydra.sweep.dir={folder}"], folder.parent)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("seconds", [2.5, 4.0])
def test_a_killed_sweep_goes_on(
    seconds: float, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    """To the same bits as if nothing had happened."""
    killed_and_continued(tmp_path / "sweep", seconds, signal.SIGKILL)
    assert bits(tmp_path / "sweep") == undisturbed


def epochs_kept(folder: Path) -> dict[str, int]:
    """Job -> epochs that a checkpoint of its stack goes on from."""
    manifest = json.loads((folder / "sweep.json").read_text())
    found = {}
    for path in folder.glob(".stacks/*.safetensors"):
        state = read_state(path)
        for member in state.progress:
            found[str(manifest["stacks"][path.stem][member])] = state.epoch
    return found


def rows_of(folder: Path, epochs: int) -> list[str]:
    """First rows of curves.csv, with the seconds that each took: another training takes others."""
    return (folder / "curves.csv").read_text().splitlines()[: epochs + 1]


def test_no_job_is_trained_twice(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    """Killed amid it: what has ended keeps its seconds, the rest goes on."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG, "seed=0,1,0")
    deadline = time.monotonic() + 40
    while len(list(folder.rglob("result.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    ended = {path: path.read_bytes() for path in folder.rglob("result.json")}
    assert ended
    kept = epochs_kept(folder)
    assert kept
    begun = {n: (folder / n / ".hydra" / "config.yaml").stat().st_mtime_ns for n in kept}
    rows = {n: rows_of(folder / n, epochs) for n, epochs in kept.items()}
    assert sweep(folder, *LONG, "seed=0,1,0").returncode == 0
    assert {path: path.read_bytes() for path in ended} == ended
    assert {n: (folder / n / ".hydra" / "config.yaml").stat().st_mtime_ns for n in kept} == begun
    assert {n: rows_of(folder / n, epochs) for n, epochs in kept.items()} == rows
    stacks = json.loads((folder / "sweep.json").read_text())["stacks"]
    placed = [number for members in stacks.values() for number in members]
    assert sorted(placed) == sorted(set(placed)) == sorted(int(path.name) for path in jobs(folder))
    assert len(placed) == len(undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(10))
def test_killed_at_any_moment(moment: int, tmp_path: Path, undisturbed: dict[str, object]) -> None:
    """From before the first epoch to after the last."""
    seconds = np.random.default_rng(moment).uniform(0.5, 7)
    killed_and_continued(tmp_path / "sweep", seconds, signal.SIGKILL)
    assert bits(tmp_path / "sweep") == undisturbed


def test_a_worker_that_dies_costs_its_stack(tmp_path: Path) -> None:
    """The other stacks finish; the same command trains what is missing."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG)
    deadline = time.monotonic() + 30
    while not list(folder.rglob("curves.csv")) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "its process died with status -9" in errors
    done = sweep(folder, *LONG)
    assert (done.returncode, done.stderr) == (0, "")
    assert {result(path)["status"] for path in jobs(folder)} <= {"completed", "stopped"}


def test_two_sweeps_at_once_keep_apart(tmp_path: Path) -> None:
    """Also when they start in the same second."""
    command_line = [*TRAIN, "-m", *SMALL, "epochs=1", "seed=0,1"]
    both = [subprocess.Popen(command_line, cwd=tmp_path, env=clean_environment()) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(len(jobs(path)) for path in tmp_path.glob("outputs/*/*")) == [2, 2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_how_to_go_on(number: int, tmp_path: Path) -> None:
    """Checkpoints are written, also when all processes of the sweep are told to end."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG, "model.width=200,300")
    deadline = time.monotonic() + 30
    while not list(folder.rglob("curves.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert list(folder.glob(".stacks/*.safetensors"))
    assert not list(folder.rglob("result.json"))
    assert f"of 16 jobs are done; resume with: {TRAIN_WORDS} -m" in errors
    assert f"sweep.resume={folder}" in errors


def test_ctrl_c_at_the_end_of_a_batch(tmp_path: Path) -> None:
    """The next batch does not begin."""
    program = (
        "from mlp_lab.sweep.scheduler import Scheduler; from mlp_lab.commands.train import main\n"
        "Scheduler._require_whole = lambda s: setattr(s, 'stop_requested', True)\n"
        "main()"
    )
    words = ["-m", *SMALL, "epochs=1", "seed=0,1,2,3", "hydra.sweeper.max_batch_size=2"]
    done = command([*words, "hydra.sweep.dir=sweep"], tmp_path, [sys.executable, "-c", program])
    assert done.returncode == 130
    assert done.stderr.startswith("2 jobs are done; resume with: python train.py -m ")
    assert len(jobs(tmp_path / "sweep")) == 2


def kept_by_ranking(folder: Path, epoch: int, numbers: list[int], factor: int) -> list[int]:
    """The best of some jobs by their validation accuracy at an epoch, the first of equals."""
    scores = {n: float(curve(folder / str(n))[epoch - 1]["val_accuracy"]) for n in numbers}
    ranked = sorted(numbers, key=lambda n: (-scores[n], n))
    return sorted(ranked[: -(-len(numbers) // factor)])


HALVED = (
    *(*BARE, "data=iris", "model=shallow", "optimizer.lr=1e-3,3e-3,1e-2,3e-2", "seed=0,1,2"),
    *("epochs=20", "model.width=3,8", "sweep.halving=2", "sweep.first_rung=3", "sweep.members=7"),
)


def test_halving_keeps_what_a_plain_ranking_keeps(tmp_path: Path) -> None:
    """Rungs at the epochs 3, 6 and 12, over all stacks; who leaves says so."""
    folder = tmp_path / "sweep"
    assert sweep(folder, *HALVED).returncode == 0
    going = list(range(24))
    for epoch in (3, 6, 12):
        kept = kept_by_ranking(folder, epoch, going, 2)
        for number in sorted(set(going) - set(kept)):
            found = result(folder / str(number))
            assert found["reason"] == f"stopped by halving at epoch {epoch}"
            assert (found["status"], found["epochs_run"]) == ("stopped", epoch)
        going = kept
    assert [result(folder / str(number))["status"] for number in going] == ["completed"] * 3


def test_halving_judges_jobs_together(tmp_path: Path) -> None:
    """Neither batch after batch, nor with points that come later; the same command is done."""
    folder = tmp_path / "sweep"
    few = (*BARE, "data=iris", "epochs=4", "sweep.halving=2")
    done = sweep(folder, *few, "seed=0,1,2,3", "hydra.sweeper.max_batch_size=2")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "sweep.halving judges a whole grid at once: leave out hydra.sweeper.max_batch_size\n"
    )
    assert sweep(folder, *few, "seed=0,1,2,3").returncode == 0
    assert sweep(folder, *few, "seed=0,1,2,3").returncode == 0
    before = written(folder)
    done = sweep(folder, *few, "seed=0,1,2,3,4")
    assert done.returncode == 1
    assert done.stderr.startswith("job 4 (")
    assert "is new, but the jobs of this sweep were halved together" in done.stderr
    done = sweep(folder, *few, "seed=0,1,2,3", "sweep.first_rung=2")
    assert done.returncode == 1
    assert done.stderr.startswith("the jobs of this sweep were halved at epoch 1, bracket 0: ")
    assert written(folder) == before


def test_brackets_begin_later(tmp_path: Path) -> None:
    """Of two brackets the second has its first rung where the first has its second."""
    folder = tmp_path / "sweep"
    assert sweep(folder, *HALVED, "sweep.brackets=2").returncode == 0
    epochs = {n: result(folder / str(n))["epochs_run"] for n in range(24)}
    assert {epochs[n] for n in range(0, 24, 2)} == {3, 6, 12, 20}
    assert {epochs[n] for n in range(1, 24, 2)} == {6, 12, 20}


def test_a_stack_goes_on_with_a_diverged_member(tmp_path: Path) -> None:
    """From its checkpoint, here at a rung: the others end as they would; it is named each time."""
    folder = tmp_path / "sweep"
    words = (*SMALL, "optimizer=sgd", "optimizer.lr=0.1,1e20,0.2,0.3", "epochs=8")
    halved = (*words, "sweep.halving=2", "sweep.first_rung=3", "sweep.processes=1")
    for _ in range(2):
        done = sweep(folder, *halved)
        assert done.returncode == 1
        diverged, ending = done.stderr.splitlines()
        assert diverged.startswith("job 1: diverged: the loss was no longer finite by epoch 2")
        assert ending == JOBS_FAILED
        found = [result(path) for path in jobs(folder)]
        assert sorted(str(entry["epochs_run"]) for entry in found) == ["2", "3", "6", "8"]
        assert len(curve(folder / "1")) == 2


def test_a_halved_sweep_goes_on_after_a_kill(tmp_path: Path) -> None:
    """To the same end."""
    assert sweep(tmp_path / "whole", *HALVED).returncode == 0
    folder = tmp_path / "killed"
    process = start(folder, *HALVED)
    deadline = time.monotonic() + 30
    while '"rungs": {}' in rungs_of(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert sweep(folder, *HALVED).returncode == 0
    assert bits(folder) == bits(tmp_path / "whole")


def rungs_of(folder: Path) -> str:
    """What the manifest says, if it is there."""
    try:
        return (folder / "sweep.json").read_text()
    except FileNotFoundError:
        return '"rungs": {}'
