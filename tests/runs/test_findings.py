"""A verdict for the terminal, for result.json and for TensorBoard."""

from mlp_lab.runs.findings import Finding, Verdict

STATE = Finding("good fit", "a good fit", "no other rule", {"train": 0.98765})
NOTE = Finding("dead units", "dead units", "more than 10%", {}, since=3, command="train again")


def test_only_the_first_command_is_shown_on_the_terminal() -> None:
    """After all words."""
    verdict = Verdict(STATE, [NOTE, Finding("x", "more", "", {}, command="another")])
    assert verdict.in_brief() == ["a good fit", "dead units", "more", "try: train again"]


def test_as_result_json_has_it() -> None:
    """The keys of every version."""
    found = Verdict(STATE, [NOTE]).to_dict()
    assert list(found) == ["kind", "words", "rule", "numbers", "since", "next", "notes"]
    assert (found["kind"], found["since"], found["next"]) == ("good fit", None, "")
    assert found["notes"] == [
        {
            "kind": "dead units",
            "words": "dead units",
            "rule": "more than 10%",
            "numbers": {},
            "since": 3,
            "next": "train again",
        }
    ]


def test_in_markdown() -> None:
    """Words, rule and numbers of every finding, and its command."""
    assert Verdict(STATE, [NOTE]).in_markdown().split("\n\n") == [
        "**a good fit**",
        "Rule: no other rule (train 0.9877)",
        "**dead units**",
        "Rule: more than 10% (no number)",
        "Try: `train again`",
    ]
