"""Numbers of jobs."""

from mlp_lab.sweep.manifest import Book, Entry


def test_a_new_job_has_its_place_as_number() -> None:
    """Counted from the batch's first; equal jobs are one, and what is known keeps its number."""
    book = Book()
    assert book.numbers(["a", "b", "a", "c"], 0) == [0, 1, 0, 3]
    book.jobs = {0: Entry("a", [], "0"), 3: Entry("c", [], "3")}
    assert book.numbers(["c", "d", "e"], 5) == [3, 6, 7]


def test_a_new_job_takes_no_number_twice() -> None:
    """Where the book has come further than the places of a grid."""
    book = Book({n: Entry(name, [], str(n)) for n, name in enumerate("abc")})
    assert book.numbers(["a", "x", "c", "y"], 0) == [0, 3, 2, 4]
