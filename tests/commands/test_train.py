"""Words become a configuration that can be trained, or one line."""

import logging
from pathlib import Path

import pytest
from lab import call, compose, configure, written

from mlp_lab.commands.train import logged_into, remove_unused, require_no_sweep, require_one_run
from mlp_lab.errors import UserError


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
        (["data.path=survey.csv"], "unknown key 'data.path': only data=table has it"),
        (["--cfg"], "--cfg needs a value"),
        (["--multirun=3"], "--multirun takes no value, got '3'"),
        (["+epochs=5"], "+epochs: epochs is a setting already, without the plus sign: epochs=..."),
        (["resume="], "resume= needs the folder of a run"),
        (["data.types.Größe=category"], "unknown key 'data.types': only data=table has it"),
        (["--foo"], "unknown option '--foo': --help names those that there are"),
        (["deep"], "'deep' is"),
        (["model.größe=3"], "cannot read 'model.größe=3': keys on a command line"),
        (["data.types={größe: text}"], "unknown key 'data.types': only data=table has it"),
        (["model.width=[1,2"], "cannot read 'model.width=[1,2': do its brackets, quotes and comm"),
        (["--config-name", "nope"], "no file nope.yaml: neither in configs/ nor in the folder of"),
        (["optimizer.name=sgd"], "optimizer.name follows from its group: use optimizer=sgd"),
        (["loss.foo=1"], "unknown key 'loss.foo' (loss has label_smoothing)"),
        (["data.noise=1"], "unknown key 'data.noise': only data=circles|moons|xor"),
        (["device=cuda"], "device=cuda, but torch sees no CUDA device here: use device=cpu"),
        (["lr=0.1"], "unknown key 'lr': did you mean optimizer.lr?"),
        (["threads=1000"], "threads must be at most the "),
        (["resume=123"], "123 is not a run folder: it has no config.yaml"),
    ],
)
def test_a_command_that_cannot_work(arguments: list[str], message: str, tmp_path: Path) -> None:
    """One line on stderr that says so, exit status 1, nothing left behind."""
    done = call(arguments, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert written(tmp_path) == set()


def test_only_what_hydra_wrote_is_removed(tmp_path: Path) -> None:
    """A folder with anything else in it stays."""
    (tmp_path / "run" / ".hydra").mkdir(parents=True)
    assert remove_unused(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "other" / ".hydra").mkdir(parents=True)
    (tmp_path / "other" / "notes.txt").touch()
    assert not remove_unused(tmp_path / "other")
    assert written(tmp_path) == {"other/notes.txt"}


def test_a_run_goes_on_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written; a new run may be anywhere."""
    config = configure("data=iris")
    require_one_run(config, tmp_path)
    monkeypatch.chdir(tmp_path)
    config.resume = "run"
    require_one_run(config, tmp_path / "other" / ".." / "run")
    with pytest.raises(UserError, match="leave out -m and hydra"):
        require_one_run(config, tmp_path / "outputs" / "0")


@pytest.mark.parametrize("words", [["sweep.members=2"], ["+sweep.x=1"], ["cv=5"]])
def test_one_run_is_no_sweep(words: list[str]) -> None:
    """What only several runs can do is not silently left undone."""
    composed = compose(*(word for word in words if word.startswith("cv")))
    with pytest.raises(UserError, match="put -m before the overrides"):
        require_no_sweep(composed, words)
    require_no_sweep(compose("seed=3"), ["seed=3"])


def test_what_is_logged_is_in_the_folder_of_the_run(tmp_path: Path) -> None:
    """From its first message on; afterwards nothing opens the file again."""
    with logged_into(tmp_path):
        assert written(tmp_path) == set()
        logging.getLogger("anywhere").info("Größe")
    logging.getLogger("anywhere").info("later")
    assert (tmp_path / "train.log").read_text("utf-8").endswith("][INFO] Größe\n")


def test_settings_are_shown_before_anything_else_is_looked_at(tmp_path: Path) -> None:
    """In this process as in one of its own; nothing is written, and no signal stays handled."""
    done = call(["--cfg", "job", "data=iris", "seed=7"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nseed: 7\n" in done.stdout
    assert written(tmp_path) == set()
