"""How cost grows: with jobs, members of a stack, rows and width; and a plan for many machines.

    python benchmarks/scale.py [jobs|members|rows|width|plan ...] [--short]

Prints processor time beside each size, and the exponent of the growth: 1 is in proportion. Each
part has as its last size the largest that it is about (10,000 jobs, 10,000,000 rows, 4,096 members
and units); `--short` leaves out what takes minutes or gigabytes. `plan` computes from the costs of
the jobs what a million networks take on 100 nodes, and what bounds it; it trains nothing but those.
"""

import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from networks import adam_stack, random_classes
from race import QUICK, machine, words

TRAIN = [sys.executable, str(Path(__file__).parents[1] / "train.py"), "-m"]

SMALL = (
    *("data=iris", "model=shallow", "model.width=8", "epochs=2", "quiet=true", "device=cpu"),
    *("tracking.tensorboard=false", "tracking.report=false"),
)
"""A job of which nearly all is cost beside the training."""

SIZES = {
    "jobs": (100, 1_000, 10_000),
    "members": (1, 4, 16, 64, 256, 1_024, 4_096),
    "rows": (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
    "width": (16, 64, 256, 1_024, 4_096),
}
if QUICK:
    SIZES = {"jobs": (2, 4), "members": (1, 2), "rows": (1_000, 2_000), "width": (8, 16)}
SHORT = {"jobs": 1_000, "members": 4_096, "rows": 1_000_000, "width": 1_024}
"""The largest size of each without the rest."""

ROUNDS, LEAST_SECONDS = (1, 0.001) if QUICK else (3, 0.05)
"""Times that are taken, of which the least counts, and how long each is at least."""


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log cost against log size, by least squares.

    >>> round(exponent([1, 10, 100], [3, 30, 300]), 6)
    1.0
    """
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least processor time of a piece of work, once it is warm."""
    work()
    found = []
    for _ in range(ROUNDS):
        started, times = time.process_time(), 0
        while time.process_time() - started < LEAST_SECONDS:
            work()
            times += 1
        found.append((time.process_time() - started) / times)
    return min(found)


def command(words: Sequence[str]) -> tuple[float, float]:
    """Processor seconds of a command with all its processes, and MiB of the largest so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*TRAIN, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, after.ru_maxrss / 1024


@dataclass(frozen=True)
class JobCosts:
    """Of a sweep's jobs: seconds of each that one process spends, and those that are shared out."""

    composing: float
    training: float
    kibibytes: float
    files: float


def jobs(sizes: Sequence[int]) -> JobCosts:
    """Whole sweeps; a dry run composes and plans alone, in one process."""
    print(f"{'jobs':>10} {'dry run, CPU s':>15} {'sweep, CPU s':>13} {'largest MiB':>12}")
    dry, whole = [], []
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            words = [*SMALL, f"seed=range({count})", f"hydra.sweep.dir={folder}/sweep"]
            dry.append(command([*words, "sweep.dry_run=true"])[0])
            spent, memory = command(words)
            whole.append(spent)
            files = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
        print(f"{count:>10,} {dry[-1]:>15.1f} {spent:>13.1f} {memory:>12.0f}", flush=True)
    more = sizes[-1] - sizes[-2]
    composing = (dry[-1] - dry[-2]) / more
    costs = JobCosts(
        composing=composing,
        training=(whole[-1] - whole[-2]) / more - composing,
        kibibytes=sum(files) / 1024 / sizes[-1],
        files=len(files) / sizes[-1],
    )
    print(
        f"a further job: {costs.composing * 1e3:.1f} ms of CPU in the command itself,"
        f" {costs.training * 1e3:.1f} ms in workers, {costs.files:.0f} files,"
        f" {costs.kibibytes:.0f} KiB"
    )
    return costs


def members(sizes: Sequence[int]) -> None:
    """A step of 64-16-10 at batch 32, by torch and by the kernel."""
    dataset = random_classes(256)
    print(f"{'members':>10} {'torch, us':>10} {'native, us':>11}   a member and step")
    costs: dict[str, list[float]] = {"torch": [], "native": []}
    for count in sizes:
        for kernel, own in costs.items():
            stack = adam_stack(dataset, [16], members=count, batch_size=32, kernel=kernel)
            own.append(cpu_seconds(stack.train_epoch) / 8)
        torch_us, native_us = (own[-1] / count * 1e6 for own in costs.values())
        print(f"{count:>10,} {torch_us:>10.1f} {native_us:>11.1f}", flush=True)
    for kernel, own in costs.items():
        print(f"exponent of a step, {kernel}: {exponent(sizes, own):.2f}")


def rows(sizes: Sequence[int]) -> None:
    """An epoch of 8-16-10 at batch 256, by the kernel."""
    print(f"{'rows':>12} {'us a row':>9} {'MiB':>7}   an epoch")
    costs = []
    for count in sizes:
        stack = adam_stack(random_classes(count, inputs=8), [16], batch_size=256, kernel="native")
        costs.append(cpu_seconds(stack.train_epoch))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{count:>12,} {costs[-1] / count * 1e6:>9.2f} {memory:>7.0f}", flush=True)
        del stack
    print(f"exponent of an epoch: {exponent(sizes, costs):.2f}")


def width(sizes: Sequence[int]) -> None:
    """A step of 64-W-W-10 at batch 32, by the kernel."""
    dataset = random_classes(64)
    print(f"{'width':>8} {'ms':>9}   a step")
    costs = []
    for units in sizes:
        stack = adam_stack(dataset, [units, units], batch_size=32, kernel="native")
        costs.append(cpu_seconds(stack.train_epoch) / 2)
        print(f"{units:>8,} {costs[-1] * 1e3:>9.3f}", flush=True)
    print(
        f"exponent of a step: {exponent(sizes, costs):.2f};"
        f" of the widest: {exponent(sizes[-2:], costs[-2:]):.2f}"
    )


NETWORKS, NODES, CORES = 1_000_000, 100, 32
MOST_JOBS = 100_000
"""Jobs of a sweep."""

FILES_A_SECOND = 5_000
"""That a shared folder makes: assumed, not measured."""


def plan(costs: JobCosts, epochs_seconds: float) -> None:
    """What a million networks take, each with so many seconds of epochs on one core."""
    sweeps = math.ceil(NETWORKS / MOST_JOBS)
    composing = NETWORKS * costs.composing / 3600
    shared = NETWORKS * (costs.training + epochs_seconds) / (NODES * CORES) / 3600
    writing = NETWORKS * costs.files / FILES_A_SECOND / 3600
    gigabytes = NETWORKS * costs.kibibytes / 2**20
    hours = {
        "composing and planning, by one process": composing,
        f"training on {NODES} nodes of {CORES} cores": shared,
        f"writing files, at {FILES_A_SECOND:,} a second": writing,
    }
    print(f"  {NETWORKS:,} networks of {epochs_seconds:g} s of epochs, in {sweeps} sweeps:")
    for part, found in hours.items():
        print(f"    {part:<48} {found:6.2f} hours")
    print(
        f"    {shared * NODES * CORES:,.0f} core-hours, {NETWORKS * costs.files:,.0f} files,"
        f" {gigabytes:,.0f} GiB; bounded by {max(hours, key=hours.__getitem__)}"
    )


PARTS: dict[str, Callable[[Sequence[int]], object]] = {
    "jobs": jobs,
    "members": members,
    "rows": rows,
    "width": width,
}


def main() -> None:
    """Measure the parts that are named, or all."""
    asked = words()
    short = "--short" in asked
    named = [word for word in asked if word != "--short"] or [*PARTS, "plan"]
    unknown = [word for word in named if word not in (*PARTS, "plan")]
    if unknown:
        raise SystemExit(f"unknown part {unknown[0]!r}: {', '.join(PARTS)}, plan")
    torch.set_num_threads(1)
    print(machine())
    costs = None
    for name in named:
        sizes = SIZES.get("jobs" if name == "plan" else name, ())
        most = SHORT.get(name, SHORT["jobs"]) if short or name == "plan" else sizes[-1]
        wanted = [size for size in sizes if size <= most]
        print(f"\n{name}")
        if name == "plan":
            costs = costs or jobs(wanted)
            for seconds in (0.1, 1.0, 60.0):
                plan(costs, seconds)
        elif name == "jobs":
            costs = jobs(wanted)
        else:
            PARTS[name](wanted)


if __name__ == "__main__":
    main()
