"""What a lesson is: a question, what is measured to answer it, and claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim, Finding
from mlp_lab.lessons.panels import Panel
from mlp_lab.lessons.tables import Tables


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a lesson found: its measurements, and what becomes of each claim, by the claim's key."""

    tables: Tables
    findings: Mapping[str, Finding]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A question, claims that answer it, and how to hold them against networks."""

    question: str
    method: str  # a paragraph for the page: what is trained on what, and which rows are measured
    seeds: int  # how many, unless the command says otherwise
    measure: Callable[[Bench], Tables]
    claims: Mapping[str, Claim]  # by a short name
    notes: Callable[[Tables], Sequence[str]]  # what was found, such as where a minimum lies
    panels: Callable[[Tables], Sequence[Panel]]
    columns: int = 3  # panels side by side
    panel_size: float = 4.4  # inches

    def evidence(self, bench: Bench) -> Evidence:
        """Measure, and hold every claim against what was measured."""
        tables = self.measure(bench)
        findings = {
            name: Finding(claim, np.asarray(claim.formula(tables), dtype=float).tolist())
            for name, claim in self.claims.items()
        }
        return Evidence(tables, findings, self.notes(tables))
