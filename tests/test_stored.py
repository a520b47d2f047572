"""Files that anyone may have written."""

import os
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.stored import (
    Damaged,
    naming,
    parse_json,
    parse_yaml,
    read_bytes,
    read_json,
    read_text,
    read_yaml,
    require_plain,
    require_regular,
)


@pytest.mark.parametrize("read", [read_bytes, read_text, read_json, read_yaml])
def test_what_is_no_file(read: object, tmp_path: Path) -> None:
    """A pipe without a writer, a device without end, a folder: at once, and by name."""
    assert callable(read)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "zero", "folder"):
        with pytest.raises(UserError, match=f"^{tmp_path / name} must be a regular file$"):
            read(tmp_path / name, 1)
        with pytest.raises(UserError, match=r"must be a regular file$"):
            require_regular(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none", 1)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """Whatever is in it, which is not read."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 2**20)
    assert len(read_bytes(path, 1)) == 2**20
    os.truncate(path, 2**40)
    with pytest.raises(UserError, match=f"^{path} must be at most 1 MB, got 1,048,576$"):
        read_bytes(path, 1)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """Folders of runs may be made of links."""
    (tmp_path / "a").write_text("ö", encoding="utf-8")
    (tmp_path / "b").symlink_to("a")
    assert read_text(tmp_path / "b", 1) == "ö"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not valid JSON: line 1, column 1: Expecting value"),
        ('{"a": 1,\n}', "is not valid JSON: line "),
        ("9" * 5000, "holds a number of too many digits"),
        ("9" * 400, "holds a number of more than 300 digits"),
        ("[" * 33 + "]" * 33, "must be nested at most 32 deep"),
        ("[" * 10**5, "must be nested at most 32 deep"),
        ('[{"a": 1, "b": 2, "a": 1}]', "holds 'a' twice in one object"),
        ("[NaN]", "holds a number that is not finite: nan"),
        ("1e999", "holds a number that is not finite: inf"),
        (r'{"\ud800": 1}', "holds text that is no Unicode: "),
    ],
)
def test_what_is_no_json(text: str, words: str) -> None:
    """One line that names the file."""
    with pytest.raises(UserError) as caught:
        parse_json(text, "a.json")
    assert str(caught.value).startswith(f"a.json {words}")
    assert len(str(caught.value).splitlines()) == 1


def test_numbers_that_are_not_finite_may_be_wanted() -> None:
    """A checkpoint has the best loss before the first epoch."""
    assert parse_json("[Infinity]", "a", finite=False) == [float("inf")]
    require_plain([float("inf")], "a", finite=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "is not valid YAML: line 2, column 1: "),
        ("a: 1\na: 2", "has a key twice in a group: line 2"),
        ("a: &b [1]\nc: *b", r"must have no anchors (&) and aliases (*): line 1"),
        ("a: *b", r"must have no anchors (&) and aliases (*): line 1"),
        ("[" * 100 + "]" * 100, "must be nested at most 32 deep"),
        ("[" * 10**5, ("is not valid YAML: ", "must be nested at most")),  # by PyYAML, or by us
        ("- " * 10**4, "must be nested at most 32 deep"),
        ("0x" + "f" * 5000, "holds a number of more than 300 digits"),
        ("9" * 5000, "is not valid YAML: "),
        ("2020-99-99", "is not valid YAML: "),
        ("2020-01-01", "holds a date: neither text nor number, list nor group"),
        ("!!binary aGk=", "holds a bytes: neither"),
        ("!!set {a, b}", "holds a set: neither"),
        ("!!python/name:os.system", "is not valid YAML: "),
        ("a: 1\n---\nb: 2", "is not valid YAML: "),
        ("a: \x00", "is not valid YAML: "),
        ("[a]: 1", "is not valid YAML: "),
    ],
)
def test_what_is_no_plain_yaml(text: str, words: str | tuple[str, ...]) -> None:
    """One line that names the file; nothing is built before that is known."""
    with pytest.raises(UserError) as caught:
        parse_yaml(text, "a.yaml")
    file, _, said = str(caught.value).partition(" ")
    assert file == "a.yaml"
    assert said.startswith(words)
    assert len(str(caught.value).splitlines()) == 1


def test_plain_yaml() -> None:
    """A reference is text."""
    text = "a: ${oc.env:HOME}\nb: [1, 2.5, null, true]\nc: {d: '*x', e: '&x'}\nf: a\n"
    assert parse_yaml(text, "a") == {
        "a": "${oc.env:HOME}",
        "b": [1, 2.5, None, True],
        "c": {"d": "*x", "e": "&x"},
        "f": "a",
    }


def test_what_was_cut_short_is_told_apart(tmp_path: Path) -> None:
    """From what somebody wrote; the name is put before what others say."""
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(Damaged, match="is not UTF-8 text: byte 1"):
        read_text(tmp_path / "a", 1)
    with pytest.raises(Damaged, match=r"^a\.json: cut$"), naming(Path("a.json")):
        raise Damaged("cut")
