"""The verdict on a network of a page, as it would be if it ended now."""

from __future__ import annotations

from mlp_lab.play.session import Session
from mlp_lab.program import TRY
from mlp_lab.runs.findings import Verdict
from mlp_lab.runs.scoring import score_model, scores_of
from mlp_lab.runs.termination import Termination


def verdict_now(session: Session, number: int) -> list[str]:
    """What a run's end would say, line by line; nothing before the first epoch."""
    trial = session.lineup.trials[number]
    run = trial.run
    rows = trial.rows[1 : session.epoch + 1]
    if not rows:
        return []
    if run.progress.diverged is not None:
        return [str(run.progress.diverged)]
    stack = session.lineup.stacks[trial.stack]
    network = stack.best_network([session.lineup.position(trial)])
    objective = run.prepared.objective
    scored = score_model(network, run.dataset, objective)
    run.models = {"network": scores_of(scored), **session.common.baselines_of(run)}
    run.validation = {"network": scored["val"], **session.common.validation_of(run)}
    run.termination = Termination("completed")  # as far as the rules ask
    try:
        return _lines(session.judge(run, network, rows))
    finally:
        run.validation, run.termination = {}, None


def _lines(verdict: Verdict) -> list[str]:
    """What is so, and one command to try; a page has no folder that could be resumed."""
    findings = verdict.findings
    commands = [own.command for own in findings if own.command and "resume=" not in own.command]
    return [own.words for own in findings] + [TRY + command for command in commands[:1]]
