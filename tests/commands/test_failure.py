"""What a command cannot do is one line, and what it should not have done is a traceback."""

from collections.abc import Callable

import pytest

from mlp_lab.commands import failure
from mlp_lab.commands.failure import fail, in_one_line
from mlp_lab.errors import UserError


def raising(error: BaseException) -> Callable[[], None]:
    """A command that does nothing else."""

    def command() -> None:
        raise error

    return command


def test_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard output, which others may read."""
    with pytest.raises(SystemExit) as end:
        fail("no")
    assert (end.value.code, capsys.readouterr()) == (1, ("", "no\n"))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("epochs must be 1 or more"), "epochs must be 1 or more"),
        (FileNotFoundError(2, "No such file", "a.csv"), "cannot use a.csv: No such file"),
        (OSError("no file named"), "no file named"),
    ],
)
def test_what_a_user_can_mend(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1."""
    with pytest.raises(SystemExit) as end:
        in_one_line(raising(error))
    assert (end.value.code, capsys.readouterr()) == (1, ("", f"{line}\n"))


def test_a_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the error itself."""
    monkeypatch.setattr(failure, "TRACEBACK_WANTED", True)
    error = UserError("x")
    with pytest.raises(UserError) as caught:
        in_one_line(raising(error))
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x")])
def test_our_own_mistakes_keep_theirs(error: Exception) -> None:
    """A line would hide where they are."""
    with pytest.raises(type(error)):
        in_one_line(raising(error))


def test_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    """Is no mistake, and has a status of its own."""
    with pytest.raises(SystemExit) as end:
        in_one_line(raising(KeyboardInterrupt()))
    assert (end.value.code, capsys.readouterr().err) == (130, "interrupted\n")
