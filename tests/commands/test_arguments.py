"""Arguments that are no settings."""

import sys
from argparse import Namespace

import pytest

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.errors import UserError


def parser() -> Parser:
    """Of a command with a file, others, and an option."""
    made = Parser(prog="mlp-lab do")
    made.add_argument("file")
    made.add_argument("others", nargs="*")
    made.add_argument("--rows", type=int, default=1)
    return made


@pytest.mark.parametrize("words", [[], ["a", "--rows", "x"], ["a", "--rows"], ["a", "--rwos=3"]])
def test_wrong_words(words: list[str]) -> None:
    """One line that begins with the command, and none of argparse's usage."""
    with pytest.raises(UserError, match=r"^mlp-lab do: .* \(--help says more\)$") as caught:
        parser().parse_args(words)
    assert "\n" not in str(caught.value)


def test_options_between_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people type them."""
    monkeypatch.setattr(sys, "argv", ["do", "a", "--rows", "3", "b"])
    found: list[Namespace] = []
    run_parsed(parser(), found.append, intermixed=True)
    assert [vars(each) for each in found] == [{"file": "a", "others": ["b"], "rows": 3}]


def test_wrong_words_end_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it begins."""
    monkeypatch.setattr(sys, "argv", ["do"])
    with pytest.raises(SystemExit) as end:
        run_parsed(parser(), lambda words: pytest.fail(str(words)))
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("mlp-lab do: missing: file, others")
