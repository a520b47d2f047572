"""What a lesson is: a question, what is measured to answer it, and claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import FAILS, HOLDS, LEVEL, Claim, Finding, holm
from mlp_lab.lessons.panels import Panel
from mlp_lab.lessons.tables import Tables


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a lesson found: its measurements, and what becomes of each claim, by the claim's key."""

    tables: Tables
    findings: Mapping[str, Finding]
    notes: Sequence[str]
    kernel: str = "torch"
    """What computed the networks: native, the compiled kernel, torch, or both."""

    @property
    def surviving(self) -> list[str]:
        """Keys of the claims that are decided after Holm's correction over all of them."""
        return holm({key: found.p_value for key, found in self.findings.items()})

    @property
    def quick(self) -> bool:
        """Whether a quick form was measured."""
        return any(found.quick for found in self.findings.values())

    def words_on_chance(self) -> str:
        """How many claims chance alone may have decided, and how many it hardly has."""
        count = len(self.findings)
        if self.quick:
            return QUICK
        decided = sum(found.verdict in (HOLDS, FAILS) for found in self.findings.values())
        kept = len(self.surviving)
        return (
            f"Of {count} claims {decided} {_are(decided)} decided. Each verdict is wrong by chance"
            f" in at most {WRONG:.1%} of repetitions: of {count}, {count * WRONG:.2g} in the mean."
            f" After Holm's correction over the {count}, by which all are right in 95 % of"
            f" repetitions, {kept} {_are(kept)} decided."
        )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


QUICK = (
    "The quick form, for trying out: fewer seeds, settings, rows and epochs than the claims speak"
    " of. It shows what is measured, and decides on nothing."
)

WRONG = (1 - LEVEL) / 2
"""Chance that the interval of a claim lies wholly on the wrong side of its bound."""


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
            name: Finding(
                claim, np.asarray(claim.formula(tables), dtype=float).tolist(), bench.quick
            )
            for name, claim in self.claims.items()
        }
        kernel = ", ".join(sorted(bench.kernels)) or "torch"
        return Evidence(tables, findings, self.notes(tables), kernel)
