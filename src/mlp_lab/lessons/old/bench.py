"""A bench that takes lists of settings."""

from collections.abc import Sequence

from mlp_lab.engine.stack import Stack
from mlp_lab.lessons import bench as benches
from mlp_lab.lessons.study import Trial, Words, seed_settings
from mlp_lab.lessons.trained import Trained
from mlp_lab.lessons.training import Change, Probe


class Bench:
    """The new one, as lessons that are not yet rewritten ask it."""

    def __init__(self, bench: benches.Bench) -> None:
        """Wrap it."""
        self._bench = bench
        self.seeds = bench.seeds
        self.quick = bench.quick

    @staticmethod
    def seed(seed: int) -> list[str]:
        """Settings by which everything random follows from a seed: the network and the data."""
        return seed_settings(seed)

    def train(
        self, trials: Sequence[Words], probe: Probe | None = None, start: Change | None = None
    ) -> list[Trained]:
        """Train a network for each list of settings; in their order."""
        study = [Trial({}, words) for words in trials]
        (found,) = self._bench.train(study, probe=probe, change=start)
        return found

    def stack(self, trials: Sequence[Words], start: Change | None = None) -> Stack:
        """One stack of a network, before its first step."""
        (words,) = trials
        return self._bench.stack(words, start)
