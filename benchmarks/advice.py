"""What advice is worth: `python benchmarks/advice.py`, or `... 3` for three seeds of each start.

Each start, with each seed, is trained, and the command that its verdict prints is followed for up
to three rounds. Printed: the share of chains that end in a state which asks for nothing, by a good
fit, nothing to learn, or the words that nothing is left to try; the change of validation skill
over a chain, by the kind of its first state; and chains in which it fell by more than a standard
error.
"""

import json
import shlex
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hydra import compose, initialize_config_dir
from race import machine

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
from mlp_lab.verdict.evidence import Evidence, error_of_nothing
from mlp_lab.verdict.judge import Judge

SEEDS = 4
ROUNDS = 3
FIRST_SEED = 200
STARTS = (
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


@dataclass(frozen=True)
class Step:
    """A run of a chain: its verdict, its skill on the validation rows and the error of that."""

    kind: str
    words: str
    skill: float
    error: float
    command: str

    @property
    def asks_for_nothing(self) -> bool:
        """Whether it is well, or as good as it gets."""
        return self.kind in FIT or AS_GOOD in self.words


class Watching(Judge):
    """A judge whose last evidence can be looked at."""

    def evidence(self, run: Run, network: MLP, curves: Sequence[Row]) -> Evidence:
        """What a run is judged by."""
        self.last = super().evidence(run, network, curves)
        return self.last


def main() -> None:
    """Follow all chains."""
    seeds = range(FIRST_SEED, FIRST_SEED + int((sys.argv[1:] or [str(SEEDS)])[0]))
    prepare_hydra()
    chains = []
    with tempfile.TemporaryDirectory() as name:
        for number, start in enumerate(STARTS):
            for seed in seeds:
                chains.append(followed(start, seed, Path(name) / f"{number}-{seed}"))
                found = chains[-1]
                path = " -> ".join(f"{step.kind} {step.skill:.2f}" for step in found)
                print(f"{start}, seed {seed}: {path}", flush=True)
    print(f"{len(chains)} chains, {machine()}")
    report(chains)


def followed(start: str, seed: int, folder: Path) -> list[Step]:
    """A run, and those that its advice leads to."""
    words = [*start.split(), f"seed={seed}", f"data.split_seed={seed}", "quiet=true"]
    words += ["tracking.tensorboard=false", "tracking.report=false"]
    steps = [trained(words, folder.with_name(f"{folder.name}-0"))]
    for round_ in range(1, ROUNDS + 1):
        command = steps[-1].command
        if steps[-1].asks_for_nothing or not command:
            break
        words = shlex.split(command)[2:]
        steps.append(trained(words, folder.with_name(f"{folder.name}-{round_}")))
    return steps


def report(chains: Sequence[Sequence[Step]]) -> None:
    """How many chains end, and what they gain."""
    ended = sum(chain[-1].asks_for_nothing for chain in chains)
    print(f"{ended / len(chains):.0%} end in a state that asks for nothing")
    gains = defaultdict(list)
    for chain in chains:
        gains[chain[0].kind].append(chain[-1].skill - chain[0].skill)
    for kind, found in gains.items():
        print(
            f"{kind:20s} {len(found):3d} chains, median change of validation skill"
            f" {median(found):+.3f}, least {min(found):+.3f}"
        )
    fell = [chain for chain in chains if chain[-1].skill < chain[0].skill - chain[-1].error]
    print(f"{len(fell)} fell by more than a standard error")


def trained(words: Sequence[str], folder: Path) -> Step:
    """Train as a command line says, in its own folder if it resumes that."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config, values, _ = from_hydra(compose("train", list(words)), words)
    folder = Path(config.resume) if config.resume else folder
    folder.mkdir(exist_ok=True)
    job, prepared = Job(config, values, folder, list(words)), prepare_data(config)
    judge = Watching()
    run(job, prepared, require_possible(job, prepared), judge)
    found = json.loads((folder / "result.json").read_text())["verdict"]
    evidence = judge.last
    skill = evidence.val if evidence.val is not None and evidence.divergence is None else 0.0
    commands = [entry["next"] for entry in (found, *found["notes"]) if entry["next"]]
    error = error_of_nothing(evidence)
    return Step(found["kind"], found["words"], skill, error, (commands or [""])[0])


if __name__ == "__main__":
    main()
