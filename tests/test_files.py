"""Files are there whole or not at all."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.files import (
    PartialFolder,
    appended,
    created,
    joined_json,
    make_folder,
    private_folder,
    remove_leftover_folders,
    remove_leftovers,
    reserved,
    settle,
    to_json,
    whole_file,
    write_named,
    write_whole,
)


@pytest.mark.parametrize("content", ["weights · Ω\n", b"\x00\xff"])
def test_write_and_replace(tmp_path: Path, content: str | bytes) -> None:
    """Text is UTF-8, bytes are bytes, and nothing else stays in the folder."""
    path = tmp_path / "result.json"
    path.write_text("old, and longer than the new one")
    write_whole(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("failing", ["fsync", "open", "replace"])
def test_a_failed_write_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Whether the disk is full, or the new file cannot take the old one's place."""
    path = tmp_path / "result.json"
    path.write_text("old")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((Path, failing, full) if failing == "replace" else (os, failing, full)))
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, "new")
    assert caught.value.filename == str(path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """No folder is made in passing."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "result.json", "new")


def test_settled_files_are_waited_for_and_missing_ones_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that is there, whatever its number; an error of the disk comes through."""
    paths = [tmp_path / f"{i}.json" for i in range(20)]
    for path in paths[1:]:
        write_whole(path, path.name, wait=False)
    waited: list[int] = []

    def fsync(file: int) -> None:
        waited.append(os.fstat(file).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    settle(paths)
    assert sorted(waited) == sorted(path.stat().st_ino for path in paths[1:])

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        settle(paths)


def test_numbers_that_json_has_no_word_for() -> None:
    """Null wherever they lie; all else comes back as it was, in its order and with its umlauts."""
    value = {"ö": [1.0, math.nan, {"x": math.inf}], "a": {"b": -math.inf, "c": True, "d": None}}
    text = to_json(value)
    assert text.endswith("}\n")
    assert "ö" in text
    read_back = json.loads(text, parse_constant=pytest.fail)
    assert read_back == {"ö": [1.0, None, {"x": None}], "a": {"b": None, "c": True, "d": None}}
    assert list(read_back) == ["ö", "a"]


def test_pairs_have_no_such_number_either() -> None:
    """An interval of a metric that a handful of rows does not have."""
    assert json.loads(to_json({"roc_auc": (math.nan, 1.0)})) == {"roc_auc": [None, 1.0]}


def test_json_as_the_standard_library_indents_it() -> None:
    """To the letter, with names that are no text."""
    value = {
        'é\n"\\\u2028': [1, -2.5e-30, 1e22, True, None, "x", 10**20],
        "empty": [{}, [], ()],
        "deep": {"a": {"b": [[1], {"c": (0.1, "😀")}]}},
        1: 0,
        None: 0,
        False: 0,
        0.5: 0,
    }
    assert to_json(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with pytest.raises(TypeError, match="object has no form in JSON"):
        to_json({"a": [object()]})


def test_objects_are_joined_as_if_written_at_once() -> None:
    """To the letter."""
    one, other = {"a": 1, "b": [2.5, "}"]}, {"c": {"d": None}}
    assert joined_json(to_json(one), to_json(other)) == to_json({**one, **other})


def test_a_planted_link_is_replaced(tmp_path: Path) -> None:
    """By new content and by what is appended; a hard link and a pipe as well."""
    victim, path = tmp_path / "victim", tmp_path / "train.log"
    victim.write_text("precious")
    for plant in ("link", "hard link", "pipe"):
        for grows in (False, True):
            if plant == "pipe":
                os.mkfifo(path)
            else:
                (path.symlink_to if plant == "link" else path.hardlink_to)(victim)
            if grows:
                with appended(path) as file:
                    file.write("new")
            else:
                write_whole(path, "new")
            assert victim.read_text() == "precious"
            assert path.is_file()
            assert not path.is_symlink()
            path.unlink()
    path.symlink_to(victim)
    with pytest.raises(FileExistsError):
        created(path)
    write_named(path, "what its user wants")
    assert path.is_symlink()
    assert victim.read_text() == "what its user wants"


def test_leftovers_of_the_dead_are_removed(tmp_path: Path) -> None:
    """A file that somebody still writes stays, and a link's target does."""
    victim, path = tmp_path / "victim", tmp_path / "result.json"
    victim.touch()
    (tmp_path / ".result.json.0123456789abcdef.partial").touch()
    (tmp_path / ".config.yaml.partial").symlink_to(victim)
    with whole_file(path) as file:
        remove_leftovers(tmp_path, of=path)
        assert len(list(tmp_path.glob(".*.partial"))) == 2
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.glob(".*.partial"))) == 1
        file.write(b"new")
    assert {entry.name for entry in tmp_path.iterdir()} == {"victim", "result.json"}


def test_no_folder_is_a_link(tmp_path: Path) -> None:
    """But for the one that a user names."""
    (tmp_path / "other").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "other")
    make_folder(tmp_path / "run" / "a" / "b", below=tmp_path / "run")
    (tmp_path / "other" / "c").symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"run/c is a link"):
        make_folder(tmp_path / "run" / "c" / "b", below=tmp_path / "run")


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """Over what was there; what nobody keeps goes with its object, or when it is asked for."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old").write_text("")
    made = PartialFolder(tmp_path / "made")
    (made.folder / "new").write_text("")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["old"]
    remove_leftover_folders(tmp_path)
    made.keep()
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    for removed in (False, True):
        other = PartialFolder(tmp_path / "other")
        if removed:
            other.remove()
        del other
        assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_what_a_killed_process_half_made_goes(tmp_path: Path) -> None:
    """By the next one; what a living one makes stays."""
    code = (
        "import os, pathlib, signal; from mlp_lab.files import PartialFolder;"
        f" folder = PartialFolder(pathlib.Path({str(tmp_path)!r}) / 'made');"
        " (folder.folder / 'new').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    alive = PartialFolder(tmp_path / "made")
    remove_leftover_folders(tmp_path)
    assert alive.folder.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_reserved_room(tmp_path: Path) -> None:
    """Zeros, as many as asked for; never over another file."""
    with reserved(tmp_path / "room", 1000) as file:
        assert file.read() == bytes(1000)
    with reserved(tmp_path / "none", 0) as file:
        assert file.read() == bytes(1)
    with pytest.raises(FileExistsError):
        reserved(tmp_path / "room", 10)


def test_a_private_folder(tmp_path: Path) -> None:
    """One that others may write to is refused."""
    assert private_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "a" / "b").chmod(0o777)
    with pytest.raises(UserError, match="is not a folder that only its owner can write to"):
        private_folder(tmp_path / "a" / "b")
