"""What others raise is explained in one line, and our own mistakes are not."""

from pathlib import Path

import pytest
import yaml
from hydra.errors import HydraException
from lab import call, refused, written
from omegaconf import OmegaConf

from mlp_lab.config.messages import explain
from mlp_lab.errors import UserError


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
        (["device=gpu"], "unknown device 'gpu': did you mean 'cuda'? (auto, cpu, cuda)"),
        (
            ["loss=cross_entropy"],
            "unknown loss 'cross_entropy': did you mean 'cce'? (auto, bce, cce, focal, huber, mae,"
            " mse, ordinal, poisson, quantile)",
        ),
        (["dtype=float16"], "unknown dtype 'float16': did you mean 'float"),
        (["gradient=auto"], "unknown gradient 'auto'"),
        (
            ["devices=64"],
            "devices must be at most batch_size=32: each has a part of every batch, g",
        ),
        (["devices=2", "kernel=native"], "kernel must be auto or torch with devices=2, got native"),
        (
            ["devices=2", "model.normalisation=batch"],
            "model.normalisation=batch takes means over a whole batch, of which each of devices=2 ",
        ),
        (["devices=2", "budget=5s"], "budget=5s trains many networks side by side, and devices=2 "),
        (["autocast=bf16"], "unknown autocast 'bf16': did you mean 'bfloat16'? (bfloat16, none)"),
        (["autocast=float16"], "autocast=float16 needs a loss that is scaled, or small gradients "),
        (
            ["autocast=bfloat16", "dtype=float64"],
            "dtype must be float32 with autocast=bfloat16, which torch does on a GPU, got float64",
        ),
        (
            ["autocast=bfloat16", "device=cpu"],
            "device must be auto or cuda with autocast=bfloat16, which torch does on a GPU, ",
        ),
        (["autocast=bfloat16", "kernel=native"], "kernel must be auto or torch with autocast=bf"),
        (["stop.monitor=metrik"], "unknown stop.monitor 'metrik': did you mean 'metric'? ("),
        (["schedule=warmup", "schedule.then=cosin"], "unknown schedule.then 'cosin': did you "),
        (["model=3"], "a group is chosen by the name"),
        (["stop=[1]"], "stop must be a group of settings, got [1]"),
        (
            ["averaging=ema"],
            "averaging must be a group of settings (averaging.kind, averaging.deca",
        ),
        (["device=false"], "device must be text, got false"),
        (["data=table", "data.types=[1,-2]"], "data.types must be a group of settings, got [1,-2]"),
        (["data=table", "data.drop={a:1}"], "data.drop must be a list, got {a:1}"),
        (["seed=0,1"], "seed=0,1 gives several values: put -m before the overrides"),
        (["optimizer=adam,sgd"], "optimizer=adam,sgd gives several values: put -m before"),
        (["seed"], "'seed' is no"),
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
    ("content", "line"),
    [
        (
            "epochs: 3\n  seed: 2\n",
            "{file} is not valid YAML: line 2, column 7: mapping values are not",
        ),
        ("model: [1,\n", "{file} is not valid YAML: line 2, column 1: expected the node content"),
    ],
)
def test_a_file_that_is_not_valid_yaml(content: str, line: str, tmp_path: Path) -> None:
    """Its name, and where in it."""
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    with pytest.raises(yaml.YAMLError) as caught:
        OmegaConf.load(file)
    found = explain(caught.value)
    assert found is not None
    assert found.startswith(line.format(file=file))
    assert len(found.splitlines()) == 1


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """A beginner's first experiment file, through all of Hydra."""
    file = tmp_path / "experiment" / "mine.yaml"
    file.parent.mkdir()
    for content, line in (
        ("epochs: 3\n", "an experiment's file must begin with the line '# @package _global_'"),
        ("model: [1,\n", "experiment/mine.yaml is not valid YAML: line 2"),
    ):
        file.write_text(content)
        done = call(["--config-dir", str(tmp_path), "experiment=mine"], tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith(line), done.stderr
        assert len(done.stderr.splitlines()) == 1


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


def test_explain_keeps_silent_about_our_own_mistakes() -> None:
    """Anything that the user cannot mend keeps its traceback."""
    for error in (ValueError("x"), KeyError("x"), RuntimeError("x"), OSError("no file named")):
        assert explain(error) is None


def test_explain_a_disk_error() -> None:
    """It names the file."""
    with pytest.raises(OSError, match="/dev/null/run") as caught:
        Path("/dev/null/run").mkdir()
    assert explain(caught.value) == "cannot use /dev/null/run: Not a directory"


def test_what_we_say_comes_first() -> None:
    """Whatever a library raised on the way, before or after."""
    ours = UserError("epochs must be 1 or more")
    ours.__context__ = MemoryError()
    theirs = HydraException("Error in resolver")
    theirs.__cause__ = ours
    assert explain(theirs) == explain(ours) == "epochs must be 1 or more"


def test_a_refused_file_within_hydras_error() -> None:
    """The file and the reason, not that a library could not load a configuration."""
    error = HydraException("could not load")
    error.__cause__ = PermissionError(13, "Permission denied", "a.yaml")
    assert explain(error) == "cannot use a.yaml: Permission denied"
    assert explain(OSError(28, "No space left on device")) == (
        "cannot use a file: No space left on device"
    )


def test_several_lines_of_hydra_are_one() -> None:
    """Where nothing better is known."""
    assert explain(HydraException(" In 'a':\n\n  b is wrong\n")) == "In 'a':; b is wrong"


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("seed=${nosuch}", "there is no key 'nosuch'"),
        ("model.width=[1,${nosuch}]", "there is no key 'nosuch'"),
        ("seed=${seed}", "recursive interpolation detected"),
        ("seed=${foo:1}", "unsupported interpolation type foo"),
    ],
)
def test_a_reference_to_nothing(word: str, why: str, tmp_path: Path) -> None:
    """One line with the key that refers, of one run and of a sweep; no folder is left."""
    key = word.partition("=")[0]
    for options in ([], ["-m"]):
        done = call([*options, word, "data=iris"], tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
        assert key in done.stderr
        assert f"refers to what cannot be found: {why}" in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_name_that_looks_like_a_reference(tmp_path: Path) -> None:
    r"""It is told how it is typed, and found as it is told: `\${y}`."""
    rows = "\n".join(f"{i % 7},{'pq'[i % 2]},{i % 5}.5" for i in range(60))
    (tmp_path / "t.csv").write_text(f"x,${{y}},z\n{rows}\n")
    words = ["data=table", "data.path=t.csv", "data.report_only=true", "model=shallow"]
    done = call([*words, "data.target=${y}"], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    missing = "data.target refers to what cannot be found: there is no key 'y'"
    assert done.stderr == f"{missing}; '\\${{' begins a name that holds ${{\n"
    done = call([*words, r"data.target=\${y}"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\n${y} (binary): p 50.0%, q 50.0%\n" in done.stdout
