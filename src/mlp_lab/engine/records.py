"""What `fit` yields: plain numbers on each epoch, read without loading torch."""

from dataclasses import dataclass

from mlp_lab.metrics.epoch import Scores


@dataclass(frozen=True, slots=True)
class Divergence:
    """The step by which a member's loss had stopped being finite, counted from 1 in its epoch."""

    epoch: int
    step: int
    lr: float

    def __str__(self) -> str:
        """What happened, and what to try."""
        return (
            f"diverged: the loss was no longer finite by epoch {self.epoch}, step {self.step}, at"
            f" learning rate {self.lr:g}: try a smaller optimizer.lr or optimizer.clip_norm=1"
        )


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """An epoch of one member. `epoch` counts from 1; `change` is |W - W before| / |W before|.

    `train` and `val` are measured after the epoch's last step, over all rows and without dropout;
    `val` is empty where there are no validation rows.
    """

    member: int
    epoch: int
    train: Scores
    val: Scores
    lr: float
    change: float
    diverged: Divergence | None

    @property
    def scores(self) -> Scores:
        """All scores by part and name, such as `train_loss`."""
        parts = (("train", self.train), ("val", self.val))
        return {f"{part}_{name}": value for part, own in parts for name, value in own.items()}

    @property
    def monitored(self) -> Scores:
        """Validation scores, or training scores where there are no validation rows."""
        return self.val or self.train


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """An epoch of the stack: a record of each member that took part and has not diverged before."""

    epoch: int
    members: list[MemberRecord]
    seconds: float
