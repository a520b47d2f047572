"""What cannot be is refused in one line that names the key, the rule and the value."""

import math
import re
import shutil
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from lab import BARE, MLP_LAB, Plain, changed, command, compose, curves, train, values_of, written

from mlp_lab.commands.main import main
from mlp_lab.commands.train import remove_unused
from mlp_lab.config.composition import from_hydra
from mlp_lab.config.messages import explain
from mlp_lab.config.overrides import readable
from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError, nearest
from mlp_lab.program import as_typed
from mlp_lab.runs.prepared import pose


def refused(*overrides: str, folder: Path = Path("/nonexistent")) -> str:
    """The line that a command line is refused with, whichever step refuses it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        train(folder, *overrides)
    line = explain(caught.value)
    assert line is not None, caught.value
    assert len(line.splitlines()) == 1, line
    return line


def refused_values(values: Plain) -> str:
    """The line that a plain config is refused with."""
    with pytest.raises(UserError) as caught:
        read(Config, values, "")
    line = str(caught.value)
    assert len(line.splitlines()) == 1, line
    return line


OUT_OF_RANGE: list[tuple[str, object, str]] = [
    ("seed", -1, "0 or more"),
    ("epochs", 0, "1 or more"),
    ("batch_size", 0, "1 or more, or 'full'"),
    ("batch_size", "half", "a number or 'full'"),
    ("threads", 0, "1 or more"),
    ("model.depth", -1, "from 0 to 100,000"),
    ("model.depth", 10**20, "from 0 to 100,000"),
    ("model.width", 0, "1 or more"),
    ("model.width", [8, 0, 8], "1 or more"),
    ("model.dropout", 1.0, "in [0, 1)"),
    ("model.dropout", -0.1, "in [0, 1)"),
    ("data.test_fraction", 1.0, "in [0, 1)"),
    ("data.val_fraction", -0.1, "in [0, 1)"),
    ("data.folds", 1, "2 or more, or null"),
    ("data.fold", -1, "0 or more"),
    ("data.repeat", -1, "0 or more"),
    ("data.split_seed", -1, "0 or more"),
    ("data.train_rows", 0, "1 or more, or null"),
    ("data.label_noise", -0.1, "0 or more"),
    ("optimizer.lr", 0.0, "positive"),
    ("optimizer.lr", -0.1, "positive"),
    ("optimizer.lr", math.inf, "finite"),
    ("optimizer.lr", math.nan, "finite"),
    ("optimizer.weight_decay", -1.0, "in [0, 1e30]"),
    ("optimizer.clip_norm", 0.0, "in (0, 1e30], or null"),
    ("optimizer.beta1", 1.0, "in [0, 1)"),
    ("optimizer.beta2", -0.1, "in [0, 1)"),
    ("optimizer.eps", 0.0, "1e-37 or more"),
    ("stop.patience", 0, "positive or null"),
    ("stop.min_delta", -1.0, "0 or more"),
    ("stop.weights_tol", 0.0, "positive or null"),
    ("stop.seconds", 0.0, "positive or null"),
    ("tracking.histograms", -1, "0 or more"),
    ("tracking.checkpoint_share", 1.5, "in [0, 1]"),
    ("tracking.checkpoint_share", -0.5, "in [0, 1]"),
]
"""Every numeric field of the composed defaults."""

OUT_OF_RANGE_ELSEWHERE: list[tuple[str, str, object, str]] = [
    ("optimizer=momentum", "optimizer.alpha", 1.0, "in [0, 1)"),
    ("optimizer=heavy_ball", "optimizer.momentum", 1.0, "in [0, 1)"),
    ("optimizer=nesterov", "optimizer.momentum", -0.1, "in [0, 1)"),
    ("optimizer=adagrad", "optimizer.lr_decay", -0.1, "0 or more"),
    ("optimizer=adagrad", "optimizer.initial_accumulator", -0.1, "0 or more"),
    ("optimizer=adagrad", "optimizer.eps", 0.0, "1e-37 or more"),
    ("optimizer=adadelta", "optimizer.rho", 1.0, "in [0, 1)"),
    ("optimizer=adadelta", "optimizer.eps", -1.0, "1e-37 or more"),
    ("optimizer=rmsprop", "optimizer.rho", 1.0, "in [0, 1)"),
    ("optimizer=rmsprop", "optimizer.momentum", 1.0, "in [0, 1)"),
    ("optimizer=rmsprop", "optimizer.eps", 0.0, "1e-37 or more"),
    ("schedule=step", "schedule.step_size", 0, "1 or more"),
    ("schedule=step", "schedule.gamma", 0.0, "in (0, 1]"),
    ("schedule=cosine", "schedule.floor", 1.5, "in [0, 1]"),
    ("schedule=warmup", "schedule.warmup_epochs", 0, "1 or more"),
    ("schedule=warmup", "schedule.start", 0.0, "in (0, 1]"),
    ("schedule=plateau", "schedule.gamma", 1.0, "in (0, 1)"),
    ("schedule=plateau", "schedule.patience", -1, "0 or more"),
    ("schedule=plateau", "schedule.threshold", 1.0, "in [0, 1)"),
    ("data=sine", "data.rows", 0, "from 1 to 100,000,000"),
    ("data=sine", "data.noise", -0.1, "0 or more"),
    ("data=sine", "data.periods", 0.0, "positive"),
    ("data=sine", "data.outliers", 1.0, "in [0, 1)"),
    ("data=circles", "data.rows", -5, "from 1 to 100,000,000"),
    ("data=gaussians", "data.classes", 1, "from 2 to 10,000"),
    ("data=spirals", "data.classes", 1, "from 2 to 10,000"),
    ("data=spirals", "data.classes", 10**9, "from 2 to 10,000"),
    ("data=circles", "data.rows", 10**20, "from 1 to 100,000,000"),
    ("data=spirals", "data.turns", 0.0, "positive"),
]


def numeric_leaves(values: Plain, path: str = "") -> set[str]:
    """Keys whose value is a number, or null where a number may stand."""
    leaves: set[str] = set()
    for key, value in values.items():
        full = f"{path}{key}"
        if isinstance(value, dict):
            leaves |= numeric_leaves(value, f"{full}.")
        elif (type(value) in (int, float) or value is None) and full != "resume":
            leaves.add(full)
    return leaves


def test_every_number_has_a_value_out_of_range() -> None:
    """A new numeric setting needs a limit, and a case."""
    assert {key for key, _, _ in OUT_OF_RANGE} == numeric_leaves(values_of())


@pytest.mark.parametrize(("key", "value", "rule"), OUT_OF_RANGE)
def test_a_number_out_of_range(key: str, value: object, rule: str) -> None:
    """`<key> must be <rule>, got <value>`."""
    line = refused_values(changed(values_of(), {key: value}))
    assert line == f"{key} must be {rule}, got {value!r}"


@pytest.mark.parametrize(("choice", "key", "value", "rule"), OUT_OF_RANGE_ELSEWHERE)
def test_a_number_of_another_choice_out_of_range(
    choice: str, key: str, value: object, rule: str
) -> None:
    """The same for settings that only some choices have."""
    line = refused_values(changed(values_of(choice), {key: value}))
    assert line == f"{key} must be {rule}, got {value!r}"


@pytest.mark.parametrize("key", sorted(numeric_leaves(values_of())))
@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_number_that_is_none(key: str, value: float) -> None:
    """NaN is no value of any setting, and none goes below all numbers."""
    assert key in refused_values(changed(values_of(), {key: value}))


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("seed", 1.0, "a whole number"),
        ("seed", True, "a whole number"),
        ("epochs", "ten", "a whole number"),
        ("epochs", None, "a whole number"),
        ("batch_size", 1.5, "a whole number or text"),
        ("dtype", 32, "text"),
        ("quiet", 1, "true or false"),
        ("quiet", "no", "true or false"),
        ("model.width", "wide", "a whole number or a list"),
        ("model.width", [8, "x", 8], "a whole number"),
        ("model.activation", [1, 2, 3], "text"),
        ("model.dropout", "half", "a number"),
        ("model.dropout", True, "a number"),
        ("optimizer.lr", "fast", "a number"),
        ("optimizer.lr", None, "a number"),
        ("optimizer.amsgrad", "yes", "true or false"),
        ("stop.patience", 2.5, "a whole number or null"),
        ("data.train_rows", "all", "a whole number or null"),
        ("tracking.report", 0, "true or false"),
    ],
)
def test_a_value_of_another_type(key: str, value: object, wanted: str) -> None:
    """`<key> must be <a type in words>, got <value>`; in a list too."""
    line = refused_values(changed(values_of(), {key: value}))
    assert line.startswith(f"{key} must be {wanted}, got ")


def test_a_whole_number_is_a_number() -> None:
    """1 for a learning rate is 1.0."""
    assert read(Config, changed(values_of(), {"optimizer.lr": 1}), "").optimizer.lr == 1.0


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["sed=1"], "unknown key 'sed': did you mean 'seed'? ("),
        (["+sed=1"], "unknown key 'sed': did you mean 'seed'? ("),
        (
            ["optimizer.lrr=1"],
            "unknown key 'optimizer.lrr': did you mean 'optimizer.lr'? (optimizer has ",
        ),
        (
            ["+optimizer.lrr=1"],
            "unknown key 'optimizer.lrr': did you mean 'optimizer.lr'? (optimizer has ",
        ),
        (["model.widht=1"], "unknown key 'model.widht': did you mean 'model.width'? (model has "),
        (
            ["+stop.patienc=1"],
            "unknown key 'stop.patienc': did you mean 'stop.patience'? (stop has ",
        ),
        (["tracking.raport=1"], "unknown key 'tracking.raport': did you mean 'tracking.report'? ("),
        (["data.rows=5"], "unknown key 'data.rows'"),
        (["~epochs"], "epochs is missing from the config"),
        (["~optimizer.lr"], "optimizer.lr is missing from the config"),
        (["optimizer=adm"], "unknown optimizer 'adm': did you mean 'adam'? (adadelta, "),
        (["data=a/b.csv"], "unknown data 'a/b.csv': did you mean data=table data.path=a/b.csv?"),
        (["data=Größe.csv"], "unknown data 'Größe.csv': did you mean data=table 'data.path=Größe"),
        (["data=digits.png"], "unknown data 'digits.png': did you mean 'digits'? (absolute, "),
        (["batch_size=1e3"], "batch_size must be a whole number or text, got 1000.0: write 1000"),
        (["data=digitz"], "unknown data 'digitz': did you mean 'digits'? (absolute, "),
        (["model=deeep"], "unknown model 'deeep': did you mean 'deep'? (deep, perceptron, "),
        (["schedule=cosin"], "unknown schedule 'cosin': did you mean 'cosine'? (constant, "),
        (["loss=bcee"], "unknown loss 'bcee': did you mean 'bce'? (auto, bce, "),
        (["experiment=spiral"], "unknown experiment 'spiral': did you mean 'spirals'? ("),
        (["model.activation=rleu"], "unknown model.activation 'rleu': did you mean 'relu'? ("),
        (["model.output=sofmax"], "unknown model.output 'sofmax': did you mean 'softmax'? ("),
        (["model.init=hee"], "unknown model.init 'hee': did you mean 'he'? ("),
        (["device=gpu"], "unknown device 'gpu': did you mean 'cpu'? (auto, cpu, cuda)"),
        (["dtype=float16"], "unknown dtype 'float16': did you mean 'float"),
        (["gradient=auto"], "unknown gradient 'auto'"),
        (["stop.monitor=metrik"], "unknown stop.monitor 'metrik': did you mean 'metric'? ("),
        (["schedule=warmup", "schedule.then=cosin"], "unknown schedule.then 'cosin': did you "),
        (["model=3"], "a group is chosen by the name"),
        (["seed=0,1"], "seed=0,1 gives several values: put -m before the overrides"),
        (["optimizer=adam,sgd"], "optimizer=adam,sgd gives several values: put -m before"),
        (["seed"], "'seed' is not a setting: settings are written as key=value"),
        (["optimizer.lr=[1"], "[1"),
        (["seed=${nothing}"], "nothing"),
    ],
)
def test_a_key_or_name_that_is_not_there(overrides: list[str], line: str, tmp_path: Path) -> None:
    """The full key, what it was probably meant to be, and what there is."""
    found = refused(*overrides, folder=tmp_path / "run")
    assert found.startswith(line) or (len(line) < 10 and line in found)
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["data=digits", "loss=bce"],
            "loss=bce does not fit a multiclass target: use cce or mae or mse",
        ),
        (
            ["data=diabetes", "loss=cce"],
            "loss=cce does not fit a regression target: use mae or mse",
        ),
        (
            ["data=moons", "loss=cce", "model.output=sigmoid"],
            "loss=cce does not fit model.output=sigmoid: use loss=bce or mse or mae,"
            " or model.output=softmax",
        ),
        (
            ["data=diabetes", "model.output=softmax"],
            "model.output=softmax does not fit a regression target,"
            " which is not confined to its range: use linear",
        ),
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
            "data.val_fraction=0.15 of 3 rows is none: use 0, or more rows",
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
            ["schedule=warmup", "epochs=5"],
            "schedule.warmup_epochs must be below epochs=5, got 5",
        ),
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


def test_a_diverging_run_says_where_and_keeps_its_record(tmp_path: Path) -> None:
    """The folder is complete, its result says that the run diverged, and its best epoch counts."""
    line = refused("data=iris", "optimizer=sgd", "optimizer.lr=1e30", *BARE, folder=tmp_path)
    assert line.startswith("diverged: the loss was no longer finite by epoch 1, step ")
    assert line.endswith(
        f" at learning rate 1e+30: try a smaller optimizer.lr or optimizer.clip_norm=1 ({tmp_path})"
    )
    assert {"result.json", "curves.csv", "model.safetensors"} <= written(tmp_path)
    assert '"status": "diverged"' in (tmp_path / "result.json").read_text()
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 2


def test_a_diverging_run_says_what_to_try(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command to paste, beside the error; its rate is a tenth."""
    words = ["data=iris", "optimizer=sgd", "optimizer.lr=1e30", "tracking.report=false"]
    refused(*words, "tracking.tensorboard=false", folder=tmp_path)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("try: ")
    assert last.endswith(" optimizer.lr=1e+29")


def test_runs_are_never_overwritten(tmp_path: Path) -> None:
    """A second run in the same folder is refused, and the first stays as it was."""
    train(tmp_path, "data=iris", "epochs=1", *BARE)
    before = {name: (tmp_path / name).read_bytes() for name in written(tmp_path)}
    line = refused("data=wine", "epochs=1", *BARE, folder=tmp_path)
    assert line == (
        f"{tmp_path} holds a run already, and runs are never overwritten: choose another folder,"
        f" or resume it with resume={tmp_path}"
    )
    assert {name: (tmp_path / name).read_bytes() for name in written(tmp_path)} == before


RESUME_KEYS = "epochs, quiet, device, threads, stop, tracking"


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["epochs=2"], "resume={run} has finished its 2 epochs: set epochs to more than 2"),
        (
            ["optimizer.lr=0.1"],
            "optimizer.lr cannot change when a run goes on: resume={run} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
        (
            ["epochs=5", "seed=1"],
            f"seed cannot change when a run goes on: resume={{run}} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
        (
            ["optimizer=sgd"],
            "optimizer cannot change when a run goes on: resume={run} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
    ],
)
def test_a_run_that_cannot_go_on(overrides: list[str], line: str, tmp_path: Path) -> None:
    """A finished one, or one that is asked to become another."""
    run = train(tmp_path / "run", "data=iris", "epochs=2", *BARE)
    before = {name: (run / name).read_bytes() for name in written(run)}
    assert refused(f"resume={run}", *overrides, folder=run) == line.format(run=run)
    assert {name: (run / name).read_bytes() for name in written(run)} == before


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    """Also one without a checkpoint, and one whose checkpoint is of another network."""
    line = refused(f"resume={tmp_path}", folder=tmp_path)
    assert line == f"{tmp_path} is not a run folder: it has no config.yaml"
    run = train(tmp_path / "run", "data=iris", "epochs=1", *BARE)
    other = train(tmp_path / "other", "data=wine", "epochs=1", *BARE)
    shutil.copy(other / "checkpoint.safetensors", run)
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.endswith(": the rows of data=iris have changed since it began: train a new run")
    (run / "checkpoint.safetensors").write_bytes(b"broken")
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"{run}/checkpoint.safetensors is damaged, or of another version: ")
    (run / "checkpoint.safetensors").unlink()
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"{run} has no checkpoint.safetensors: it stopped before the first one")


def test_a_run_whose_settings_were_edited(tmp_path: Path) -> None:
    """Its curves would be of two runs; what may change when it goes on may be edited, too."""
    run = train(tmp_path / "run", "data=iris", "epochs=2", *BARE)
    kept = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(kept.replace("lr: 0.001", "lr: 0.1"))
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"resume={run}: its config.yaml is not what it began with: undo the ")
    (run / "config.yaml").write_text(kept.replace("epochs: 2", "epochs: 3"))
    train(run, f"resume={run}")
    assert len(curves(run)) == 3


def test_a_run_whose_rows_have_changed(tmp_path: Path) -> None:
    """The file may move, but not hold something else."""
    rows = ["x,y"] + [f"{i * i % 11},{i % 7}" for i in range(50)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(rows))
    words = ("data=table", f"data.path={table}", "data.target=y", "data.task=regression")
    run = train(tmp_path / "run", *words, "epochs=2", *BARE)
    table.write_text("\n".join([*rows[:-1], "49,100"]))
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line == (
        f"resume={run}: the rows of data.path={table} have changed since it began: train a new run"
    )
    table.unlink()
    moved = tmp_path / "moved.csv"
    moved.write_text("\n".join(rows))
    kept = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(kept.replace(str(table), str(moved)))
    train(run, f"resume={run}", "epochs=3")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "not enough memory"),
        (MemoryError("Unable to allocate 7 TiB"), "not enough memory: Unable to allocate 7 TiB"),
        (RuntimeError("CUDA out of memory"), "not enough memory: CUDA out of memory"),
    ],
)
def test_what_is_too_large(error: Exception, line: str) -> None:
    """As numpy and torch say it, and as Python does, which says nothing."""
    assert explain(error) == line


def test_a_network_deeper_than_the_machine_can_hold() -> None:
    """Its layers are as wide as usual."""
    line = refused("data=iris", "model.depth=100000", "model.width=1000")
    assert line.startswith("model.depth=100000 makes "), line
    assert line.endswith(": use a smaller model.depth"), line


def test_a_network_larger_than_the_machine() -> None:
    """Refused by the key that makes it so, before anything is allocated."""
    line = refused("data=iris", "model.width=10000000")
    assert re.fullmatch(
        r"model\.width=10000000 makes 200,000,[\d,]+ parameters, which take [\d,]+ GiB to train;"
        r" this machine has \d+: use a smaller model\.width",
        line,
    ), line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("epochs: 3\n", "an experiment's file must begin with the line '# @package _global_'"),
        ("epochs: 3\n  seed: 2\n", "{file} is no YAML: line 2, column 7: mapping values are not"),
        ("model: [1,\n", "{file} is no YAML: line 2, column 1: expected the node content"),
    ],
)
def test_a_file_of_ones_own(content: str, line: str, tmp_path: Path) -> None:
    """A beginner's first experiment file."""
    file = tmp_path / "experiment" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(content)
    done = command(["--config-dir", str(tmp_path), "experiment=mine"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(line.format(file=file)), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_explain_keeps_silent_about_our_own_mistakes() -> None:
    """Anything that the user cannot mend keeps its traceback."""
    for error in (ValueError("x"), KeyError("x"), RuntimeError("x"), OSError("no file named")):
        assert explain(error) is None


def test_explain_a_disk_error() -> None:
    """It names the file."""
    with pytest.raises(OSError, match="/dev/null/run") as caught:
        Path("/dev/null/run").mkdir()
    assert explain(caught.value) == "cannot use /dev/null/run: Not a directory"


def test_only_what_hydra_wrote_is_removed(tmp_path: Path) -> None:
    """A folder with anything else in it stays."""
    (tmp_path / "run" / ".hydra").mkdir(parents=True)
    assert remove_unused(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "other" / ".hydra").mkdir(parents=True)
    (tmp_path / "other" / "notes.txt").touch()
    assert not remove_unused(tmp_path / "other")
    assert written(tmp_path) == {"other/notes.txt"}


def test_folders_as_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Relative below the working folder, else absolute."""
    monkeypatch.chdir(tmp_path)
    assert as_typed(tmp_path / "outputs" / "a") == Path("outputs/a")
    assert as_typed(Path("/elsewhere/a")) == Path("/elsewhere/a")


def test_an_unknown_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`mlp-lab trian` lists the commands."""
    monkeypatch.setattr(sys, "argv", ["mlp-lab", "trian"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error == (
        "unknown command 'trian': did you mean 'train'?"
        " (train, predict, evaluate, compare, trace, lesson, dashboard)\n"
    )


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


def test_what_is_refused_before_data_is_read() -> None:
    """A problem is posed from a valid config alone; `pose` never sees a wrong one."""
    overrides = ("data=iris", "batch_size=98")
    config, _ = from_hydra(compose(*overrides), overrides)
    assert pose(config).rows == {"train": 98, "val": 22, "test": 30}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["model=perceptron", "model.dropout=0.5"],
            "model.dropout must be 0 with model.depth=0, which has no hidden units to drop",
        ),
        (["model.width=10000000"], "model.width=10000000 makes "),
        (
            ["data=moons", "data.rows=1000000000000"],
            "data.rows must be from 1 to 100,000,000, got 1",
        ),
        (["data=gaussians", "data.noise=1e308", "quiet=true"], "x_1 holds numbers that are too"),
        (["optimizer.lr=1e300"], "optimizer.lr must be at most 1e30, got 1e+300"),
        (["model=[deep,wide]"], "model takes one name, got [deep,wide]: "),
        (["--epochs", "5"], "unknown option '--epochs': settings are written without dashes"),
        (
            ["data.path=survey.csv"],
            "unknown key 'data.path': only data=table has it",
        ),
        (["--cfg"], "argument --cfg/-c: expected one argument"),
        (["--multirun=3"], "argument --multirun/-m: ignored explicit argument '3'"),
        (["+epochs=5"], "+epochs: epochs is a setting already, without the plus sign: epochs=..."),
        (["resume="], "resume= needs the folder of a run"),
        (
            ["data.types.Größe=category"],
            "cannot read 'data.types.Größe=category': keys on a command",
        ),
        (["--foo"], "unknown option '--foo': --help names those that there are"),
        (["deep"], "'deep' is not a setting: settings are written as key=value, as in model=deep"),
        (["data.types.größe=text"], "cannot read 'data.types.größe=text': keys on a command line"),
        (["data.types={größe: text}"], "cannot read 'data.types={größe: text}': keys on a command"),
        (["model.width=[1,2"], "cannot read 'model.width=[1,2': do its brackets, quotes and comm"),
        (["--config-name", "nope"], "no file nope.yaml: neither in configs/ nor in the folder of"),
        (["optimizer.name=sgd"], "optimizer.name follows from its group: use optimizer=sgd"),
        (["loss.foo=1"], "unknown key 'loss.foo' (loss has no settings)"),
        (["data.noise=1"], "unknown key 'data.noise': only data=circles|moons|xor"),
        (["device=cuda"], "device=cuda, but torch sees no CUDA device here: use device=cpu"),
        (["lr=0.1"], "unknown key 'lr': did you mean optimizer.lr?"),
        (["threads=1000"], "threads must be at most the "),
        (["resume=123"], "123 is not a run folder: it has no config.yaml"),
    ],
)
def test_a_command_that_cannot_work(arguments: list[str], message: str, tmp_path: Path) -> None:
    """One line on stderr that says so, exit status 1, nothing left behind."""
    done = command(arguments, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert written(tmp_path) == set()


@pytest.mark.parametrize("key", ["delimiter", "decimal", "quote"])
@pytest.mark.parametrize("typed", [";", ",", "|", "'", '"', ":", "\t", "\\t", "auto", "a", ""])
def test_signs_as_a_shell_hands_them_on(key: str, typed: str) -> None:
    """`data.delimiter=';'` loses its quotes before the command sees it."""
    (read_back,) = OverridesParser.create().parse_overrides([readable(f"data.{key}={typed}")])
    assert read_back.value() == typed.replace("\\t", "\t")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("data.path=Übung (1).csv", "Übung (1).csv"),
        ("data.path=a=b & c.csv", "a=b & c.csv"),
        ("data.path=/a b/c.csv", "/a b/c.csv"),
        ("data.path='größe, (x).csv'", "größe, (x).csv"),
        ("data.path=it's.csv", "it's.csv"),
        ('data.path=it\'s "1".csv', 'it\'s "1".csv'),
        ("data.path=~/a.csv", str(Path.home() / "a.csv")),
        ("data.path=C:\\größe\\", "C:\\größe\\"),
        ("data.path=it's C:\\ö\\", "it's C:\\ö\\"),
        ("resume=Läufe (alt)/1", "Läufe (alt)/1"),
        ("data.target=größe", "größe"),
        ("data.target=age", "age"),
        ("data.drop=[a b, R&D , Income (net),größe]", ["a b", "R&D", "Income (net)", "größe"]),
        ("data.drop=[Größe, zip code,'a,b']", ["Größe", "zip code", "a,b"]),
        ("data.missing=[-9,n/a,k.A.,'a, b']", [-9, "n/a", "k.A.", "a, b"]),
        ("data.missing=[]", []),
        ("data.features=null", None),
        ("data.types={zip code: category}", {"zip code": "category"}),
        ("loss=auto", "auto"),
    ],
)
def test_names_as_people_choose_them(typed: str, value: object) -> None:
    """Of files and columns: what Hydra would take for grammar, or not take at all, is quoted."""
    (read_back,) = OverridesParser.create().parse_overrides([readable(typed)])
    assert read_back.value() == value


def test_several_names_are_a_sweep() -> None:
    """The home folder may be in each of them."""
    typed = "data.path=a.csv,ü (1).csv,~/b.csv"
    (several,) = OverridesParser.create().parse_overrides([readable(typed)])
    assert several.is_choice_sweep()
    assert list(several.sweep_string_iterator()) == [
        "a.csv",
        "'ü (1).csv'",
        str(Path.home() / "b.csv"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        *("model.width=[1,2", "epochs==5", "epochs=", "seed=0,1", "~epochs", "model.width=(1)"),
        *("data.fold=range(0,3)", "data.target=choice(a,b)", "data.target=choice(ä,b)"),
        *("resume", "data.path"),
    ],
)
def test_other_words_stay_as_they_are(typed: str) -> None:
    """What cannot be read is refused by the words that were typed."""
    assert readable(typed) == typed


def test_a_run_that_was_killed_as_it_claimed_its_folder(tmp_path: Path) -> None:
    """Its config.yaml is empty; the first setting that it lacks is not what is wrong."""
    (tmp_path / "config.yaml").touch()
    line = refused(f"resume={tmp_path}")
    assert line == f"{tmp_path} holds a run that stopped before it began: nothing to resume from"


def test_names_in_another_case_are_near() -> None:
    """Short ones too."""
    assert nearest("AGE", ["y", "age"]) == ": did you mean 'age'?"
    assert nearest("ages", ["y", "age"]) == ": did you mean 'age'?"
    assert nearest("zzz", ["y", "age"]) == ""


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


def test_a_run_whose_config_cannot_be_read(tmp_path: Path) -> None:
    """Hydra asks for it while it resolves the folder."""
    program = """
from mlp_lab.commands import composing, train
def locked(folder):
    raise PermissionError(13, "Permission denied", f"{folder}/config.yaml")
composing.saved_values = locked
train.main()
"""
    done = command(["resume=run"], tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (1, "cannot use run/config.yaml: Permission denied\n")
