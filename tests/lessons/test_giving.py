"""What a lesson prints when it has been given."""

from mlp_lab.lessons.claims import Claim, Finding
from mlp_lab.lessons.giving import in_words
from mlp_lab.lessons.lesson import Evidence


def test_each_claim_has_its_measurement_and_verdict() -> None:
    """Question, sentence, measure with its rule, numbers with verdict, notes: in this order."""
    claim = Claim("It grows.", "end / start", lambda _: [], above=1)
    findings = {"one": Finding(claim, [2.0, 2.0, 2.0]), "two": Finding(claim, [0.5, 0.5, 0.5])}
    said = in_words("Does it grow?", Evidence({}, findings, ["A note."])).splitlines()
    assert said[:3] == ["Does it grow?", "  It grows.", "    end / start (> 1)"]
    assert said[3].endswith(": holds")
    assert said[6].endswith(": does not hold")
    assert said[7:] == ["  A note."]
