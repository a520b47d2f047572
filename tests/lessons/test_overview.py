"""Claims of all lessons together."""

from mlp_lab.lessons.overview import on_all_lessons


def described(*p_values: float, quick: bool = False) -> dict[str, object]:
    """A lesson with claims of some p-values, as measurements.json has it."""
    findings = [
        {
            "claim": f"Claim {i}.",
            "measure": "value",
            "p_value": p,
            "verdict": "holds" if p < 0.05 else "not decided",
        }
        for i, p in enumerate(p_values)
    ]
    return {"quick": quick, "findings": findings}


def test_one_correction_over_all_claims() -> None:
    """A claim that survives its own lesson's may not survive that of all; quick forms are out."""
    lessons = {
        "one": described(0.001, 0.02),
        "two": described(0.3, 0.001),
        "three": described(0.0, quick=True),
    }
    first, *others = on_all_lessons(lessons).splitlines()
    assert first == (
        "4 claims of 2 lessons, 3 of them decided; by chance at most 0.1 of 4 verdicts are wrong in"
        " the mean. After Holm's correction over all of them 3 are decided."
    )
    assert others == []
    assert on_all_lessons({"one": described(0.001, 0.04, 0.3)}).splitlines()[1] == (
        "Not after it: one: Claim 1. (value)"
    )
