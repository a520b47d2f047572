"""What writing things down costs: `python benchmarks/tracking.py`.

The training of a run on the digits, by `run.train`: with TensorBoard and checkpoints as they are by
default, without checkpoints but the last, with curves.csv alone; and the bare loop.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from race import QUICK, judge, machine, microseconds, race, ratio

from mlp_lab.commands.composing import prepare_hydra
from mlp_lab.config.composition import from_hydra
from mlp_lab.config.groups import config_folder
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.fit import fit
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.run import train
from mlp_lab.terminal import Screen
from mlp_lab.verdict.judge import Judge

ROUNDS = 9
EPOCHS = 2 if QUICK else 100


def default_config() -> tuple[Config, dict[str, object]]:
    """What `python train.py` runs with, but quiet; also as plain data."""
    prepare_hydra()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        composed = compose("train", [f"epochs={EPOCHS}", "quiet=true"])
    return from_hydra(composed, [])[:2]


def main() -> None:
    """Print ratios of whole trainings."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(machine())
    config, values = default_config()
    device = torch.device("cpu")
    prepared = prepare_data(config)
    dataset = Dataset.of(prepared.encoded, torch.float32, device)
    without = replace(config, tracking=replace(config.tracking, checkpoint_share=0.0))
    curves = replace(config, tracking=replace(without.tracking, tensorboard=False))

    def one(config: Config, folder: str) -> Run:
        return Run.fresh(Job(config, values, Path(folder), []), prepared, dataset)

    def tracked(config: Config) -> None:
        with tempfile.TemporaryDirectory() as folder:
            run = one(config, folder)
            train(run, build_stack({0: run}, device), Judge(), Screen())

    times = race(
        {
            "as by default": lambda: tracked(config),
            "one checkpoint": lambda: tracked(without),
            "curves.csv alone": lambda: tracked(curves),
            "bare loop": lambda: list(fit(build_stack({0: one(config, "")}, device))),
        },
        ROUNDS,
    )
    for name, seconds in times.items():
        print(f"  {name:20s} {microseconds(seconds, EPOCHS)} an epoch")
    checkpoints = ratio(times["as by default"], times["one checkpoint"])
    judge("checkpoints as by default / one at the end", checkpoints, 1.05)
    print(f"everything / bare loop {ratio(times['as by default'], times['bare loop']):.3f}")


if __name__ == "__main__":
    main()
