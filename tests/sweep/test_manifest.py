"""What a sweep remembers."""

import json
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.sweep.manifest import Manifest, ManifestJob


def test_a_new_job_has_its_place_as_number() -> None:
    """Counted from the batch's first; equal jobs are one, and what is known keeps its number."""
    manifest = Manifest()
    assert manifest.numbers(["a", "b", "a", "c"], 0) == [0, 1, 0, 3]
    manifest.jobs = {0: ManifestJob("a", [], "0"), 3: ManifestJob("c", [], "3")}
    assert manifest.numbers(["c", "d", "e"], 5) == [3, 6, 7]


def test_a_new_job_takes_no_number_twice() -> None:
    """Where numbers have come further than the places of a grid."""
    manifest = Manifest({n: ManifestJob(name, [], str(n)) for n, name in enumerate("abc")})
    assert manifest.numbers(["a", "x", "c", "y"], 0) == [0, 3, 2, 4]


OF_0_1_0 = {
    "jobs": {"0": {"identity": "a", "overrides": ["seed=0"], "folder": "0"}},
    "stacks": {"0": [0]},
    "data": {"[('name', 'iris')]": "4f3c"},
    "rungs": {"epoch 3, bracket 0": {"0": "stopped by halving at epoch 3"}},
}
"""sweep.json as version 0.1.0 wrote it."""


def test_a_manifest_of_version_0_1_0_is_read(tmp_path: Path) -> None:
    """And written as it was."""
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(OF_0_1_0) + "\n")
    manifest = Manifest.load(tmp_path)
    assert manifest.jobs == {0: ManifestJob("a", ["seed=0"], "0")}
    assert manifest.stack_of == {0: 0}
    assert manifest.eliminated == {0: "stopped by halving at epoch 3"}
    before = path.read_text()
    manifest.save(tmp_path)
    assert path.read_text() == before


def test_no_job_stays_in_two_stacks(tmp_path: Path) -> None:
    """One that is put into another leaves the stack that is not trained any more."""
    jobs = {n: ManifestJob(name, [], str(n)) for n, name in enumerate("abcd")}
    manifest = Manifest(jobs, {0: [0, 1], 1: [2, 3]})
    manifest.add({4: ManifestJob("e", [], "4")}, {1: [2, 3], 2: [1, 4]}, tmp_path)
    assert manifest.stacks == {0: [0], 1: [2, 3], 2: [1, 4]}
    assert Manifest.load(tmp_path) == manifest


@pytest.mark.parametrize("text", ["{", "{}", '{"jobs": {"0": {}}}', "[]", '{"jobs": {"x": {}}}'])
def test_what_is_no_manifest(text: str, tmp_path: Path) -> None:
    """One line that names the file."""
    (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(UserError, match=r"sweep.json(: | is not valid)"):
        Manifest.load(tmp_path)


def test_rows_that_have_changed_are_refused() -> None:
    """A data set that is new is not."""
    manifest = Manifest(data={"iris": "1"})
    manifest.require_same_data({"iris": "1", "wine": "2"}, {})
    assert manifest.data == {"iris": "1", "wine": "2"}
    with pytest.raises(UserError, match="the rows of the wine have changed"):
        manifest.require_same_data({"wine": "3"}, {"wine": "the wine"})


@pytest.mark.parametrize(
    ("jobs", "stacks", "rungs", "words"),
    [
        ({"0": ("../x", [])}, {}, {}, "jobs.0.folder must lie in the sweep's, got '../x'"),
        ({"0": ("/x", [])}, {}, {}, "jobs.0.folder must lie in the sweep's, got '/x'"),
        ({"0": ("", [])}, {}, {}, "jobs.0.folder must lie in the sweep's, got ''"),
        ({"0": ("0", ["hydra.sweep.subdir=.."])}, {}, {}, "jobs.0.overrides must be settings"),
        ({"0": ("0", ["+hydra/launcher=x"])}, {}, {}, "jobs.0.overrides must be settings"),
        ({"0": ("0", []), "1": ("0", [])}, {}, {}, "jobs must have a folder each"),
        ({}, {"0": [0]}, {}, "stacks must hold jobs, got 0"),
        ({"0": ("0", [])}, {"0": [0, 0]}, {}, "stacks.0 must have each job once"),
        ({}, {}, {"epoch 1, bracket 0": {"7": "why"}}, "rungs must hold jobs, got 7"),
        ({"x": ("0", [])}, {}, {}, "a key of jobs must be a whole number of 0 or more, got 'x'"),
    ],
)
def test_a_manifest_that_cannot_be(
    jobs: dict[str, tuple[str, list[str]]],
    stacks: dict[str, list[int]],
    rungs: dict[str, dict[str, str]],
    words: str,
    tmp_path: Path,
) -> None:
    """No job lies outside of its sweep, or says where others do."""
    entries = {
        number: {"identity": number, "overrides": overrides, "folder": folder}
        for number, (folder, overrides) in jobs.items()
    }
    content = {"jobs": entries, "stacks": stacks, "data": {}, "rungs": rungs}
    (tmp_path / "sweep.json").write_text(json.dumps(content))
    with pytest.raises(UserError) as caught:
        Manifest.load(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'sweep.json'}: {words}")
