"""What a lesson prints when it has been given."""

from mlp_lab.lessons.claims import Claim, Finding
from mlp_lab.lessons.giving import in_words
from mlp_lab.lessons.lesson import Evidence


def test_each_claim_has_its_measurement_and_verdict() -> None:
    """Question, sentence, measure with its rule, numbers with verdict, notes: in this order."""
    claim = Claim("It grows.", "end / start", lambda _: [], above=1)
    findings = {"one": Finding(claim, [2.0, 2.1, 2.0]), "two": Finding(claim, [0.5, 0.3, 0.6])}
    said = in_words("Does it grow?", Evidence({}, findings, ["A note."])).splitlines()
    assert said[0] == "Does it grow?"
    assert said[1].startswith("  Of 2 claims 2 are decided. Each verdict is wrong by chance in at")
    assert said[1].endswith("all are right in 95 % of repetitions, 2 are decided.")
    assert said[2:4] == ["  It grows.", "    end / start (> 1)"]
    assert said[4].endswith(": holds (also after Holm's correction)")
    assert said[7].endswith(": does not hold (also after Holm's correction)")
    assert said[8:] == ["  A note."]


def test_a_quick_form_says_that_it_decides_on_nothing() -> None:
    """Before and beside its claims."""
    claim = Claim("It grows.", "end / start", lambda _: [], above=1)
    findings = {"one": Finding(claim, [2.0, 2.1, 2.0], quick=True)}
    said = in_words("Does it grow?", Evidence({}, findings, [])).splitlines()
    assert "decides on nothing" in said[1]
    assert said[-1].endswith(": shown, not decided")
