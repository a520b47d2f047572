"""Whole commands whose settings cannot be: one line, exit status 1, nothing left behind."""

import sys
from pathlib import Path

import pytest
from lab import BARE, MLP_LAB, command, refused, written

NEEDS_LENGTH = (
    "needs a number of epochs, and epochs=null has none: set epochs, or use schedule=constant,"
    " step, plateau or warmup (schedule.warmup_epochs)"
)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["data=digits", "loss=bce"],
            "loss=bce does not fit a multiclass target: use cce or focal or mae or mse or ordinal",
        ),
        (
            ["data=diabetes", "loss=cce"],
            "loss=cce does not fit a regression target: use huber or mae or mse or poisson or"
            " quantile",
        ),
        (
            ["data=moons", "loss=cce", "model.output=sigmoid"],
            "loss=cce does not fit model.output=sigmoid: use loss=bce or mse or mae or focal,"
            " or model.output=softmax",
        ),
        (
            ["data=diabetes", "model.output=softmax"],
            "model.output=softmax does not fit a regression target,"
            " which is not confined to its range: use linear or exponential",
        ),
        (["data=sine", "loss=poisson"], "loss=poisson needs y at 0 or more, got -1.13994"),
        (
            ["data=diabetes", "loss=poisson", "data.target_transform=log"],
            "data.target_transform=log leaves no counts, which loss=poisson is for: use none",
        ),
        (
            ["data=diabetes", "loss.label_smoothing=0.1"],
            "loss.label_smoothing=0.1 is for cross-entropies, but loss=auto is mse for a regression"
            " target with linear output: use 0",
        ),
        (["loss=mse", "loss.delta=1"], "unknown key 'loss.delta': only loss=huber has it"),
        (
            ["data=iris", "batch_size=200"],
            "batch_size must be at most the 98 training rows, got 200:"
            " batch_size=full takes all of them",
        ),
        (["data=moons", "data.rows=0"], "data.rows must be from 1 to 100,000,000, got 0"),
        (
            ["data=moons", "data.rows=1", "data.test_fraction=0", "data.val_fraction=0"],
            "the 1 training rows hold one class of class, '0': two are needed",
        ),
        (
            ["data=iris", "data.train_rows=1", "batch_size=full"],
            "the 1 training rows hold one class of species, 'virginica': two are needed",
        ),
        (
            ["data.train_rows=5000"],
            "data.train_rows must be at most the 1168 training rows, got 5000",
        ),
        (
            ["data.test_fraction=0.6", "data.val_fraction=0.5"],
            "data.test_fraction + data.val_fraction must be below 1, got 1.1",
        ),
        (
            ["data=moons", "data.rows=3"],
            "data.val_fraction=0.15 of 3 rows rounds to 0: use 0, or more rows",
        ),
        (["data.fold=2"], "data.fold=2 needs data.folds, the number of folds"),
        (["data.repeat=1"], "data.repeat=1 needs data.folds, the number of folds"),
        (["data.folds=5", "data.fold=5"], "data.fold must be below data.folds=5, got 5"),
        (
            ["data=diabetes", "data.folds=400"],
            "data.folds must be at most the 354 rows besides the test rows, got 400",
        ),
        (
            ["data=iris", "data.folds=5", "data.train_rows=97"],
            "data.train_rows must be at most the 96 training rows, got 97",
        ),
        (["data.label_noise=1.5"], "data.label_noise must be in [0, 1], got 1.5"),
        (
            ["model.width=[8,8]"],
            "model.width lists 2 hidden layers, [8, 8], but model.depth is 3: set model.depth=2,"
            " or give one value for all layers",
        ),
        (
            ["model.activation=[relu,tanh]"],
            "model.activation lists 2 hidden layers, ['relu', 'tanh'], but model.depth is 3:"
            " set model.depth=2, or give one value for all layers",
        ),
        (
            ["optimizer=gd", "batch_size=16"],
            "batch_size must be 'full' with optimizer=gd, got 16:"
            " use optimizer=sgd for mini-batches",
        ),
        (
            ["epochs=null"],
            "epochs=null trains until patience ends it, but stop.patience is null: set it,"
            " as stop.patience=16, or a number of epochs",
        ),
        (
            ["epochs=null", "stop.patience=9", "vary=[epochs]", "budget=9"],
            "vary=[epochs] makes trainings shorter, but epochs=null has no length",
        ),
        *(
            (["epochs=null", "stop.patience=9", *words], f"{words[-1]} {NEEDS_LENGTH}")
            for words in (
                ["schedule=cosine"],
                ["schedule=one_cycle"],
                ["schedule=warmup", "schedule.then=cosine"],
                ["schedule=warmup", "schedule.warmup_share=0.1"],
            )
        ),
        (
            ["epochs=null", "stop.patience=9", "averaging.kind=swa", "averaging.start=0.5"],
            "averaging.start=0.5 is a share of the epochs, and epochs=null has no number of"
            " them: set epochs, or averaging.start=0",
        ),
        (["schedule=warmup", "epochs=5"], "schedule.warmup_epochs must be below epochs=5, got 5"),
        (["schedule=cosine", "schedule.per=batch"], "unknown schedule.per 'batch' (epoch, step)"),
        (
            ["data.val_fraction=0", "stop.patience=3"],
            "stop.patience needs validation rows, but data.val_fraction is 0",
        ),
    ],
)
def test_settings_that_contradict_each_other(
    overrides: list[str], line: str, tmp_path: Path
) -> None:
    """The whole line; nothing is written."""
    assert refused(*overrides, *BARE, folder=tmp_path / "run") == line
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["optimizer.lr=-1"], "optimizer.lr must be positive, got -1"),
        (["optimizer=adm", "-m"], "unknown optimizer 'adm': did you mean 'adam'? ("),
        (["hydra.run.dir=taken/run"], "cannot use "),
        (["resume=taken", "epochs=9"], "taken is not a run folder: it has no config.yaml"),
    ],
)
def test_a_refused_command(arguments: list[str], line: str, tmp_path: Path) -> None:
    """Exit status 1, one line on stderr, nothing on stdout, nothing left on disk."""
    (tmp_path / "taken").touch()  # a folder cannot be made below a file, whoever asks
    ended = command(["train", *arguments], tmp_path, MLP_LAB)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith(line)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_traceback_on_request(tmp_path: Path) -> None:
    """HYDRA_FULL_ERROR=1 shows where an error came from."""
    ended = command(["epochs=0"], tmp_path, HYDRA_FULL_ERROR="1")
    assert ended.returncode == 1
    assert "\nTraceback (most recent call last):\n" in ended.stderr
    assert ended.stderr.rstrip().endswith("UserError: epochs must be 1 or more, got 0")


def test_a_folder_that_nothing_can_be_written_to_any_more(tmp_path: Path) -> None:
    """One line, though train.log cannot be opened either."""
    program = f"""
import sys
from mlp_lab.commands import train as cli
from mlp_lab.tracking.curves import CurveFile
def full(*_):
    cli.logging.FileHandler._open = full
    raise PermissionError(13, "Permission denied", "{tmp_path}/run/curves.csv")
CurveFile.add = full
cli.main()
"""
    words = ["data=iris", "hydra.run.dir=run", *BARE]
    done = command(words, tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cannot use {tmp_path}/run/curves.csv: Permission denied\n"
