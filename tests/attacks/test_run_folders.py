"""Run and sweep folders from strangers: whatever a file says, one line, and never without end."""

import copy
import json
import random
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from lab import BARE, call, stack_of_runs, train, within, written
from tampered import NO_FILES, Tampering, tamperings

import mlp_lab
from mlp_lab.commands import compare, dashboard, predict, trace
from mlp_lab.errors import UserError
from mlp_lab.report.page import write_report
from mlp_lab.runs.checkpoint import load_checkpoint, save_checkpoint

SECONDS = 120
"""Longest that a command may take."""

SAMPLE, MANY = 3, 25
"""Tamperings of each file that the default run tries, and the slow one."""

TABLE = ["age,town,born,income,vote"] + [
    f"{20 + i % 50},{('north', 'south', 'west')[i % 3]},19{50 + i % 40}-0{1 + i % 9}-11,"
    f"{'' if i % 11 == 0 else 1000 + i * 7},{'yes' if i % 5 < 2 else 'no'}"
    for i in range(120)
]

Command = Callable[[Path], str]
"""What is done with a folder; the lines on stderr, or nothing."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a table, a run on it and a sweep."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "t.csv").write_text("\n".join([*TABLE, ""]))
    words = ["data=table", f"data.path={folder / 't.csv'}", "data.target=vote", "epochs=2"]
    words += ["model=shallow", "model.width=3", "quiet=true", "tracking.tensorboard=false"]
    train(folder / "run", *words)
    unfinished = shutil.copytree(folder / "run", folder / "unfinished")
    (unfinished / "result.json").unlink()
    (unfinished / ".hydra").mkdir()
    (unfinished / ".hydra" / "overrides.yaml").write_text("- model.width=3\n- seed=0\n")
    grid = ["-m", "data=iris", "model=shallow", "model.width=3,4", "epochs=2", *BARE]
    done = call([*grid, "hydra.sweep.dir=sweep"], folder)
    assert done.returncode == 0, done.stderr
    done = call([*SEARCH, "hydra.sweep.dir=search"], folder)
    assert done.returncode == 0, done.stderr
    return folder


SEARCH = ["-m", "hydra/sweeper=optuna", "data=iris", "model=shallow", "model.width=range(3,6)"]
SEARCH += ["epochs=2", *BARE, "hydra.sweeper.n_trials=4", "hydra.sweeper.batch=2"]


def told(done: object) -> str:
    """What a command says of a failure: one line on stderr, status 1."""
    status, said = done.returncode, done.stderr  # type: ignore[attr-defined]
    assert status in (0, 1), said
    assert "Traceback" not in said, said
    if status == 0:
        return ""
    line: str = said.splitlines()[-1]
    assert said.count("\n") == 1, said
    assert len(line) < 2000, line[:500]
    return line


def predicted(folder: Path) -> str:
    words = [str(folder), str(folder.parent / "t.csv"), "-o", str(folder.parent / "p.csv")]
    return told(call(words, folder.parent, predict.main, "mlp-lab"))


def evaluated(folder: Path) -> str:
    words = [str(folder), str(folder.parent / "t.csv")]
    return told(call(words, folder.parent, lambda: predict.main("evaluate"), "mlp-lab"))


def traced(folder: Path) -> str:
    return told(call([str(folder)], folder.parent, trace.main, "mlp-lab"))


def compared(folder: Path) -> str:
    words = [str(folder), "-o", str(folder.parent / "compared")]
    return told(call(words, folder.parent, compare.main, "mlp-lab"))


def resumed(folder: Path) -> str:
    return told(call([f"resume={folder}", "epochs=3", *BARE], folder.parent))


def repeated(folder: Path) -> str:
    words = ["--config-dir", str(folder), "--config-name", "config", *BARE, "epochs=1"]
    return told(call(words, folder.parent))


def swept(folder: Path) -> str:
    grid = ["-m", "data=iris", "model=shallow", "model.width=3,4", "epochs=2", *BARE]
    return told(call([*grid, f"sweep.resume={folder}", "sweep.dry_run=true"], folder.parent))


def searched(folder: Path) -> str:
    """Whether another batch is asked for or none is left."""
    more = ["hydra.sweeper.n_trials=6", "sweep.dry_run=true", f"hydra.sweep.dir={folder}"]
    return told(call([*SEARCH, *more], folder.parent))


def searched_on(folder: Path) -> str:
    return told(call([*SEARCH, f"sweep.resume={folder}"], folder.parent))


def loaded(folder: Path) -> str:
    try:
        mlp_lab.load(folder)
    except UserError as error:
        return str(error)
    return ""


def reported(folder: Path) -> str:
    """The page of a run, drawn again."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_report(folder)
    except UserError as error:
        return str(error)
    except OSError as error:
        return str(error.filename)
    return ""


READERS: dict[str, list[Command]] = {
    "run/config.yaml": [traced, compared, resumed, repeated],
    "run/schema.json": [loaded, predicted, evaluated, traced],
    "run/model.safetensors": [loaded, predicted, traced],
    "run/result.json": [compared, resumed, reported],
    "run/checkpoint.safetensors": [resumed],
    "run/curves.csv": [compared, resumed],
    "run/pictures.json": [reported],
    "run/data_report.txt": [reported],
    "unfinished/.hydra/overrides.yaml": [compared],
    "sweep/sweep.json": [swept],
    "sweep/0/result.json": [swept, compared],
    "sweep/0/config.yaml": [compared],
    "search/optuna.journal": [searched, searched_on],
    "search/sweep.json": [searched_on],
}
"""File -> what reads it."""


OTHERS = (
    *("nothing can be compared", "hydra.sweeper._target_ must be that of", "no file "),
    "holds numbers that are too large",
)
"""What is said of a folder that holds no finished run, of a configuration without ours, or of a
column by whose scale a network's inputs are infinite."""


def attacked(file: str, cases: list[Tampering], here: Path, tmp_path: Path) -> list[str]:
    """What did not end in success or in a line that names the file."""
    name, found = file.partition("/")[0], []
    for number, (what, tamper) in enumerate(cases):
        for command in readers(file, number):
            place = tmp_path / "attacked"
            shutil.copytree(here / name, place / name, symlinks=True)
            shutil.copy(here / "t.csv", place)
            tamper(place / file)
            try:
                with within(SECONDS):
                    line = command(place / name)
                if line and not is_named(line, file, what):
                    found.append(f"{file}, {what}, {command.__name__}: {line}")
            except Exception as error:
                said = f"{type(error).__name__}: {error}"[-300:]
                found.append(f"{file}, {what}, {command.__name__}: {said}")
            with suppress(OSError):
                (place / name).chmod(0o700)
            shutil.rmtree(place)
    return found


def readers(file: str, number: int) -> list[Command]:
    """The first that reads a file, and one of the others in turn."""
    first, *others = READERS[file]
    return [first, *others[number % len(others) :][:1]] if others else [first]


def is_named(line: str, file: str, what: str) -> bool:
    """Whether a refusal names the file, or the key that is another; of `loss.name` the group."""
    key = what.partition(":")[0].partition(" ")[0].removesuffix(".name")
    names = (Path(file).name, key, file.partition("/")[0])
    return any(name in line for name in names) or any(other in line for other in OTHERS)


@pytest.mark.parametrize("file", READERS)
def test_some_of_what_a_file_may_say(file: str, here: Path, tmp_path: Path) -> None:
    """A sample that is the same each time, and what is no file at all."""
    cases = list(tamperings(here / file))
    dice = random.Random(file)  # noqa: S311
    chosen = dice.sample(cases[:-NO_FILES], SAMPLE) + dice.sample(cases[-NO_FILES:], 2)
    assert attacked(file, chosen, here, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("file", READERS)
def test_whatever_a_file_says(file: str, here: Path, tmp_path: Path) -> None:
    """Keys deleted, of another type, huge, negative, nested; cut short, and noise."""
    cases = list(tamperings(here / file))
    dice = random.Random(f"many {file}")  # noqa: S311
    keys = cases[:-NO_FILES]
    chosen = dice.sample(keys, min(MANY, len(keys))) + cases[-NO_FILES:]
    assert attacked(file, chosen, here, tmp_path) == []


CALLS = (
    "oc.env:HIDDEN",
    "oc.decode:'1'",
    "oc.env:NOTHING,1",
    "run_folder:/tmp",
    "x:${oc.env:HIDDEN}",
)
"""What a word of a file would have OmegaConf call."""


@pytest.mark.parametrize("called", CALLS)
def test_words_of_a_manifest_call_nothing(called: str, here: Path, tmp_path: Path) -> None:
    """Of a job that is resumed with its stack, though the command does not ask for it."""
    sweep = shutil.copytree(here / "sweep", tmp_path / "sweep")
    manifest = json.loads((sweep / "sweep.json").read_text())
    del manifest["command"]  # which would ask for both
    manifest["stacks"] = {"0": [0, 1]}
    manifest["jobs"]["1"]["overrides"].append(f"data.split_seed=${{{called}}}")
    (sweep / "sweep.json").write_text(json.dumps(manifest))
    for number in "01":
        (sweep / number / "result.json").unlink()
    words = ["-m", "data=iris", "model=shallow", "model.width=3", "epochs=2", *BARE]
    before = written(tmp_path)
    done = call([*words, f"sweep.resume={sweep}"], tmp_path, HIDDEN="12345")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sweep.json: jobs.1.overrides must call nothing, got ")
    assert done.stderr.count("\n") == 1
    assert "12345" not in done.stderr
    assert written(tmp_path) == before


def test_words_of_other_files_call_nothing(here: Path, tmp_path: Path) -> None:
    """They are shown as they stand there, or refused, and never looked up."""
    for name in ("unfinished/.hydra/overrides.yaml", "sweep/multirun.yaml", "run/config.yaml"):
        folder = shutil.copytree(here / name.split("/")[0], tmp_path / name.split("/")[0])
        text = (tmp_path / name).read_text()
        word = "- data.split_seed=${oc.env:HIDDEN}\n"
        changed = text.replace("seed: 0", "seed: ${oc.env:HIDDEN}") if "seed: 0" in text else ""
        (tmp_path / name).write_text(changed or text + word)
        for command in (compared, resumed):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HIDDEN", "12345")
                assert "12345" not in command(folder)
    pages = [path.read_text() for path in tmp_path.rglob("compared/*.html")]
    assert not any("12345" in page for page in pages)


STACK = ["data=iris", "model=shallow", "epochs=3", *BARE]


def test_the_checkpoint_of_a_stack(tmp_path: Path) -> None:
    """As .stacks/0.safetensors, which sweep.resume= reads: it fits, or one line names it."""
    stack, runs = stack_of_runs(tmp_path, [*STACK, "seed=0"], [*STACK, "seed=1"])
    file = tmp_path / "0.safetensors"
    save_checkpoint(file, stack, {number: run.progress for number, run in runs.items()})
    whole, found = file.read_bytes(), []
    cases = list(tamperings(file))
    dice = random.Random(0)  # noqa: S311
    for what, tamper in dice.sample(cases[:-NO_FILES], 60) + cases[-NO_FILES:]:
        tamper(file)
        try:
            with within(SECONDS):
                load_checkpoint(file, copy.deepcopy(stack))
        except UserError as error:
            found += [] if file.name in str(error) else [f"{what}: {error}"]
        except OSError as error:
            found += [] if error.filename == str(file) else [f"{what}: {error}"]
        except Exception as error:
            found.append(f"{what}: {error!r}")
        if file.is_dir():
            file.rmdir()
        file.unlink(missing_ok=True)
        file.write_bytes(whole)
    assert found == []


def test_the_dashboard_shows_files_alone(here: Path, tmp_path: Path) -> None:
    """Not what would keep its reader waiting."""
    events = tmp_path / "run" / "events.out.tfevents.1"
    events.parent.mkdir()
    events.symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"events\.out\.tfevents\.1 must be a regular file"):
        dashboard.runs_in(tmp_path)
