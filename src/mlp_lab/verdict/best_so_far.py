"""A verdict's commands, with what was tried before on the same data in mind.

Nothing is tried twice; where an earlier run did better, what was done since is taken back: the
next thing is tried from there, then from here, or that run is the one to use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mlp_lab.program import as_typed
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.verdict.advice import (
    FIT,
    LEAK,
    NO_OTHER,
    TOO_LOW,
    UNFINISHED,
    advised,
    command_for_first,
    first_to_mend,
    next_command,
)
from mlp_lab.verdict.evidence import Evidence, own_standard_error, score_of, standard_error
from mlp_lab.verdict.history import Earlier
from mlp_lab.verdict.measure import Measure

History = Callable[[Job, Sequence[str]], list[Earlier]]
"""Finds what was tried before a job, which began with some words."""

KIND = "an earlier run did better"
MOST_NAMED = 3
"""Settings that were tried before, of those that are named."""


def nothing_before(job: Job, overrides: Sequence[str]) -> list[Earlier]:
    """No history: as in a sweep, whose jobs are compared, and in memory."""
    return []


@dataclass(frozen=True, slots=True)
class Better:
    """An earlier run that did better, and the note that says so."""

    run: Earlier
    note: Finding


def better_run(
    evidence: Evidence, tried: Sequence[Earlier], measure: Measure, loss: str
) -> Better | None:
    """The best of the earlier runs, if it is better by more than the standard error.

    One that is suspected of a leak is not: a column was dropped for it, or should be; nor one that
    found nothing to learn, which was better by chance.
    """
    if evidence.val is None or evidence.divergence is not None:
        return None
    learnt = [one for one in tried if one.verdict.state.kind != "nothing to learn"]
    reached = [(_skill(one, measure, loss), one) for one in learnt if not _leaks(one)]
    scored = [(skill, one) for skill, one in reached if skill is not None]
    if not scored:
        return None
    best, run = max(scored, key=lambda pair: pair[0])
    margin = max(standard_error(evidence), own_standard_error(evidence, evidence.val))
    if best - evidence.val <= margin:
        return None
    scores = [score_of(evidence, skill, "val") for skill in (best, evidence.val)]
    words = (
        f"an earlier run on the same data did better: {evidence.measure} {scores[0]} on the"
        f" validation rows, against {scores[1]}: {as_typed(run.folder)}"
    )
    rule = "skill(val) of a run in a folder beside it is higher by more than the standard error"
    numbers = {"val": evidence.val, "earlier": best, "margin": margin}
    return Better(run, Finding(KIND, words, rule, numbers))


def _leaks(one: Earlier) -> bool:
    """Whether a run was suspected of a column that gives the target away."""
    return any(note.kind == LEAK for note in one.verdict.notes)


def _skill(one: Earlier, measure: Measure, loss: str) -> float | None:
    """Of an earlier run by this run's measure; nothing where it has none."""
    if measure.name == "D²" and one.result["loss"] != loss:
        return None
    scores, constant = (
        _finite(found) for found in (one.result["val"], one.result["baselines"]["constant"]["val"])
    )
    needed = {"D²": "loss", "R²": "r2", "accuracy": "accuracy"}.get(
        measure.name, "balanced_accuracy"
    )
    if one.result["status"] == "diverged" or not (needed in scores and needed in constant):
        return None
    return measure.of_scores(scores, constant)


def _finite(scores: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in scores.items() if value is not None}


def with_advice(
    verdict: Verdict,
    run: Run,
    leaks: Sequence[str],
    tried: Sequence[Earlier],
    better: Better | None,
) -> Verdict:
    """The verdict, with commands that were not tried; from the best run, if that is another.

    `leaks`: columns that may be left out.
    """
    why = _tried_in_words(run.progress.origin.overrides, tried)

    def command_for(finding: Finding) -> str:
        return next_command(finding, run.job, run.progress, leaks, tried)

    if better is None:
        return advised(verdict, command_for, why)
    unfinished = verdict.state.kind in UNFINISHED
    slow = unfinished and any(note.kind == TOO_LOW for note in verdict.notes)
    if unfinished and not slow:  # it has not shown what it can
        found = advised(verdict, command_for, why)
        return Verdict(found.state, [*found.notes, better.note])
    own = Earlier(run.job.folder, run.progress.origin.overrides, {"verdict": verdict.to_dict()})
    found = Verdict(verdict.state, [*verdict.notes, better.note])
    command = _from_there(better.run, leaks, [*tried, own])
    if command or verdict.state.kind in FIT:
        return Verdict(found.state, [*verdict.notes, replace(better.note, command=command)])
    use = f"use {as_typed(better.run.folder)}"
    return advised(found, _nothing if slow else command_for, why, use)


def _nothing(finding: Finding) -> str:
    """No command: what would mend a rate that is too low is the better run."""
    return ""


def _from_there(better: Earlier, leaks: Sequence[str], tried: Sequence[Earlier]) -> str:
    """What to try next on an earlier run; nothing where it asks for nothing."""
    job, verdict = better.job(), better.verdict
    if job is None or verdict.state.kind in FIT:
        return ""

    def command_for(finding: Finding) -> str:
        return next_command(finding, job, better.progress(), leaks, tried)

    return command_for_first(verdict, first_to_mend(verdict, command_for), command_for)


def _tried_in_words(overrides: Sequence[str], tried: Sequence[Earlier]) -> str:
    """Settings of earlier runs that this one does not have."""
    own = set(overrides)
    others = dict.fromkeys(
        word for one in tried for word in one.overrides if word not in own and "=" in word
    )
    if not others:
        return NO_OTHER
    named = ", ".join(list(others)[:MOST_NAMED])
    more = ", …" if len(others) > MOST_NAMED else ""
    return f"tried before on the same data: {named}{more}"
