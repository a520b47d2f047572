"""What a lesson leaves: a page, a figure, its measurements, and the command that repeats it."""

import math
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.drawing import missing_letters_named, save
from mlp_lab.files import to_json, write_whole
from mlp_lab.formatting import duration, significant
from mlp_lab.lessons import FIRST
from mlp_lab.lessons.claims import FAILS, HOLDS, LEAST_SEEDS, Finding
from mlp_lab.lessons.figures import Figure, figure_of
from mlp_lab.lessons.lesson import Evidence, Lesson
from mlp_lab.lessons.tables import Tables

ROUNDING = 1e-12
"""Smaller differences of measured numbers are those of double precision."""

PAGE, FIGURE, MEASUREMENTS = "page.md", "figure.png", "measurements.json"


@dataclass(frozen=True, slots=True)
class Given:
    """A lesson as it was given: its command, seeds, seconds, and what it ran on."""

    name: str
    command: str
    seeds: range
    quick: bool
    seconds: float
    environment: dict[str, object]


def write_lesson(folder: Path, lesson: Lesson, evidence: Evidence, given: Given) -> None:
    """Write everything into an existing folder; the page last."""
    for name, table in evidence.tables.items():
        text = table.to_csv(index=False, na_rep="nan", lineterminator="\n")
        write_whole(folder / f"{name}.csv", text)
    described = {
        "lesson": given.name,
        "command": given.command,
        "quick": given.quick,
        "seconds": round(given.seconds, 1),
        "findings": [
            {**finding.to_dict(), "holm": key in evidence.surviving and not given.quick}
            for key, finding in evidence.findings.items()
        ],
        "notes": list(evidence.notes),
        "environment": given.environment,
    }
    write_whole(folder / MEASUREMENTS, to_json(described))
    with missing_letters_named(folder / FIGURE):
        save(figure(lesson, evidence.tables), folder / FIGURE)
    write_whole(folder / PAGE, markdown(lesson, evidence, given))


def figure(lesson: Lesson, tables: Tables) -> Figure:
    """All panels of a lesson."""
    return figure_of(lesson.panels(tables), columns=lesson.columns, size=lesson.panel_size)


def markdown(lesson: Lesson, evidence: Evidence, given: Given) -> str:
    """The page."""
    title = given.name.replace("_", " ").capitalize()
    files = ", ".join(f"[{name}.csv]({name}.csv)" for name in evidence.tables)
    fresh = ", which have no part in it" if given.seeds[0] >= FIRST else ""
    claims = [
        f"**{found.claim.text}** {_capital(verdict_in_words(key, evidence))}.\n\n"
        f"- measured: {found.claim.measure}; the claim says {found.claim.rule}\n"
        f"- {in_numbers(found)}"
        for key, found in evidence.findings.items()
    ]
    paragraphs = [
        f"# {title}",
        lesson.question,
        evidence.words_on_chance(),
        *claims,
        f"![{title}]({FIGURE})",
        "## What was found",
        "\n".join(f"- {note}" for note in evidence.notes),
        "## How it was measured",
        lesson.method,
        f"Seeds are {given.seeds[0]} to {given.seeds[-1]}; claims and settings were settled on"
        f" seeds below {FIRST}{fresh}. Intervals are 95 % intervals by Student's t over seeds."
        " A claim holds where the whole interval lies on its side, does not hold where it lies"
        f" on the other, and is not decided between, nor with fewer than {LEAST_SEEDS} seeds. Where"
        " all seeds give one number, the test is that of equal signs, which takes six."
        " Intervals are cut at what a measure can be; in the figure, lines and bands on a"
        " logarithmic axis are means and intervals of the logarithms. Holm's correction: Holm, A"
        " simple sequentially rejective multiple test procedure, 1979.",
        f"Every number of the figure is in {files}; what became of the claims is in"
        f" [{MEASUREMENTS}]({MEASUREMENTS}). It took"
        f" {duration(round(given.seconds))}. To repeat it:",
        f"    {given.command}\n",
    ]
    return "\n\n".join(paragraphs)


def verdict_in_words(key: str, evidence: Evidence) -> str:
    """A claim's verdict, and whether it is one after Holm's correction.

    "holds (also after Holm's correction)"
    """
    verdict = evidence.findings[key].verdict
    if verdict not in (HOLDS, FAILS):
        return verdict
    return f"{verdict} ({'also' if key in evidence.surviving else 'not'} after Holm's correction)"


def _capital(words: str) -> str:
    """A large first letter; names in it keep theirs."""
    return words[0].upper() + words[1:]


def in_numbers(finding: Finding) -> str:
    """`1.43 over 5 seeds, 95 % interval 1.31 to 1.55`."""
    count = len(finding.values)
    if missing := count - sum(map(math.isfinite, finding.values)):
        return (
            f"no number from {missing} of {count} seeds, where what is measured never came about:"
            " no interval"
        )
    numbers = [finding.mean, *finding.interval]
    mean, low, high = (significant(0.0 if abs(n) < ROUNDING else n, 3) for n in numbers)
    return f"{mean} over {count} seeds, 95 % interval {low} to {high}"
