"""How a finished run went, in words: by which rule and numbers, and which command may help."""

from dataclasses import dataclass

from mlp_lab.formatting import four_digits
from mlp_lab.program import TRY


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so; the rule by which it is, and the numbers that the rule used.

    `since` is the epoch from which it holds, where a rule names one; `command` a command line
    that may mend it, where there is one.
    """

    kind: str
    words: str
    rule: str
    numbers: dict[str, float]
    since: int | None = None
    command: str = ""

    def to_dict(self) -> dict[str, object]:
        """The finding as result.json has it."""
        return {
            "kind": self.kind,
            "words": self.words,
            "rule": self.rule,
            "numbers": self.numbers,
            "since": self.since,
            "next": self.command,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a training went, and what else is worth knowing."""

    state: Finding
    notes: list[Finding]

    @property
    def findings(self) -> list[Finding]:
        """The state, then the notes."""
        return [self.state, *self.notes]

    def to_dict(self) -> dict[str, object]:
        """The verdict as result.json has it."""
        return {**self.state.to_dict(), "notes": [note.to_dict() for note in self.notes]}

    def in_brief(self) -> list[str]:
        """What the terminal shows: what is so, and one command to try."""
        commands = [finding.command for finding in self.findings if finding.command]
        words = [finding.words for finding in self.findings]
        return words + [TRY + command for command in commands[:1]]

    def __str__(self) -> str:
        return "\n".join(self.in_brief())

    def _repr_markdown_(self) -> str:
        """As a notebook shows it."""
        return self.in_markdown()

    def in_markdown(self) -> str:
        """The whole verdict, for TensorBoard's text tab."""
        paragraphs = []
        for finding in self.findings:
            numbers = [f"{name} {four_digits(value)}" for name, value in finding.numbers.items()]
            grounds = ", ".join(numbers) or "no number"
            paragraphs.append(f"**{finding.words}**\n\nRule: {finding.rule} ({grounds})")
            if finding.command:
                paragraphs.append(f"Try: `{finding.command}`")
        return "\n\n".join(paragraphs)
