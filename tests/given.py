"""Lessons in their quick form, each given once."""

from functools import cache

from lab import CONFIGS, configure, stack_of

from mlp_lab.commands.composing import prepare_hydra
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.lesson import Evidence
from mlp_lab.lessons.study import Trial, Words
from mlp_lab.lessons.trained import Trained

SEEDS = 2


def bench(seeds: range = range(SEEDS)) -> Bench:
    """Where quick lessons train."""
    prepare_hydra()
    return Bench(CONFIGS, seeds=seeds, quick=True, shown=lambda text: None)


def networks(*settings: Words) -> list[Trained]:
    """A trained network for each list of settings."""
    (found,) = bench().train([Trial({}, words) for words in settings])
    return found


def small_stack(experiment: str, *words: str) -> Stack:
    """Few parameters in double precision, so that whole Hessians fit."""
    small = ["data.train_rows=64", "batch_size=16", "dtype=float64", "model.width=4"]
    config = configure(f"experiment={experiment}", *small, *words)
    # One thread: two are slower by far on cores that others use.
    prepare_torch(device=config.device, threads=config.threads)
    return stack_of(config)


@cache
def evidence(name: str) -> Evidence:
    """What a lesson measures."""
    return LESSONS[name].evidence(bench())
