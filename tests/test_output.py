"""Streams that show what would be obeyed, and spell what cannot be encoded."""

import io
import logging
import sys

import pytest
from rich.file_proxy import FileProxy

from mlp_lab.output import VisibleFormatter, encodable, show_everything
from mlp_lab.terminal import Screen

HARMFUL = "a\x1b[31m\x07\x9b\u202e\u2066\ufeff\ud800b"
SHOWN = r"a\x1b[31m\x07\x9b\u202e\u2066\ufeff\ud800b"


def test_letters_that_cannot_be_encoded_are_spelled() -> None:
    """Signs of our own in ASCII, others by number."""
    assert encodable("≈ 中 é", "cp1252") == "~ \\u4e2d é"
    assert encodable("≤ ± é 😀", "ascii") == "<= +- \\xe9 \\U0001f600"
    assert encodable("\ud800", "utf-8") == "\\ud800"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_stream_takes_any_text(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams, however often it is asked for."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, stream)
    show_everything()
    show_everything()
    print(HARMFUL, "≈\tx")
    sys.stderr.writelines([HARMFUL, "\n"])
    Screen().print(HARMFUL)
    sys.stdout.flush()
    printed = raw.getvalue().decode(encoding)
    sign = "≈" if encoding == "utf-8" else "~"
    assert printed.splitlines() == [f"{SHOWN} {sign}\tx", SHOWN, SHOWN]


def test_a_process_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under pythonw: what is printed goes nowhere."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    show_everything()
    for stream in (sys.stdout, sys.stderr):
        print(HARMFUL, file=stream, flush=True)
        assert not stream.isatty()


def test_rich_finds_the_terminal_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through its own proxy, too, which it puts there while a line is written over."""
    raw = io.StringIO()
    monkeypatch.setattr(sys, "stdout", raw)
    show_everything()
    screen = Screen()
    assert screen.file is raw
    monkeypatch.setattr(sys, "stdout", FileProxy(screen, sys.stdout))
    show_everything()
    assert screen.file is raw
    print(HARMFUL)
    assert raw.getvalue() == f"{SHOWN}\n"


def test_a_log_shows_them() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, HARMFUL, None, None)
    assert VisibleFormatter("%(message)s").format(record) == SHOWN
