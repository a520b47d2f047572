"""When a member stops before its last epoch, and which epoch was its best."""

import math
from dataclasses import dataclass

from mlp_lab.engine.records import MemberRecord
from mlp_lab.errors import require
from mlp_lab.metrics.choosing import minimised, require_choosing


@dataclass(kw_only=True, slots=True)
class StopConfig:
    """Reasons to stop early; each is off while it is null.

    `patience`: epochs without an improvement of `monitor` (`loss`, the main `metric` or any other
    score that the run reports, of the validation rows) by more than `min_delta`. `weights_tol`:
    |W - W before| / |W before| over an epoch is no larger. `seconds`: training time.
    """

    patience: int | None
    monitor: str
    min_delta: float
    weights_tol: float | None
    seconds: float | None

    def __post_init__(self) -> None:
        require_choosing(self.monitor, "stop.monitor", "loss")
        require(self.min_delta >= 0, "stop.min_delta", "0 or more", self.min_delta)
        for key in ("patience", "weights_tol", "seconds"):
            value = getattr(self, key)
            require(value is None or value > 0, f"stop.{key}", "positive or null", value)

    def met(self, waited: int, change: float, seconds: float) -> list[str]:
        """Keys of the reasons that hold after `waited` epochs without an improvement."""
        holds = {
            "patience": self.patience is not None and waited >= self.patience,
            "weights_tol": self.weights_tol is not None and change <= self.weights_tol,
            "seconds": self.seconds is not None and seconds >= self.seconds,
        }
        return [key for key in holds if holds[key]]


@dataclass(slots=True)
class EarlyStopping:
    """A member's best epoch and its wait for a better one; plain numbers, kept in checkpoints."""

    best: float = math.inf
    best_epoch: int = 0
    reference: float = math.inf
    """What an improvement must be better than by `min_delta`: the value of the last one."""
    waited: int = 0

    def observe(self, record: MemberRecord, monitor: str, min_delta: float) -> bool:
        """Take note of an epoch; whether it is the best so far.

        Without validation rows nothing can be selected: the last epoch counts as the best. So it
        does while the monitored score is not known, as the area under a curve of one class. One
        in which the training diverged is none.
        """
        if record.diverged is not None:
            return False
        value = minimised(record.monitored, monitor)
        if not record.val or value < self.reference - min_delta:
            self.reference, self.waited = value, 0
        else:
            self.waited += 1
        best = not record.val or value < self.best or self.best == math.inf
        if best:
            self.best = math.inf if math.isnan(value) else value
            self.best_epoch = record.epoch
        return best

    def reason_to_stop(self, record: MemberRecord, config: StopConfig, seconds: float) -> str:
        """Why the member stops after this epoch, or nothing."""
        met = config.met(self.waited, record.change, seconds)
        if "patience" in met:
            margin = f", by more than {config.min_delta:g}," if config.min_delta else ""
            if self.best == math.inf:
                return f"{config.monitor} was not known for {self.waited} epochs"
            return f"no better {config.monitor}{margin} for {self.waited} epochs"
        if "weights_tol" in met:
            return f"weights moved by {record.change:.1e} of their norm"
        if "seconds" in met:
            return f"time budget of {config.seconds:g} s"
        return ""
