"""A lesson from its first network to its page."""

import shlex
import time
from pathlib import Path

import torch

from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.lesson import Evidence
from mlp_lab.lessons.page import Given, in_numbers, verdict_in_words, write_lesson
from mlp_lab.runs.results import environment
from mlp_lab.terminal import Screen, StatusLine

__all__ = ["LESSONS", "give"]

CPU = torch.device("cpu")
"""Where lessons train."""


def give(
    name: str, configs: Path, folder: Path, *, quick: bool, count: int | None, first: int
) -> None:
    """Measure a lesson, write everything into an existing, empty folder, and print it.

    `configs` is the folder of settings, `quick` a small form for trying out; `count` seeds from
    `first` on, None for the lesson's own number.
    """
    started, screen, lesson = time.perf_counter(), Screen(), LESSONS[name]
    count = count or (2 if quick else lesson.seeds)
    seeds = range(first, first + count)
    evidence = measured(name, configs, screen, quick=quick, seeds=seeds)
    form = ["quick=true"] if quick else []
    command = shlex.join(["mlp-lab", "lesson", name, *form, f"seeds={count}", f"first={first}"])
    machine, seconds = environment(CPU, evidence.kernel), time.perf_counter() - started
    folder.mkdir(parents=True, exist_ok=True)  # who has cleaned up meanwhile loses no minutes' work
    write_lesson(folder, lesson, evidence, Given(name, command, seeds, quick, seconds, machine))
    screen.print(in_words(lesson.question, evidence), soft_wrap=True)
    screen.print(str(folder), soft_wrap=True)


def measured(name: str, configs: Path, screen: Screen, *, quick: bool, seeds: range) -> Evidence:
    """Train a lesson's networks, and say how far that is."""
    line = StatusLine(screen, quiet=False)
    try:
        shown = (lambda text: line.write(f"{name}: {text}")) if line.live else (lambda text: None)
        return LESSONS[name].evidence(Bench(configs, seeds=seeds, quick=quick, shown=shown))
    finally:
        line.close()


def in_words(question: str, evidence: Evidence) -> str:
    """Each claim, what was measured of it, and the verdict."""
    lines = [question, f"  {evidence.words_on_chance()}"]
    for key, finding in evidence.findings.items():
        claim, numbers = finding.claim, in_numbers(finding)
        lines += [f"  {claim.text}", f"    {claim.measure} ({claim.rule})"]
        lines.append(f"    {numbers}: {verdict_in_words(key, evidence)}")
    return "\n".join([*lines, *(f"  {note}" for note in evidence.notes)])
