"""What is printed is what was meant."""

from io import StringIO

import pytest

from mlp_lab.terminal import Screen, StatusLine, plain_table

ODD = "a[/b] [bold]c :smile: [relu,tanh]"


def test_brackets_and_colons_are_no_markup() -> None:
    """In a line, in a status line and in a table."""
    file = StringIO()
    screen = Screen(file, 80)
    screen.print(ODD)
    StatusLine(screen, quiet=False).write(ODD)
    table = plain_table(ODD)
    table.add_row(ODD)
    screen.print(table)
    assert [line.rstrip() for line in file.getvalue().splitlines()] == [ODD] * 4


def test_a_line_that_was_taken_away_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, the last epoch's record comes when the line is gone; elsewhere it is shown."""
    for terminal in (False, True):
        if terminal:
            monkeypatch.setenv("FORCE_COLOR", "1")  # how rich is told that this is a terminal
        file = StringIO()
        line = StatusLine(Screen(file, 80), quiet=False)
        line.write("epoch 1")
        line.close()
        line.write("epoch 2")
        assert "epoch 1" in file.getvalue()
        assert ("epoch 2" in file.getvalue()) != terminal


@pytest.mark.parametrize(("width", "shown"), [(20, "long and more"), (10, "long"), (3, "l")])
def test_a_line_says_what_there_is_room_for(
    width: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first form that fits a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = StringIO()
    line = StatusLine(Screen(file, width), quiet=False)
    line.write("long and more", "long", "l")
    assert file.getvalue().splitlines()[-1].endswith(shown)
    line.close()


def test_a_file_has_whole_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However wide they are; where nobody says how wide a line may be."""
    for columns, cut in (("", False), ("80", True)):
        monkeypatch.setenv("COLUMNS", columns)
        if not columns:
            monkeypatch.delenv("COLUMNS")
        table = plain_table()
        table.add_column("x" * 100, no_wrap=True)
        Screen().print(table)
        assert ("x" * 100 not in capsys.readouterr().out) == cut


def test_a_sentence_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal alone: a file keeps its lines."""
    words = "it explains 100% of the training rows"
    for forced, lines in (
        (False, [words]),
        (True, ["it explains 100%", "of the training", "rows"]),
    ):
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        if forced:
            monkeypatch.setenv("FORCE_COLOR", "1")
        file = StringIO()
        Screen(file, 18).say(words)
        assert [line.rstrip() for line in file.getvalue().splitlines()] == lines


def test_a_full_disk_behind_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, and whoever prints goes on."""

    class Full(StringIO):
        def flush(self) -> None:
            """Fail."""
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("mlp_lab.terminal.stop_writing", lambda: None)
    monkeypatch.setattr("sys.stdout", Full())
    screen = Screen()
    for _ in range(2):
        screen.say("words")
    error = "cannot write to standard output: No space left on device\n"
    assert capsys.readouterr().err == error
