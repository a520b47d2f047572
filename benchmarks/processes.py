"""What further processes bring: `python benchmarks/processes.py [ROWS] [PROCESSES] [--quick]`.

Whole commands from start to exit, in turn, with one process and with PROCESSES (default 2):
`mlp-lab predict` and `evaluate` on a CSV of ROWS rows (default 300,000) and 31 columns, `predict`
on the same as Parquet, and `explain` of 2,000 rows. Wall time and processor time are the least of
three rounds; answers must be the same, byte for byte. `--quick` only tries it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from race import QUICK, machine, words
from tables import write_table

PROGRAM = [sys.executable, "-m", "mlp_lab"]
ROUNDS = 1 if QUICK else 3
TRAINED = 400 if QUICK else 20_000


def main() -> None:
    """Print a line for each command."""
    numbers = [int(word) for word in words()]
    rows, processes = [*numbers, *(300_000, 2)[len(numbers) :]][:2]
    rows = 1_000 if QUICK else rows
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "rows.csv", rows)
        frame = pd.read_csv(folder / "rows.csv")
        frame.to_parquet(folder / "rows.parquet", index=False)
        frame.head(TRAINED).to_csv(folder / "some.csv", index=False)
        train = "data=table data.path=some.csv data.target=target model=deep epochs=3"
        light = "tracking.report=false tracking.tensorboard=false hydra.run.dir=run quiet=true"
        program = Path(__file__).parents[1] / "train.py"
        run(folder, [sys.executable, str(program), *train.split(), *light.split()])
        explained = "20" if QUICK else "2000"
        for said in (
            ["predict", "run", "rows.csv", "-o", "out.csv"],
            ["predict", "run", "rows.parquet", "-o", "out.parquet"],
            ["evaluate", "run", "rows.csv", "-o", "out.json"],
            ["explain", "run", "rows.csv", "-o", "out.csv", "--rows", explained],
        ):
            compare(folder, said, processes)


def compare(folder: Path, command: list[str], processes: int) -> None:
    """Print what one process and several take for a command."""
    answer, found = folder / command[4], dict[int, list[tuple[float, float]]]()
    contents = set()
    for _ in range(ROUNDS):
        for count in (1, processes):
            words_said = [*PROGRAM, *command, "--processes", str(count)]
            found.setdefault(count, []).append(run(folder, words_said))
            contents.add(answer.read_bytes())
    assert len(contents) == 1, "answers are the same"
    wall = {count: min(seconds for seconds, _ in times) for count, times in found.items()}
    cpu = {count: min(seconds for _, seconds in times) for count, times in found.items()}
    print(
        f"{command[0]:<9}{command[2]:<14}1: {wall[1]:5.1f} s, {cpu[1]:5.1f} CPU s"
        f"   {processes}: {wall[processes]:5.1f} s, {cpu[processes]:5.1f} CPU s"
        f"   wall {wall[processes] / wall[1]:.2f}, CPU {cpu[processes] / cpu[1]:.2f}"
    )


def run(folder: Path, command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command and all its processes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, used


if __name__ == "__main__":
    main()
