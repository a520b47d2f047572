"""How a lesson holds its claims against what it measures."""

from given import bench

from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import SHOWN, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.tables import Table, Tables


def measure(bench: Bench) -> Tables:
    """A number for each seed, without training."""
    return {"table": Table({"seed": list(bench.seeds), "value": [2.0 + s for s in bench.seeds]})}


def test_formulas_see_the_tables_alone() -> None:
    """One number for each seed, as plain floats; notes are made of the same tables."""
    lesson = Lesson(
        question="How much?",
        method="By counting.",
        seeds=2,
        measure=measure,
        claims={
            "large": Claim(
                "It is large.", "value", lambda tables: tables["table"]["value"], above=-20
            )
        },
        notes=lambda tables: [f"{len(tables['table'])} rows"],
        panels=lambda tables: [],
    )
    evidence = lesson.evidence(bench(range(2)))
    assert evidence.findings["large"].values == [2.0, 3.0]
    assert evidence.findings["large"].verdict == SHOWN  # of the quick form
    assert list(evidence.notes) == ["2 rows"]
