"""What advice is worth: `python benchmarks/advice.py`, or `... settled`, `... 3` for three seeds.

The starting points are tables of scikit-learn's generators, which no rule or threshold was settled
on; `settled` are those that they were. Each start, with each seed, is trained, and the command that
its verdict prints is followed for up to three rounds. Printed: the share of chains that end in a
state which asks for nothing, by a good fit, nothing to learn, or the words that nothing is left to
try, or by an earlier run that is the one to use; the change of validation skill over a chain, by
the kind of its first state; and chains in which it fell by more than a standard error.
"""

import json
import shlex
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from race import QUICK, machine, words
from sklearn.datasets import (
    make_classification,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_gaussian_quantiles,
    make_hastie_10_2,
)

from mlp_lab.commands.composing import prepare_hydra
from mlp_lab.config.composition import from_hydra
from mlp_lab.config.groups import config_folder
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.run import run
from mlp_lab.tracking.curves import Row
from mlp_lab.verdict.advice import AS_GOOD, FIT
from mlp_lab.verdict.best_so_far import KIND as EARLIER
from mlp_lab.verdict.evidence import Evidence, error_of_nothing
from mlp_lab.verdict.history import earlier_runs
from mlp_lab.verdict.judge import Judge

SEEDS = 1 if QUICK else 4
ROUNDS = 1 if QUICK else 3
FIRST_SEED = 200
SETTLED = (
    "data=sawtooth epochs=1",
    "data=wine epochs=8",
    "data=cubic model=shallow",
    "data=absolute optimizer.lr=1e-6",
    "data=circles optimizer=gd",
    "data=xor data.noise=0.3 optimizer=sgd optimizer.lr=0.003",
    "data=step model=perceptron epochs=80",
    "data=xor model=perceptron epochs=100",
    "data=gaussians data.rows=200 data.label_noise=0.4 epochs=200",
    "data=sine data.rows=60 data.noise=0.5 epochs=400",
    "data=circles data.rows=120 data.label_noise=0.3 epochs=200",
    "data=wine optimizer.lr=0.3 model.activation=tanh epochs=60",
    "data=cubic optimizer.lr=0.3 epochs=40",
    "data=sawtooth optimizer=sgd optimizer.lr=100 epochs=20",
    "data=moons model.depth=10 model.activation=sigmoid epochs=60",
    "data=sine data.noise=3 data.rows=400 epochs=60",
)
"""What advice was settled on."""

FRESH = (
    "friedman1 model=deep epochs=2",
    "friedman1 model=perceptron epochs=60",
    "friedman1_few model=deep epochs=300",
    "friedman2 model=deep data.scaling=none epochs=30",
    "friedman2 model=deep optimizer=sgd optimizer.lr=1e-5 epochs=30",
    "friedman3 model=deep optimizer.lr=0.3 epochs=40",
    "friedman3 model=shallow model.width=4 epochs=60",
    "classification model=deep epochs=150",
    "classification model=deep optimizer.weight_decay=0.3 epochs=40",
    "classification_few model=deep epochs=200",
    "hastie model=shallow epochs=20",
    "hastie model=deep optimizer=sgd optimizer.lr=100 epochs=20",
    "quantiles model=deep model.depth=10 model.activation=sigmoid epochs=30",
    "quantiles model=perceptron epochs=60",
    "heavy_tails model=deep epochs=60",
    "coin model=deep epochs=60",
)
"""Scikit-learn's generators, on which nothing was settled."""


def write_tables(folder: Path) -> None:
    """The tables of the fresh starts."""
    draw = np.random.default_rng(0)
    few = make_friedman1(150, noise=1.0, random_state=1)
    noisy = make_classification(120, 20, flip_y=0.2, random_state=1)
    made = {
        "friedman1": make_friedman1(1000, noise=1.0, random_state=0),
        "friedman1_few": few,
        "friedman2": make_friedman2(1000, noise=50.0, random_state=0),
        "friedman3": make_friedman3(1000, noise=0.1, random_state=0),
        "classification": make_classification(
            1000, 20, n_informative=8, n_classes=3, flip_y=0.1, random_state=0
        ),
        "classification_few": noisy,
        "hastie": make_hastie_10_2(2000, random_state=0),
        "quantiles": make_gaussian_quantiles(n_samples=1000, n_features=4, random_state=0),
        "heavy_tails": (few[0], few[1] + draw.standard_t(1, len(few[1]))),
        "coin": (noisy[0], draw.integers(0, 2, len(noisy[0]))),
    }
    for name, (x, y) in made.items():
        target = (
            y
            if y.dtype.kind == "f" and len(np.unique(y)) > 2
            else np.char.add("k", y.astype(int).astype(str))
        )
        frame = pd.DataFrame(x).add_prefix("x").assign(target=target)
        frame.to_csv(folder / f"{name}.csv", index=False)


@dataclass(frozen=True)
class Step:
    """A run of a chain: its verdict, its skill on the validation rows and the error of that."""

    kind: str
    words: str
    skill: float
    error: float
    command: str
    earlier: float | None

    def __str__(self) -> str:
        """Where it stands."""
        better = "" if self.earlier is None else f" (earlier: {self.earlier:.2f})"
        return f"{self.kind} {self.skill:.2f}{better}"

    @property
    def asks_for_nothing(self) -> bool:
        """Whether it is well, or as good as it gets; or an earlier run is, and is named."""
        if self.earlier is not None:
            return not self.command
        return self.kind in FIT or AS_GOOD in self.words

    @property
    def used(self) -> float:
        """Skill of the run that it says to use: its own, or an earlier one."""
        return self.skill if self.earlier is None else max(self.skill, self.earlier)


class Watching(Judge):
    """A judge whose last evidence can be looked at."""

    def evidence(self, run: Run, network: MLP, curves: Sequence[Row]) -> Evidence:
        """What a run is judged by."""
        self.last = super().evidence(run, network, curves)
        return self.last


def main() -> None:
    """Follow all chains."""
    asked = words()
    count = next((int(word) for word in asked if word.isdigit()), SEEDS)
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    starts: Sequence[str] = SETTLED if QUICK or "settled" in asked else FRESH
    starts = starts[:1] if QUICK else starts
    prepare_hydra()
    chains = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder)
        for number, start in enumerate(starts):
            for seed in seeds:
                chains.append(followed(start, seed, folder / f"{number}-{seed}"))
                found = chains[-1]
                path = " -> ".join(map(str, found))
                print(f"{start}, seed {seed}: {path}", flush=True)
    print(f"{len(chains)} chains, {machine()}")
    report(chains)


def followed(start: str, seed: int, folder: Path) -> list[Step]:
    """A run, and those that its advice leads to."""
    table, *settings = start.split()
    if not table.startswith("data="):
        path = folder.parent / f"{table}.csv"
        settings = [*settings, f"data.path={path}", "data.target=target"]
        table = "data=table"
    words = [table, *settings, f"seed={seed}", f"data.split_seed={seed}", "quiet=true"]
    words += ["tracking.tensorboard=false", "tracking.report=false"]
    folder.mkdir()
    steps = [trained(words, folder / "0")]
    for round_ in range(1, ROUNDS + 1):
        command = steps[-1].command
        if steps[-1].asks_for_nothing or not command:
            break
        words = shlex.split(command)[2:]
        steps.append(trained(words, folder / str(round_)))
    return steps


def report(chains: Sequence[Sequence[Step]]) -> None:
    """How many chains end, and what they gain."""
    ended = sum(chain[-1].asks_for_nothing for chain in chains)
    print(f"{ended / len(chains):.0%} end in a state that asks for nothing")
    gains = defaultdict(list)
    for chain in chains:
        gains[chain[0].kind].append(chain[-1].used - chain[0].skill)
    for kind, found in gains.items():
        print(
            f"{kind:20s} {len(found):3d} chains, median change of validation skill"
            f" {median(found):+.3f}, least {min(found):+.3f}"
        )
    fell = [chain for chain in chains if chain[-1].used < chain[0].skill - chain[-1].error]
    print(f"{len(fell)} fell by more than a standard error")


def trained(words: Sequence[str], folder: Path) -> Step:
    """Train as a command line says, in its own folder if it resumes that."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config, values, _ = from_hydra(compose("train", list(words)), words)
    folder = Path(config.resume) if config.resume else folder
    folder.mkdir(exist_ok=True)
    job, prepared = Job(config, values, folder, list(words)), prepare_data(config)
    judge = Watching(earlier_runs)
    run(job, prepared, require_possible(job, prepared), judge)
    found = json.loads((folder / "result.json").read_text())["verdict"]
    evidence = judge.last
    skill = evidence.val if evidence.val is not None and evidence.divergence is None else 0.0
    commands = [entry["next"] for entry in (found, *found["notes"]) if entry["next"]]
    error = error_of_nothing(evidence)
    better = [note["numbers"]["earlier"] for note in found["notes"] if note["kind"] == EARLIER]
    command = (commands or [""])[0]
    return Step(found["kind"], found["words"], skill, error, command, *(better or [None]))


if __name__ == "__main__":
    main()
