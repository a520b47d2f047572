"""What tasks say, and how it is read while they say more."""

from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.sweep import task_journal
from mlp_lab.sweep.task_journal import Entry, JournalReader, TaskJournal, journal_file


def test_read_on(tmp_path: Path) -> None:
    """What was added since; half a line waits for its other half; a machine's death is skipped."""
    path = tmp_path / "0.jsonl"
    reader = JournalReader(path)
    assert reader.entries() == []
    journal = TaskJournal(path)
    journal.write(Entry("began", reason="node"))
    journal.write(Entry("alive", epochs={3: 5}))
    assert reader.entries() == [Entry("began", reason="node"), Entry("alive", epochs={3: 5})]
    with path.open("ab") as file:
        file.write(b"\0\0\0\n" + b'{"say": "ended", ')
    assert reader.entries() == []
    with path.open("ab") as file:
        file.write(b'"job": 0}\n')
    assert reader.entries() == [Entry("ended", job=0)]
    assert path.read_text().count("reason") == 1


def test_lines_of_no_task(tmp_path: Path) -> None:
    """They are named."""
    path = tmp_path / "0.jsonl"
    for line, words in (
        ('{"say": "sung"}', "say must be one of began, alive"),
        ('{"say": 3}', "say must be text, got 3"),
        ("[", "is not valid JSON"),
    ):
        path.write_text(f"{line}\n")
        with pytest.raises(UserError, match=words) as refusal:
            JournalReader(path).entries()
        assert str(refusal.value).startswith(f"{path}, line 1")


def test_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Come while the block lasts, and none after it."""
    monkeypatch.setattr(task_journal, "HEARTBEAT", 0.001)
    path = tmp_path / "0.jsonl"
    reader, found = JournalReader(path), list[Entry]()
    with TaskJournal(path).beating({1: 2}):
        while not found:
            found = reader.entries()
    assert found[0] == Entry("alive", epochs={1: 2})
    reader.entries()
    assert reader.entries() == []


def test_a_journal_lies_beside_its_chunk(tmp_path: Path) -> None:
    """In the folder of what tasks are told."""
    assert journal_file(tmp_path, 7) == tmp_path / ".cluster" / "7.jsonl"


def test_a_full_disk_ends_no_task(tmp_path: Path) -> None:
    """Nor does a folder that is gone."""
    TaskJournal(tmp_path / "nowhere" / "0.jsonl").write(Entry("alive"))
