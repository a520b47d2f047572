"""Lessons in their quick form, each given once."""

from functools import cache

from lab import CONFIGS

from mlp_lab.commands.composing import register_resolvers
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.lesson import Evidence

SEEDS = 2


def bench(seeds: range = range(SEEDS)) -> Bench:
    """Where quick lessons train."""
    register_resolvers()
    return Bench(CONFIGS, seeds=seeds, quick=True, shown=lambda text: None)


@cache
def evidence(name: str) -> Evidence:
    """What a lesson measures."""
    return LESSONS[name].measure(bench())
