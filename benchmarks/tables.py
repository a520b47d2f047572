"""A table of a million rows: memory and time of reading, encoding and predicting.

    python benchmarks/tables.py [ROWS] [--quick]

Writes a CSV of ROWS rows (default 1,000,000) and 30 columns, 10 of them categories, to a temporary
folder. Each measurement runs in a process of its own, so that its peak is its own; "above the
imports" subtracts what the process held once its modules were loaded. Linux only. `--quick` tries
it on 500 rows.
"""

# ruff: noqa: PLC0415  each process imports only what it measures

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

NUMBERS, CATEGORIES, LEVELS = 20, 10, 8
CHUNK = 100_000
QUICK = "--quick" in sys.argv
FEW = 200 if QUICK else 20_000
"""Rows of the table that the predicting network is trained on."""


def write_table(path: Path, rows: int) -> None:
    """Numbers of six digits, short words, and a target of two classes."""
    import pandas as pd

    draw = np.random.default_rng(0)
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        columns: dict[str, object] = {
            f"number_{i}": np.round(draw.normal(size=count), 6) for i in range(NUMBERS)
        }
        for i in range(CATEGORIES):
            columns[f"category_{i}"] = draw.choice([f"level {k}" for k in range(LEVELS)], count)
        columns["target"] = np.where(draw.uniform(size=count) > 0.5, "yes", "no")
        frame = pd.DataFrame(columns)
        frame.to_csv(path, mode="a" if first else "w", header=first == 0, index=False)


def peak() -> float:
    """Largest resident memory of this process so far, in MiB."""
    (line,) = [
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    ]
    return int(line.split()[1]) / 1024


def composed(path: Path) -> object:
    """The typed config of `data=table` for a file."""
    import hydra

    from mlp_lab.commands.composing import prepare_hydra
    from mlp_lab.config.composition import from_hydra
    from mlp_lab.config.groups import config_folder

    prepare_hydra()
    overrides = [
        "data=table",
        f"data.path={path}",
        "data.target=target",
        "epochs=1",
        "model=shallow",
    ]
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(config_folder())):
        return from_hydra(hydra.compose("train", overrides=overrides), overrides)[0]


def parse(path: Path) -> None:
    """What pandas needs for the file: seconds and MiB."""
    import pandas as pd

    before, started = peak(), time.perf_counter()
    pd.read_csv(path)
    print(time.perf_counter() - started, peak() - before)


def encode(path: Path) -> None:
    """What reading and encoding need; seconds without reading and without the data report."""
    import pandas as pd

    from mlp_lab.config.schema import Config
    from mlp_lab.data.tables import table
    from mlp_lab.runs import prepared_data

    config = composed(path)
    assert isinstance(config, Config)
    spent = [0.0]

    def timed(function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            started = time.perf_counter()
            found = function(*given)
            spent[0] += time.perf_counter() - started
            return found

        return call

    table.read_table = timed(table.read_table)  # type: ignore[assignment, attr-defined]
    prepared_data.data_report = timed(prepared_data.data_report)  # type: ignore[assignment, attr-defined]
    pd.DataFrame({"a": ["b"]}).to_numpy()  # what pandas loads at first use
    before, started = peak(), time.perf_counter()
    encoded = prepared_data.prepare_data(config).encoded
    seconds = time.perf_counter() - started
    parts = (encoded.train, encoded.val, encoded.test)
    matrix = sum(part.inputs.nbytes for part in parts) / 2**20
    print(seconds - spent[0], peak() - before, matrix)


def predict(run: Path, path: Path) -> None:
    """What `mlp-lab predict` needs: seconds and MiB above the imports."""
    from mlp_lab.commands import predict as predicting
    from mlp_lab.commands import predict_files  # noqa: F401
    from mlp_lab.predictor import load

    arguments = predicting.parser("predict").parse_args(
        [str(run), str(path), "-o", f"{path}.out.csv"]
    )
    load(run)
    before, started = peak(), time.perf_counter()
    predicting.run("predict", arguments)
    print(time.perf_counter() - started, peak() - before)


def measured(*words: str) -> list[float]:
    """The numbers on the last line of a measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *words], check=True, capture_output=True, text=True
    )
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def main(rows: int) -> None:
    """Print what the README says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, few = folder / "table.csv", folder / "few.csv"
        write_table(path, rows)
        write_table(few, FEW)
        pairs = [
            (measured("parse", str(path)), measured("encode", str(path)))
            for _ in range(1 if QUICK else 3)
        ]
        times = [ours[0] / theirs[0] for theirs, ours in pairs]
        (_, frame), (_, used, matrix) = pairs[0]
        print(
            f"{rows:,} rows x {NUMBERS + CATEGORIES} columns, {path.stat().st_size / 2**20:.0f} MiB"
        )
        print(f"encoding / pandas' parsing, time: {np.median(times):.2f}")
        print(f"reading and encoding: {used:.0f} MiB; frame {frame:.0f}, matrix {matrix:.0f}")
        print(f"peak beyond the frame / matrix: {(used - frame) / matrix:.2f}")
        run = folder / "run"
        words = [
            "data=table",
            f"data.path={few}",
            "data.target=target",
            "epochs=1",
            "model=shallow",
        ]
        train = Path(__file__).parents[1] / "train.py"
        subprocess.run(
            [sys.executable, str(train), *words, "quiet=true", f"hydra.run.dir={run}"], check=True
        )
        for size, file in ((FEW, few), (rows, path)):
            seconds, above = measured("predict", str(run), str(file))
            print(f"predicting {size:,} rows: {seconds:.1f} s, {above:.0f} MiB above the imports")


if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if word != "--quick"]
    command, *rest = asked or ["500" if QUICK else "1000000"]
    if command == "parse":
        parse(Path(rest[0]))
    elif command == "encode":
        encode(Path(rest[0]))
    elif command == "predict":
        predict(Path(rest[0]), Path(rest[1]))
    else:
        main(int(command))
