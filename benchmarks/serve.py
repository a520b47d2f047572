"""What answers of `mlp-lab serve` cost: processor time, requests a second and latency on loopback.

    python benchmarks/serve.py
    python benchmarks/serve.py --workers 2 --clients 8 --seconds 20

A network learns a table of 8 numbers and 4 categories. Processor time is of answers in this
process, without HTTP: it depends less on what else a machine does. Then the server is a process of
its own; clients are threads of this one that keep their connections, and ask again as soon as they
are answered.
"""

import json
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from race import QUICK

import mlp_lab
from mlp_lab.serving.service import Limits, Service

ROWS = 1000


def main() -> None:
    """Print a line for each kind of request."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only try it, for a moment")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    arguments = parser.parse_args()
    if QUICK:
        arguments.clients, arguments.seconds = 1, 0.3
    with TemporaryDirectory() as folder:
        frame = table(ROWS)
        run = mlp_lab.train(frame, target="y", model="deep", epochs=2, quiet=True)
        run.save(f"{folder}/run")
        measure_all(Path(folder) / "run", frame.drop(columns="y"), arguments)


def table(rows: int) -> pd.DataFrame:
    """Numbers and categories, and a target of two classes."""
    draw = np.random.default_rng(0)
    numbers = {f"x{i}": draw.normal(size=rows) for i in range(8)}
    levels = {f"k{i}": draw.choice(["red", "green", "blue"], rows) for i in range(4)}
    return pd.DataFrame({**numbers, **levels, "y": np.where(numbers["x0"] > 0, "yes", "no")})


def measure_all(run: Path, rows: pd.DataFrame, arguments: Namespace) -> None:
    """Start the server, and ask it each kind of request."""
    torch.set_num_threads(1)
    service = Service(mlp_lab.load(run), Limits())
    words = [sys.executable, "-m", "mlp_lab", "serve", str(run), "--port", "0"]
    words += ["--workers", str(arguments.workers)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().partition("127.0.0.1:")[2].split()[0])
        try:
            titles = ("CPU, ms", "requests/s", "rows/s", "median, ms", "p99, ms")
            print(f"{'request':24}" + "".join(title.rjust(12) for title in titles))
            for name, (count, body, kind) in requests(rows).items():
                cost = processor_time(service, body, kind)
                took = measured(port, body, kind, arguments.clients, arguments.seconds)
                a_second = len(took) / arguments.seconds
                latencies = (
                    f"{1e3 * median(took):12.1f}{1e3 * float(np.quantile(took, 0.99)):12.1f}"
                )
                figures = f"{1e3 * cost:12.1f}{a_second:12,.0f}{a_second * count:12,.0f}{latencies}"
                print(f"{name:24}{figures}", flush=True)
        finally:
            server.terminate()


def requests(rows: pd.DataFrame) -> dict[str, tuple[int, bytes, str]]:
    """Name -> number of rows, body, and its type."""
    one, records = rows[:1], rows.to_dict("records")
    return {
        "1 row, JSON": (1, json.dumps(records[:1]).encode(), "application/json"),
        "1 row, CSV": (1, one.to_csv(index=False).encode(), "text/csv"),
        "1,000 rows, JSON": (ROWS, json.dumps(records).encode(), "application/json"),
        "1,000 rows, JSON columns": (
            ROWS,
            json.dumps(rows.to_dict("list")).encode(),
            "application/json",
        ),
        "1,000 rows, CSV": (ROWS, rows.to_csv(index=False).encode(), "text/csv"),
    }


def processor_time(service: Service, body: bytes, kind: str) -> float:
    """Seconds of one answer: the least of many."""
    found = []
    for _ in range(2 if QUICK else 50):
        begun = time.process_time()
        service.answer(body, kind)
        found.append(time.process_time() - begun)
    return min(found)


def measured(port: int, body: bytes, kind: str, clients: int, seconds: float) -> list[float]:
    """Seconds that each request took; a few that warm the server up are not among them."""
    took: list[float] = []
    ask(port, body, kind, time.monotonic() + seconds / 5)
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=lambda: took.extend(ask(port, body, kind, end)))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def ask(port: int, body: bytes, kind: str, end: float) -> list[float]:
    """Ask again and again until a time; seconds of each request."""
    connection, took = HTTPConnection("127.0.0.1", port), []
    while (begun := time.monotonic()) < end:
        connection.request("POST", "/predict", body, {"content-type": kind})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}: {content.decode()}")
        took.append(time.monotonic() - begun)
    connection.close()
    return took


if __name__ == "__main__":
    main()
