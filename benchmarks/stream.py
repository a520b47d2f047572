"""A table larger than memory: processor time and memory of reading, training and predicting.

    python benchmarks/stream.py [ROWS ...]

Makes Parquet files of ROWS rows (default 1,000,000 and 10,000,000) and 30 columns, 10 of them
categories, piece by piece in a temporary folder, and runs `mlp-lab train` with `data.stream=always`
and `mlp-lab predict` on each. Memory is what a process has for itself at most (RssAnon): pages of
files, which the system takes back when it needs them, do not count. Linux only.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.parquet import ParquetWriter
from race import QUICK, words

NUMBERS, CATEGORIES, LEVELS = 19, 10, 8
CHUNK = 100_000
EPOCHS = 1
LOOK_SECONDS = 0.02

SETTINGS = (
    *("data=table", "data.target=target", "data.stream=always", "data.test_fraction=0.05"),
    *("data.val_fraction=0.05", "model=shallow", "kernel=auto", "batch_size=1024"),
    *(f"epochs={EPOCHS}", "tracking.report=false", "tracking.boosting=never", "quiet=true"),
)


def write_table(path: Path, rows: int) -> None:
    """Numbers, some of them missing, short words, and a number that follows from them."""
    draw = np.random.default_rng(0)
    words = pa.array([f"level {k}" for k in range(LEVELS)])
    writer = None
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        numbers = draw.normal(size=(NUMBERS, count))
        levels = draw.integers(LEVELS, size=(CATEGORIES, count))
        target = numbers[:5].sum(0) + levels[:3].sum(0) + draw.normal(size=count)
        gaps = draw.uniform(size=count) < 0.05
        columns = {f"number_{i}": pa.array(own) for i, own in enumerate(numbers)}
        columns["number_0"] = pa.array(numbers[0], mask=gaps)
        columns |= {f"category_{i}": words.take(pa.array(own)) for i, own in enumerate(levels)}
        table = pa.table({**columns, "target": target})
        writer = writer or ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of processor time that a command takes, and the most memory of its own in MiB."""
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        peak, status = 0, Path(f"/proc/{process.pid}/status")
        while True:
            found, code, usage = os.wait4(process.pid, os.WNOHANG)
            if found:
                break
            lines = status.read_text().splitlines()
            peak = max([peak, *(int(line.split()[1]) for line in lines if "RssAnon" in line)])
            time.sleep(LOOK_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit((folder / "log").read_text())
    return usage.ru_utime + usage.ru_stime, peak / 1024


def steps(folder: Path) -> dict[str, list[str]]:
    """What is measured, in order: the second training finds what the first step encoded."""
    program = [sys.executable, "-m", "mlp_lab"]
    train = [*program, "train", f"data.path={folder / 'table.parquet'}", *SETTINGS]
    run = folder / "run"
    return {
        "read and encode": [*train, "data.report_only=true", f"hydra.run.dir={folder / 'report'}"],
        f"train, {EPOCHS} epoch, and score": [*train, f"hydra.run.dir={run}"],
        "predict": [*program, "predict", str(run), "table.parquet", "-o", "predictions.parquet"],
    }


def main() -> None:
    """Print a line for each step and size."""
    sizes = [int(word) for word in words()] or ([2000] if QUICK else [1_000_000, 10_000_000])
    print(f"{'rows':>12}  {'step':<28} {'CPU s':>8} {'us/row':>8} {'MiB':>8}")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_table(folder / "table.parquet", rows)
            for step, command in steps(folder).items():
                seconds, memory = measured(command, folder)
                per_row = seconds / rows * 1e6
                print(
                    f"{rows:>12,}  {step:<28} {seconds:>8.1f} {per_row:>8.1f} {memory:>8.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
