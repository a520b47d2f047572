"""Files below --config-dir from strangers: one line that names the file, and never without end."""

import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lab import BARE, call, within, written
from tampered import DEEP, bomb, instead, writing

HEADER = "# @package _global_\n"

SECONDS = 120
"""Longest that a refusal may take on a busy machine; on an idle one it is part of a second."""


def without_end(place: Path) -> None:
    os.truncate(place, 3 * 2**30)


TEXTS: dict[str, str] = {
    "aliases": bomb(),
    "an alias": "a: &a 1\nseed: *a",
    "merged": "a: &a {x: 1}\nb:\n  <<: *a",
    "deep list": f"seed: {DEEP}",
    "deeper": f"seed: {'[' * 100_000}",
    "deep group": "{a: " * 100_000,
    "deep lines": "\n".join(" " * i + "a:" for i in range(1000)),
    "a key twice": "seed: 1\nseed: 2",
    "a tag": "seed: !!python/object/apply:os.abort []",
    "a set": "seed: !!set {a, b}",
    "bytes": "seed: !!binary aGVsbG8=",
    "digits": f"seed: {'9' * 5000}",
    "many digits": f"seed: {'9' * 400}",
    "documents": "seed: 1\n---\nseed: 2",
    "a tab": "\t- a",
    "a list": "- seed",
    "a word": "data",
    "a number": "5",
    "no key": "? [a, b]\n: 1",
    "null as a key": "null: 1",
    "half a reference": "seed: ${",
    "environment": "data: {target: '${oc.env:HOME}'}",
    "decoded": "data: {target: '${oc.decode:1}'}",
    "created": "data: {target: '${oc.create:{a: 1}}'}",
    "own resolver": "data: {target: '${run_folder:/tmp}'}",
    "a reference within one": "data: {target: '${data.${data.name}}'}",
    "nested resolver": "data: {target: '${oc.env:${data.name}}'}",
    "itself": "defaults: [mine]",
    "itself as a group": "defaults: [/experiment: mine]",
    "itself from afar": "defaults: [/experiment/mine]",
    "each other": "defaults: [other]",
    "no list": "defaults: 5",
    "lists": "defaults: [[1]]",
    "packages": "defaults: ['model@a@b: deep']",
    "a choice that refers": "defaults: [{model: '${seed}'}]",
    "many defaults": f"defaults: [{'mine, ' * 10_000}]",
    "nowhere": "defaults: [nothing]",
    "upwards": "defaults: [../../../../etc/passwd]",
    "null letters": "seed: \0",
    "a surrogate": 'data: {target: "\\ud800"}',
}
"""What an experiment says; each is refused."""

NAMED = {
    "a word": "data",
    "nowhere": "nothing",
    "upwards": "passwd",
    "packages": "no file",
    "a reference within one": "data",
}
"""What is named where it is a key, or a file that is not there."""

HEADERS = ("# @package a b c\n", "# @package\n", "# @package ..\n", "# @package a[\n", "# @ \n")


def random_bytes(place: Path) -> None:
    place.write_bytes(random.Random(0).randbytes(3000))  # noqa: S311


BYTES: dict[str, Callable[[Path], None]] = {
    "noise": random_bytes,
    "latin": writing("data: {target: Größe}".encode("latin-1")),
    "utf-16": writing("seed: 1\n".encode("utf-16")),
    "zeros": writing(bytes(3000)),
    "2 MB": writing(b"seed: 1 #" + b"x" * 2**21),
    "without end": without_end,
    "a folder": instead(Path.mkdir),
}
if hasattr(os, "mkfifo"):
    BYTES |= {
        "a pipe": instead(os.mkfifo),
        "a device": instead(lambda place: place.symlink_to("/dev/zero")),
        "a link to nothing": instead(lambda place: place.symlink_to("/nowhere")),
        "a link to itself": instead(lambda place: place.symlink_to(place.name)),
    }


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An experiment's file in a folder, beside another that chooses it."""
    folder = tmp_path / "strange" / "experiment"
    folder.mkdir(parents=True)
    (folder / "other.yaml").write_text(f"{HEADER}defaults: [mine]\n")
    (folder / "mine.yaml").write_text(HEADER)
    return folder / "mine.yaml"


def refused(words: Iterable[str], here: Path, name: str = "mine") -> None:
    """Assert that a command is refused in a line that names the file, and has left nothing."""
    before = written(here)
    began = time.monotonic()
    with within(SECONDS):
        done = call(["--config-dir", "strange", *words, *BARE], here)
    assert time.monotonic() - began < SECONDS
    assert written(here) == before
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert name in done.stderr, done.stderr
    assert len(done.stderr) < 1000, done.stderr


@pytest.mark.parametrize("what", TEXTS)
def test_an_experiment_of_text(what: str, mine: Path, tmp_path: Path) -> None:
    """Whatever its YAML says."""
    mine.write_text(f"{HEADER}{TEXTS[what]}\n")
    refused(["experiment=mine", "data=iris", "epochs=1"], tmp_path, NAMED.get(what, "mine"))


@pytest.mark.parametrize("header", HEADERS)
def test_the_header_of_an_experiment(header: str, mine: Path, tmp_path: Path) -> None:
    """Which says where Hydra puts it."""
    mine.write_text(f"{header}seed: 1\n")
    refused(["experiment=mine", "data=iris", "epochs=1"], tmp_path, "")


@pytest.mark.parametrize("what", BYTES)
@pytest.mark.parametrize(
    "words",
    [
        ["experiment=mine"],
        ["experiment=other"],
        ["-m", "experiment=mine", "seed=0,1"],
        ["-m", "experiment=spirals,mine"],
        ["--cfg", "job", "experiment=mine"],
    ],
    ids=["run", "chosen by a file", "sweep", "swept", "shown"],
)
def test_an_experiment_that_is_no_text(
    words: list[str], what: str, mine: Path, tmp_path: Path
) -> None:
    """Nor perhaps a file."""
    BYTES[what](mine)
    refused([*words, "data=iris"], tmp_path)


@pytest.mark.parametrize("what", [*TEXTS, *BYTES])
def test_a_whole_configuration(what: str, tmp_path: Path) -> None:
    """Named by --config-name."""
    file = tmp_path / "strange" / "mine.yaml"
    file.parent.mkdir()
    file.write_text("seed: 1\n")
    (file.parent / "other.yaml").write_text("defaults: [mine]\n")
    if what in BYTES:
        BYTES[what](file)
    else:
        file.write_text(f"{TEXTS[what]}\n")
    words = ["--config-name", "mine", "data=iris", "epochs=1"]
    refused(words, tmp_path, NAMED.get(what, "mine"))


def test_files_that_choose_each_other_many_times(mine: Path, tmp_path: Path) -> None:
    """Nine files of nine, each of the one before: a billion."""
    for number in range(9):
        file = mine.with_name("mine.yaml" if number == 8 else f"n{number + 1}.yaml")
        file.write_text(f"{HEADER}defaults: [{f'n{number}@x, ' * 9}]\n")
    mine.with_name("n0.yaml").write_text(HEADER)
    refused(["experiment=mine", "data=iris"], tmp_path)


def test_files_that_choose_each_other_endlessly(mine: Path, tmp_path: Path) -> None:
    """More than anybody writes."""
    for number in range(1000):
        mine.with_name(f"n{number}.yaml").write_text(f"{HEADER}defaults: [n{number + 1}]\n")
    mine.write_text(f"{HEADER}defaults: [n0]\n")
    refused(["experiment=mine", "data=iris"], tmp_path)


def test_a_group_of_a_stranger(mine: Path, tmp_path: Path) -> None:
    """Not only experiments are read there."""
    (tmp_path / "strange" / "model").mkdir()
    (tmp_path / "strange" / "model" / "theirs.yaml").write_text(bomb())
    refused(["model=theirs", "data=iris"], tmp_path, "theirs")


SPELLINGS = ("data.types.a", "data[types].a", "data[types][a", ".a", "..types.a", " data.types.a")
"""Of one key."""


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("more", [[], ["-m", "seed=0,1"]], ids=["run", "sweep"])
def test_references_of_references(
    spelling: str, more: list[str], mine: Path, tmp_path: Path
) -> None:
    """Nine texts of nine, each of the one before: a billion."""
    end = "]" * spelling.endswith("[a")
    lines = ["data:", "  types:", "    a0: number"]
    for number in range(9):
        reference = f"${{{spelling}{number}{end}}}"
        lines.append(f"    a{number + 1}: '{reference * 9}'")
    mine.write_text("\n".join([f"{HEADER}", *lines, ""]))
    refused([*more, "experiment=mine", "data=table", "data.path=x.csv"], tmp_path, "data.types.a")


def test_references_one_after_another(mine: Path, tmp_path: Path) -> None:
    """Each stands for the next; the last for the first, or a number."""
    for last in ("number", "'${data.types.a0}'"):
        lines = [f"    a{n}: '${{data.types.a{n + 1}}}'" for n in range(3000)]
        lines = ["data:", "  types:", *lines, f"    a3000: {last}"]
        mine.write_text("\n".join([f"{HEADER}", *lines, ""]))
        refused(["experiment=mine", "data=table", "data.path=x.csv"], tmp_path, "data.types.a")


def test_files_that_nobody_chose_are_let_alone(mine: Path, tmp_path: Path) -> None:
    """What lies beside a good experiment is not read."""
    for name, make in BYTES.items():
        file = mine.with_name(f"{name}.yaml")
        file.write_text("")
        make(file)
    mine.write_text(f"{HEADER}epochs: 1\nseed: ${{epochs}}\n")
    done = call(["--config-dir", "strange", "experiment=mine", "data=iris", *BARE], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    line = call(["--config-dir", "strange", "experiment=min", *BARE], tmp_path).stderr
    assert "unknown experiment 'min': did you mean 'mine'?" in line
