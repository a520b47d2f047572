"""Configurations from strangers: whatever they say, nothing in them runs or writes elsewhere."""

import json
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from lab import BARE, call, train, written

OPENED = {"_target_": "builtins.open", "_args_": ["MARK", "w"]}
LOGGING = {
    "version": 1,
    "handlers": {"x": {"class": "logging.FileHandler", "filename": "MARK"}},
    "root": {"handlers": ["x"]},
}

HARMFUL: dict[str, dict[str, object]] = {
    "pickle": {"callbacks": {"x": {"_target_": "pandas.read_pickle", "_args_": ["PICKLE"]}}},
    "torch": {"callbacks": {"x": {"_target_": "torch.load", "f": "PICKLE"}}},
    "open": {"callbacks": {"x": OPENED}},
    "copy": {"callbacks": {"x": {"_target_": "shutil.copy", "src": "PICKLE", "dst": "MARK"}}},
    "nested": {"callbacks": {"x": {"_target_": "builtins.dict", "y": OPENED}}},
    "sweeper": {"sweeper": {"_target_": "builtins.dict", "params": {"x": OPENED}}},
    "below sweeper": {"sweeper": {"params": OPENED}},
    "interpolated": {"sweeper": {"_target_": "${hydra.help.footer}"}, "help": {"footer": "os.abc"}},
    "launcher": {"launcher": {"_target_": "numpy.savetxt", "fname": "MARK", "X": [1]}},
    "below launcher": {"launcher": {"x": OPENED}},
    "log of jobs": {"job_logging": LOGGING},
    "own log": {"hydra_logging": LOGGING},
    "formatter": {"job_logging": {"formatters": {"x": {"()": "os.system"}}}},
    "environment": {"job": {"env_set": {"PATH": "MARK"}}},
    "copied environment": {"job": {"env_copy": ["HOME"]}},
    "folder elsewhere": {"run": {"dir": "MARK"}, "sweep": {"dir": "MARK"}},
    "folder above": {"run": {"dir": "../x"}, "sweep": {"dir": "../x"}},
    "record elsewhere": {"output_subdir": "../../x"},
    "other name": {"job": {"name": "../../x"}},
    "other place": {"job": {"chdir": True}},
    "words": {"overrides": {"hydra": ["hydra.run.dir=MARK"]}},
}
"""What stands under `hydra`; each would make the file MARK, or something beside the run."""


@dataclass(frozen=True)
class Creates:
    """A pickle that makes a file when it is loaded."""

    mark: str

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        """How a pickle calls a shell."""
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working directory with a pickle that makes the file `mark` beside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "notes.pkl").write_bytes(pickle.dumps(Creates(str(tmp_path / "mark"))))
    return folder


def section(name: str, here: Path) -> dict[str, object]:
    """One of `HARMFUL` with the paths of a working directory."""
    text = json.dumps({"hydra": HARMFUL[name]})
    text = text.replace("MARK", str(here.parent / "mark"))
    found: dict[str, object] = json.loads(text.replace("PICKLE", str(here / "notes.pkl")))
    return found


def attacked(here: Path, *words: str) -> str:
    """The one line by which a command is refused; it has written nothing anywhere."""
    before = written(here.parent)
    done = call([*words, "data=iris", "epochs=1", *BARE], here)
    assert written(here.parent) == before
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


def experiment(here: Path, content: Mapping[str, object], header: str = "_global_") -> list[str]:
    """The words that choose an experiment's file of this content."""
    file = here / "strange" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"# @package {header}\n{yaml.safe_dump(dict(content))}")
    return ["--config-dir", "strange", "experiment=mine"]


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("sweep", [False, True], ids=["run", "sweep"])
def test_an_experiment_runs_nothing(name: str, sweep: bool, here: Path) -> None:
    """In a single run or the jobs of a sweep."""
    words = experiment(here, section(name, here))
    line = attacked(here, *words, *(["-m", "seed=0,1"] if sweep else []))
    assert line.startswith("hydra.") or "Key '" in line or "hydra" in line


@pytest.mark.parametrize("name", ["pickle", "log of jobs", "sweeper", "environment"])
@pytest.mark.parametrize("launcher", ["basic", "stacked"])
def test_a_swept_experiment_runs_nothing(name: str, launcher: str, here: Path) -> None:
    """Chosen by some jobs of a sweep only, by either launcher."""
    *words, _ = experiment(here, section(name, here))
    words += ["-m", "experiment=spirals,mine", f"hydra/launcher={launcher}"]
    assert "hydra." in attacked(here, *words)


OUTSIDE: Mapping[str, Mapping[str, object]] = {
    "latex": {"sweep": {"latex": "../outside.tex"}},
    "latex below": {"sweep": {"latex": "thesis.tex"}},
    "latex by reference": {"sweep": {"latex": "${data.path}.tex"}},
    "sweep": {"sweep": {"resume": "../victim"}},
    "run": {"resume": "../victim"},
}
"""Settings by which a file would choose what is written to."""


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("words", [[], ["-m", "seed=0,1"], ["-m", "experiment=spirals,mine"]])
def test_an_experiment_writes_to_no_place_of_its_own(
    name: str, words: list[str], here: Path
) -> None:
    """Nor does it overwrite a file of the working directory."""
    train(here.parent / "victim", "data=iris", "epochs=1", *BARE)
    (here / "thesis.tex").write_text("precious")
    *extra, chosen = experiment(here, OUTSIDE[name])
    several = any("experiment" in word for word in words)
    line = attacked(here, *extra, *([] if several else [chosen]), *words)
    assert "resume" in line or "sweep.latex of a file must be null, got " in line
    assert (here / "thesis.tex").read_text() == "precious"


@pytest.mark.parametrize("key", ["resume", "sweep.resume", "sweep.latex"])
def test_a_whole_configuration_resumes_nothing(key: str, here: Path) -> None:
    """Only words that somebody typed do, though a run's own file has the key."""
    train(here.parent / "victim", "data=iris", "epochs=1", *BARE)
    run = train(here / "run", "data=iris", "epochs=1", *BARE)
    text = (run / "config.yaml").read_text().replace("resume: null\n", "")
    said = {"resume": "../victim"} if key == "resume" else {"sweep": {key[6:]: "../victim"}}
    (run / "config.yaml").write_text(text + yaml.safe_dump(said))
    before = written(here.parent)
    for words in ([], ["-m", "seed=0,1"]):
        done = call(["--config-dir", "run", "--config-name", "config", *words], here)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"{key} of a file must be null")
        assert written(here.parent) == before


@pytest.mark.parametrize("name", HARMFUL)
def test_a_file_for_a_package_runs_nothing(name: str, here: Path) -> None:
    """Its header, or a defaults list, may put it anywhere in the configuration."""
    ((key, content),) = list(section(name, here)["hydra"].items())[:1]  # type: ignore[attr-defined]
    if isinstance(content, dict):
        assert "hydra" in attacked(here, *experiment(here, content, f"hydra.{key}"))


@pytest.mark.parametrize("name", [*HARMFUL, "package"])
def test_the_configuration_of_a_run_says_nothing_of_hydra(name: str, here: Path) -> None:
    """Whole, as the documented way to repeat a run takes it, and when it is resumed."""
    run = train(here / "run", "data=iris", "epochs=1", *BARE)
    said = {"hydra": {"searchpath": ["pkg://this"]}} if name == "package" else section(name, here)
    config = run / "config.yaml"
    config.write_text(config.read_text() + yaml.safe_dump(said))
    before = written(here.parent)
    for words in (["--config-dir", "run", "--config-name", "config"], ["resume=run"]):
        done = call(words, here)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(
            ("run/config.yaml: unknown key 'hydra'", "unknown key 'hydra'")
        )
        assert len(done.stderr.splitlines()) == 1
    assert written(here.parent) - before <= {"here/run/train.log"}


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("+hydra.callbacks.x._target_=os.abort", "hydra.callbacks.x._target_ cannot be set"),
        ("+hydra.callbacks.x={_target_: os.abort}", "hydra.callbacks.x._target_ cannot be set"),
        ("hydra.launcher._target_=os.abort", "hydra.launcher._target_ must be that of hydra/laun"),
        ("hydra.sweeper._target_=os.abort", "hydra.sweeper._target_ must be that of hydra/sweep"),
        ("hydra/sweeper=basic", "hydra.sweeper._target_ must be that of hydra/sweeper=grid|optuna"),
        ("+hydra.launcher._partial_=true", "hydra.launcher._partial_ cannot be set"),
        ("hydra/job_logging=default", "hydra.job_logging cannot be changed"),
        ("hydra/hydra_logging=hydra_debug", "hydra.hydra_logging cannot be changed"),
        ("hydra.output_subdir=../../x", "hydra.output_subdir cannot be changed, got '../../x'"),
        ("hydra.output_subdir=/tmp/x", "hydra.output_subdir cannot be changed, got '/tmp/x'"),
        ("+hydra.job.env_set.PATH=/tmp", "hydra.job.env_set cannot be changed"),
        ("hydra.job.chdir=true", "hydra.job.chdir cannot be changed, got true"),
        ("hydra.job.name=../x", "hydra.job.name cannot be changed, got '../x'"),
        ("hydra.searchpath=[pkg://this]", "hydra.searchpath cannot be set: --config-dir names"),
        ("hydra.mode=MULTIRUN", "hydra.mode cannot be set: -m trains with several values"),
        ("hydra.overrides.hydra=['hydra.run.dir=x']", "hydra.overrides cannot be set"),
        ("+model._target_=os.abort", "unknown key 'model._target_'"),
        ("+data.x={_target_: os.abort}", "unknown key 'data.x'"),
        ("+_target_=os.abort", "unknown key '_target_'"),
        ("optimizer={_target_: torch.load}", "unknown key '"),
    ],
)
@pytest.mark.parametrize("sweep", [False, True], ids=["run", "sweep"])
def test_no_word_names_what_runs(word: str, line: str, sweep: bool, here: Path) -> None:
    """Nor does the command line, which others may have written."""
    assert line in attacked(here, word, *(["-m", "seed=0,1"] if sweep else []))


def test_the_command_line_chooses_folders(here: Path) -> None:
    """What is refused to a file is its user's to say."""
    folder = here.parent / "elsewhere"
    done = call(["data=iris", "epochs=1", *BARE, f"hydra.run.dir={folder}"], here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "elsewhere/result.json" in written(here.parent)


def test_an_experiment_may_choose_a_folder_below(here: Path) -> None:
    """And how Hydra sweeps, as far as it is a number."""
    content = {"hydra": {"run": {"dir": "runs/mine"}, "sweeper": {"max_batch_size": 7}}}
    done = call([*experiment(here, content), "data=iris", "epochs=1", *BARE], here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "runs/mine/result.json" in written(here)
