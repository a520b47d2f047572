"""The commands, each in a process of its own."""

import csv
import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from lab import BARE, MLP_LAB, ROOT, TRAIN_WORDS, call, command, compose, curves, written
from omegaconf import OmegaConf

import mlp_lab
from mlp_lab.errors import JOBS_FAILED
from mlp_lab.formatting import score_written

ROWS = ("data=iris", "model=shallow", "model.width=4")

COLUMNS = ["epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy", "lr", "seconds"]

CLASS_METRICS = [
    *("accuracy", "balanced_accuracy", "f1", "roc_auc"),
    *("log_loss", "brier", "calibration_error"),
]

RESULT = [
    *("status", "epochs_run", "best_epoch", "parameters", "output", "loss", "rows"),
    *("train", "val", "test", "calibration", "test_intervals", "baselines", "verdict"),
    *("seconds", "overrides", "environment"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[CompletedProcess[str], Path, Path]:
    """A command that succeeds, the folder it was typed in, and the run folder that it names."""
    here = tmp_path_factory.mktemp("good")
    done = command([*ROWS, "epochs=3"], here)
    return done, here, here / done.stdout.splitlines()[-1]


def test_a_run_succeeds(good: tuple[CompletedProcess[str], Path, Path]) -> None:
    """Nothing on stderr, where only errors belong."""
    done, _, _ = good
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_run_folder_is_complete(good: tuple[CompletedProcess[str], Path, Path]) -> None:
    """Every file of docs/run_folder.md, and no other anywhere."""
    _, here, folder = good
    files = written(folder)
    events = {name for name in files if name.startswith("events.out.tfevents.")}
    assert len(events) == 2  # of the training, and of the pictures
    hydra = {".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml"}
    assert files - events - hydra == {
        *("config.yaml", "curves.csv", "result.json", "model.safetensors", "schema.json"),
        *("checkpoint.safetensors", "learning_curve.png", "report.html", "pictures.json"),
        *("confusion.png", "calibration.png", "importance.png", "effects.png"),
    }
    assert hydra <= files
    assert written(here) == {str(folder.relative_to(here) / name) for name in files}
    assert folder.relative_to(here).parts[0] == "outputs"


def test_curves(good: tuple[CompletedProcess[str], Path, Path]) -> None:
    """The documented columns, and a row for each epoch."""
    with (good[2] / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(float(row[column]) > 0 for row in rows for column in COLUMNS)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_result(good: tuple[CompletedProcess[str], Path, Path]) -> None:
    """The documented keys, and what they say."""
    result = json.loads((good[2] / "result.json").read_text())
    assert list(result) == RESULT
    assert (result["status"], result["epochs_run"]) == ("completed", 3)
    assert result["rows"] == {"train": 98, "val": 22, "test": 30}
    assert result["parameters"] == (4 + 1) * 4 + (4 + 1) * 3
    assert result["overrides"] == [*ROWS, "epochs=3"]
    assert list(result["baselines"]) == ["constant", "logistic"]
    for part in ("train", "val", "test"):
        assert list(result[part]) == ["loss", *CLASS_METRICS]
    assert list(result["test_intervals"]) == CLASS_METRICS
    for name, (low, high) in result["test_intervals"].items():
        assert low <= result["test"][name] <= high
    assert result["environment"]["mlp_lab"] == mlp_lab.__version__


def test_what_is_printed(good: tuple[CompletedProcess[str], Path, Path]) -> None:
    """Progress, a table of the network and its baselines, and where the run lies."""
    done, here, folder = good
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["epoch", f"{n}/3"] for n in (1, 2, 3)]
    table = {line.split()[0]: line.split()[1:] for line in lines[5:8]}
    result = json.loads((folder / "result.json").read_text())
    for model, scores in {"network": result, **result["baselines"]}.items():
        names = [(name, part) for name in ("loss", "accuracy") for part in result["rows"]]
        wanted = [score_written(name, scores[part][name]) for name, part in names]
        assert table[model] == wanted
    assert lines[8].startswith("softmax output, loss cce, 35 parameters, best epoch ")
    verdict = result["verdict"]
    words = [finding["words"] for finding in (verdict, *verdict["notes"])]
    assert lines[9:-1] == [*words, f"try: {verdict['next']}"]
    assert lines[-1] == str(folder.relative_to(here))


def test_config_runs_again_by_itself(
    good: tuple[CompletedProcess[str], Path, Path], tmp_path: Path
) -> None:
    """From the repository's root, into a folder that is named: the same bits, and nothing else."""
    folder, again = good[2], tmp_path / "a folder with spaces"
    before = set(ROOT.iterdir())
    words = ["--config-dir", str(folder), "--config-name", "config", f"hydra.run.dir='{again}'"]
    done = command([*words, *BARE], ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert curves(again) == curves(folder)
    overrides = json.loads((again / "result.json").read_text())["overrides"]
    assert overrides[:2] == [f"--config-dir={folder}", "--config-name=config"]
    for name in ("model.safetensors", "schema.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert not {path.name for path in set(ROOT.iterdir()) - before} & {"outputs", ".hydra"}


def test_several_runs(tmp_path: Path) -> None:
    """-m makes a folder for each job."""
    done = command([*ROWS, "-m", *BARE, "epochs=1", "seed=0,1"], tmp_path)  # wherever -m stands
    assert done.returncode == 0
    folders = sorted(path.parent for path in tmp_path.rglob("result.json"))
    assert [folder.name for folder in folders] == ["0", "1"]
    assert len({folder.parent for folder in folders}) == 1
    configs = [yaml.safe_load((folder / "config.yaml").read_text()) for folder in folders]
    assert [config["seed"] for config in configs] == [0, 1]
    weights = [(folder / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] != weights[1]
    assert {name.partition("/")[0] for name in written(tmp_path)} == {"outputs"}


def test_one_fold(tmp_path: Path) -> None:
    """A fifth of the rows that are not test rows validates, and early stopping may look at it."""
    words = ["data.folds=5", "data.fold=2", "data.val_fraction=0", "stop.patience=2"]
    done = call([*ROWS, *BARE, *words, "epochs=1"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (path,) = tmp_path.rglob("result.json")
    assert json.loads(path.read_text())["rows"] == {"train": 96, "val": 24, "test": 30}


def test_a_cross_validation(tmp_path: Path) -> None:
    """A sweep over the folds; the same rows are tested in each."""
    done = command([*ROWS, *BARE, "-m", "data.folds=3", "data.fold=range(3)", "epochs=1"], tmp_path)
    assert done.returncode == 0
    paths = sorted(tmp_path.rglob("result.json"))
    assert [path.parent.name for path in paths] == ["0", "1", "2"]
    results = [json.loads(path.read_text()) for path in paths]
    assert all(result["rows"] == {"train": 80, "val": 40, "test": 30} for result in results)
    assert len({result["val"]["loss"] for result in results}) == 3


def test_several_runs_of_which_some_fail(tmp_path: Path) -> None:
    """By Hydra's own launcher: the others finish, failures are named, the exit status is 1."""
    words = ["-m", *ROWS, *BARE, "epochs=1", "batch_size=8,9999,16,8888", "hydra/launcher=basic"]
    done = command(words, tmp_path)
    assert done.returncode == 1
    *said, last = done.stderr.splitlines()
    rule = "batch_size must be at most the 98 training rows, got"
    assert [line.partition(": batch_size=full")[0] for line in said] == [
        f"job 1: {rule} 9999",
        f"job 3: {rule} 8888",
    ]
    assert last == JOBS_FAILED
    assert "Traceback" not in done.stderr
    assert sorted(path.parent.name for path in tmp_path.rglob("result.json")) == ["0", "2"]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--cfg", "job", "optimizer=sgd", "epochs=7"], ["name: sgd", "epochs: 7"]),
        (["--info", "defaults", "model=wide"], ["Defaults List", "model/perceptron", "model/wide"]),
        (
            ["--help"],
            [
                f"{TRAIN_WORDS} model=deep optimizer=adam",
                "optimizer: adadelta, adagrad, adam, adamw, gd",
                "experiment: activations, ",
                "epochs: 50",
            ],
        ),
    ],
)
def test_looking_without_training(words: list[str], parts: list[str], tmp_path: Path) -> None:
    """Printed on stdout; nothing is written."""
    done = command(words, tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    for part in parts:
        assert part in done.stdout
    if words == ["--help"]:
        assert "job_logging" not in done.stdout  # Hydra's own groups are not a user's choices
    assert written(tmp_path) == set()


def test_the_installed_command(tmp_path: Path) -> None:
    """`mlp-lab train` composes the same configuration as train.py."""
    done = command(["train", "--cfg", "job", "data=moons"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout) == OmegaConf.to_container(compose("data=moons"))
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("optimizer=ad", ["adadelta", "adagrad", "adam", "adamw"]), ("stop.pa", ["stop.patience"])],
)
def test_tab_completion(typed: str, offered: list[str], tmp_path: Path) -> None:
    """What the shell asks after `eval "$(python train.py -sc install=bash)"`."""
    line = f"python train.py {typed}"
    done = command(["-sc", "query=bash"], tmp_path, COMP_LINE=line, COMP_POINT=str(len(line)))
    assert done.returncode == 0
    assert [word.rstrip("=").rpartition("=")[2] for word in done.stdout.split()] == offered


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["optimizer.lr=-1"], "optimizer.lr must be positive, got -1.0"),
        (["device=cuda"], "device=cuda, but torch sees no CUDA device here: use device=cpu"),
        (["threads=9999"], "threads must be at most the "),
        (["resume=run"], "resume=run has finished its 1 epochs: set epochs to more than 1"),
        (["hydra.run.dir=run"], "run holds a run already, and runs are never overwritten"),
    ],
)
def test_a_wrong_setting_is_refused_without_torch(
    arguments: list[str], line: str, tmp_path: Path
) -> None:
    """Nor any other slow library: the error is there at once."""
    if arguments[0].endswith("=run"):
        call(["hydra.run.dir=run", "data=iris", "epochs=1", *BARE], tmp_path)
    before = written(tmp_path) | {"run/train.log"} if written(tmp_path) else set()
    done = command(arguments, tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 1
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "mlp_lab.config.schema" in imported
    assert "hydra.main" in imported
    slow = {"torch", "matplotlib", "pandas", "sklearn", "tensorboard", "rich", "jinja2"}
    assert imported & slow == set()
    assert done.stderr.splitlines()[-1].startswith(line)
    assert written(tmp_path) <= before
