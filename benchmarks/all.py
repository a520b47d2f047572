"""The README's table of figures, made anew: `python benchmarks/all.py [FILE …] [--quick]`.

Runs the files that its rows come from, one after the other, on a machine that does nothing else,
and writes the table with what they found. With names of files, as `step kernel`, only those are
run, and the other rows stay. `--quick` only tries one, and leaves the README as it is.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from race import QUICK, machine, words

ROOT = Path(__file__).parents[1]
HEADER = "| what | ratio | time | file |"
FOUND = re.compile(r"^(.+?)\s+([0-9.]+)  \(at most", re.MULTILINE)
"""A line of `race.judge`."""

ONE, BOTH = "wall, one thread", "wall, all cores"


@dataclass(frozen=True)
class Row:
    """A row of the table: its words, the file, what this calls the figure, and whose time it is."""

    words: str
    file: str
    title: str
    time: str


STEP = "a step of 64-64-64-10 at batch 32 with Adam"
TRAIN = "`python train.py epochs=1`"
BARE = "`tracking.report=false tracking.tensorboard=false`"

ROWS = (
    Row(
        f"{STEP}, by scikit-learn's `MLPClassifier`",
        *("step", "64-64-64-10, batch 32: steps / scikit-learn", ONE),
    ),
    Row(
        "the same with each epoch's evaluation, by scikit-learn without one",
        *("step", "  the same with each epoch's evaluation", ONE),
    ),
    Row(
        "the same step, by the usual loop over a torch `DataLoader`",
        *("step", "64-64-64-10, batch 32: steps / DataLoader loop", ONE),
    ),
    Row(
        f"with `kernel=native`, {STEP}, by the same with torch's operations",
        *("kernel", "1 x 64-64, batch 32: native / torch", ONE),
    ),
    Row(
        "its epoch with the evaluation, by scikit-learn without one",
        *("kernel", "an epoch with its evaluation: native / scikit-learn without", ONE),
    ),
    Row(
        "a step of 64-1024x3-10 at batch 1024, by its matrix products alone",
        *("step", "64-1024x3-10, batch 1024: steps / matrix products", ONE),
    ),
    Row(
        "a stack of 64 networks of two layers of 32, by the 64 one after the other",
        *("step", "64 members of width 32: stack / alone", ONE),
    ),
    Row(
        "the same, by the 64 with autograd",
        *("step", "64 members of width 32: stack / alone by autograd", ONE),
    ),
    Row(
        f"{TRAIN} with pictures and report, by `import torch` and the training alone",
        *("start", "train: command / (import torch + training)", BOTH),
    ),
    Row(
        f"the same without them ({BARE})",
        *("start", "bare: command / (import torch + training)", BOTH),
    ),
    Row(
        "seconds that TensorBoard, pictures and report take of it",
        *("start", "seconds that TensorBoard, pictures and report add", BOTH),
    ),
    Row(
        "`mlp-lab predict` of 100 rows, by `import torch`",
        *("start", "predict: 100 rows / import torch", BOTH),
    ),
    Row(
        "a run with checkpoints as by default, by one with the last alone",
        *("tracking", "checkpoints as by default / one at the end", ONE),
    ),
    Row(
        "32 settings x 5 folds on the digits, by `GridSearchCV(MLPClassifier, n_jobs=-1)`",
        *("sweep", "32 settings x 5 folds: stacked / GridSearchCV", BOTH),
    ),
    Row(
        "the same 160 jobs, by `hydra/launcher=basic`, one after the other",
        *("sweep", "160 jobs: stacked / basic", BOTH),
    ),
    Row(
        "widths from 1 to 512, 3 seeds, 10 epochs, by `hydra/launcher=basic`",
        *("sweep", "widths 1 to 512, 3 seeds: stacked / basic", BOTH),
    ),
)


def figures(file: str) -> dict[str, float]:
    """What a file prints: what it calls a figure -> the figure."""
    command = [sys.executable, str(ROOT / "benchmarks" / f"{file}.py"), *(["--quick"] * QUICK)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    return found_in(done.stdout)


def found_in(text: str) -> dict[str, float]:
    """The figures among lines.

    >>> found_in("a step: ours / theirs          0.250  (at most 0.4) ")
    {'a step: ours / theirs': 0.25}
    """
    return {title.strip(): float(figure) for title, figure in FOUND.findall(text)}


def table(
    found: Mapping[str, Mapping[str, float]], readme: str = "", rows: Sequence[Row] = ROWS
) -> str:
    """The table of all rows, of figures by file; a row of another file is that of the README."""
    lines = [HEADER, "|---|---|---|---|"]
    for row in rows:
        begin, end = f"| {row.words} | ", f" | {row.time} | `{row.file}.py` |"
        if row.file in found:
            lines.append(f"{begin}{found[row.file][row.title.strip()]:.2f}{end}")
        else:
            lines.append(next(line for line in readme.splitlines() if line.startswith(begin)))
    return "\n".join(lines) + "\n"


def with_table(readme: str, new: str) -> str:
    """The README with another table in the old one's place."""
    before, header, rest = readme.partition(HEADER)
    if not header:
        raise SystemExit(f"README.md has no table that begins with {HEADER}")
    lines = rest.splitlines(keepends=True)[1:]
    kept = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return before + new + "".join(lines[kept:])


def main() -> None:
    """Run them all, and write the table."""
    print(machine())
    known = list(dict.fromkeys(row.file for row in ROWS))
    asked = ["kernel"] if QUICK else words() or known
    if unknown := [file for file in asked if file not in known]:
        raise SystemExit(f"no row comes from {unknown[0]!r} ({', '.join(known)})")
    found = {file: figures(file) for file in asked}
    if QUICK:
        print(table(found, rows=[row for row in ROWS if row.file in found]))
        return
    path = ROOT / "README.md"
    new = table(found, path.read_text())
    path.write_text(with_table(path.read_text(), new))
    print(new)


if __name__ == "__main__":
    main()
