"""The commands, and which module holds each."""

import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from lab import BARE, MLP_LAB, PATIENCE, TRAIN, call, command

import mlp_lab
from mlp_lab.commands.main import COMMANDS, USAGE, main, run_command


def answer(*words: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `mlp-lab ...`."""
    done = call(words, folder, main, "mlp-lab", **environment)
    return done.returncode, done.stdout, done.stderr


def test_version(tmp_path: Path) -> None:
    """One line, from both doors."""
    assert answer("--version", folder=tmp_path) == (0, f"{mlp_lab.__version__}\n", "")
    assert call(["--version"], tmp_path).stdout == f"{mlp_lab.__version__}\n"


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",)])
def test_help(words: tuple[str, ...], tmp_path: Path) -> None:
    """Also without a word; it names every command."""
    assert answer(*words, folder=tmp_path) == (0, f"{USAGE}\n", "")
    assert all(f"\nmlp-lab {name} " in f"\n{USAGE}" for name in COMMANDS)


@pytest.mark.parametrize("module", COMMANDS.values())
def test_every_command_has_a_main(module: str) -> None:
    """The table holds names of modules, which nothing checks before they are called."""
    assert callable(import_module(module).main)


def test_a_command_sees_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if it had been called alone."""
    seen: list[list[str]] = []
    monkeypatch.setattr("mlp_lab.commands.compare.main", lambda: seen.append(sys.argv.copy()))
    assert answer("compare", "a", "--help", folder=tmp_path) == (0, "", "")
    assert seen == [["mlp-lab", "a", "--help"]]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mlp-lab ", list(COMMANDS)),
        ("mlp-lab tr", list(COMMANDS)),
        ("mlp-lab train schedule=c", ["schedule=constant", "schedule=cosine"]),
        ("mlp-lab predict ", []),
        ("mlp-lab predict out", []),
    ],
)
def test_tab_completion(line: str, offered: list[str], tmp_path: Path) -> None:
    """Commands, then what `train` takes; other commands take files, which the shell knows."""
    status, out, errors = answer("-sc", "query=bash", folder=tmp_path, COMP_LINE=line)
    assert (status, out.split(), errors) == (0, offered, "")


def test_tab_completion_is_installed(tmp_path: Path) -> None:
    """For the name that was typed."""
    done = command(["-sc", "install=bash"], tmp_path, MLP_LAB)
    assert done.stdout.rstrip().endswith("-F hydra_bash_completion mlp-lab")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("trian", "unknown command 'trian': did you mean 'train'? (train, init, predict, "),
        ("model=deep", "unknown command 'model=deep': did you mean mlp-lab train model=deep?\n"),
    ],
)
def test_an_unknown_command(word: str, line: str, tmp_path: Path) -> None:
    """Exit status 1, and what was probably meant."""
    status, out, errors = answer(word, folder=tmp_path)
    assert (status, out) == (1, "")
    assert errors.startswith(line)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays there")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_working_directory_that_is_gone(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Removed by another program; libraries would fail in words of their own."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SystemExit) as end:
        run_command(name)
    assert end.value.code == 1
    line = "the working directory is gone: change to one that is there\n"
    assert capsys.readouterr() == ("", line)


@pytest.mark.skipif(sys.platform == "win32", reason="redirects as a shell of Unix does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["", "-m seed=0,1 "])
def test_closed_streams(closed: str, words: str, tmp_path: Path) -> None:
    """What is printed goes nowhere, and the network is trained."""
    kind = "sweep" if words else "run"
    given = f"{words}data=iris model=shallow epochs=1 hydra.{kind}.dir=out {' '.join(BARE)}"
    line = f"{shlex.join(TRAIN)} {given} {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, check=False, timeout=PATIENCE)
    assert done.returncode == 0
    assert (tmp_path / "out" / ("0/" if words else "") / "result.json").is_file()
