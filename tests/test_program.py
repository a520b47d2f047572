"""How a command ends when it is told to, and the words that start another."""

import multiprocessing
import signal
import sys
import time
from pathlib import Path

import pytest
from lab import ROOT, command

from mlp_lab.program import as_typed, asked_to_end, interruptible, train_words


@pytest.mark.parametrize(
    ("typed", "here", "words"),
    [
        ("/usr/bin/mlp-lab", ".", "mlp-lab train"),
        ("train.py", ".", "python train.py"),
        ("../train.py", "tests", "python ../train.py"),
        (str(ROOT / "train.py"), "tests", f"python {ROOT / 'train.py'}"),
        ("scripts/compare.py", ".", "python train.py"),
        ("compare.py", "scripts", "python ../train.py"),
        (str(ROOT / "src" / "mlp_lab" / "__main__.py"), "tests", "python -m mlp_lab train"),
        ("-c", ".", "python train.py"),
        ("mine.py", ".", "python train.py"),
    ],
)
def test_words_that_start_a_training(
    typed: str, here: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the program that runs was called, so that they can be pasted where it was."""
    monkeypatch.chdir(ROOT / here)
    monkeypatch.setattr(sys, "argv", [typed])
    assert " ".join(train_words()) == words


def test_a_path_with_a_space(tmp_path: Path) -> None:
    """Stands in quotes where a shell wants them."""
    lab = tmp_path / "my lab"
    lab.symlink_to(ROOT)
    done = command(["--help"], tmp_path, [sys.executable, "my lab/train.py"])
    assert "python 'my lab/train.py' model=deep" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_before_training(number: signal.Signals, tmp_path: Path) -> None:
    """One line, and no folder; torch, which logs at exit, is loaded by then."""
    program = f"""
import signal
from mlp_lab.commands import train as cli
def told(job, problem):
    import torch._subclasses.fake_tensor
    signal.raise_signal({int(number)})
cli.require_possible = told
cli.main()
"""
    done = command(["data=iris"], tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_library_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it says on its way out."""

    @interruptible()
    def compose() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            raise AttributeError("half a node")

    with pytest.raises(SystemExit) as end:
        compose()
    assert (end.value.code, capsys.readouterr().err) == (130, "interrupted\n")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_error_stays_one() -> None:
    """Of a command that nobody interrupted."""
    with pytest.raises(AttributeError), interruptible():
        raise AttributeError


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_forked_child_that_is_terminated(capfd: pytest.CaptureFixture[str]) -> None:
    """Ends at once and in silence, though its parent handles SIGTERM."""
    context = multiprocessing.get_context("fork")
    begun = context.Event()

    def work() -> None:
        begun.set()
        time.sleep(60)

    with interruptible():
        child = context.Process(target=work)
        child.start()
        assert begun.wait(60)
        child.terminate()
        child.join(60)
    assert child.exitcode == -signal.SIGTERM
    assert capfd.readouterr() == ("", "")


def test_folders_as_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Relative below the working folder, else absolute."""
    monkeypatch.chdir(tmp_path)
    assert as_typed(tmp_path / "outputs" / "a") == Path("outputs/a")
    assert as_typed(Path("/elsewhere/a")) == Path("/elsewhere/a")


def test_what_came_of_ctrl_c_is_one() -> None:
    """However many errors a library raised on the way; its cause alone is none."""
    try:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise AttributeError  # noqa: B904
    except AttributeError as error:
        middle = error
    last = OSError()
    last.__context__ = middle
    assert asked_to_end(last)
    assert not asked_to_end(OSError())


def test_an_exit_keeps_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where it came of Ctrl-C that somebody else has answered."""

    @interruptible()
    def answered() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            sys.exit(3)

    with pytest.raises(SystemExit) as end:
        answered()
    assert (end.value.code, capsys.readouterr().err) == (3, "")
