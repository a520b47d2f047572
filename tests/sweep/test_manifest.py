"""Numbers of jobs."""

from mlp_lab.sweep.manifest import Manifest, ManifestJob


def test_a_new_job_has_its_place_as_number() -> None:
    """Counted from the batch's first; equal jobs are one, and what is known keeps its number."""
    manifest = Manifest()
    assert manifest.numbers(["a", "b", "a", "c"], 0) == [0, 1, 0, 3]
    manifest.jobs = {0: ManifestJob("a", [], "0"), 3: ManifestJob("c", [], "3")}
    assert manifest.numbers(["c", "d", "e"], 5) == [3, 6, 7]


def test_a_new_job_takes_no_number_twice() -> None:
    """Where the manifest has come further than the places of a grid."""
    manifest = Manifest({n: ManifestJob(name, [], str(n)) for n, name in enumerate("abc")})
    assert manifest.numbers(["a", "x", "c", "y"], 0) == [0, 3, 2, 4]
