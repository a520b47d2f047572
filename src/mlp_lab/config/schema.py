"""Everything that a run can be told, as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlp_lab.config.time_budget import seconds_of
from mlp_lab.data.catalogue import DATA
from mlp_lab.data.config import DataConfig
from mlp_lab.engine.averaging import AveragingConfig
from mlp_lab.engine.early_stopping import StopConfig
from mlp_lab.errors import UserError, require, require_choice, require_count, require_seed
from mlp_lab.formatting import one_line
from mlp_lab.native.interface import KERNELS
from mlp_lab.network.architecture import MOST_NETWORKS, ModelConfig
from mlp_lab.network.losses import LOSS_CONFIGS, LossConfig
from mlp_lab.network.optimizers import LARGEST, OPTIMIZERS, GradientDescentConfig, OptimizerConfig
from mlp_lab.network.schedules import SCHEDULES, ScheduleConfig, WarmUpConfig
from mlp_lab.tracking.config import TrackingConfig

CHOICES: dict[type, Mapping[str, type]] = {
    DataConfig: DATA,
    LossConfig: LOSS_CONFIGS,
    OptimizerConfig: OPTIMIZERS,
    ScheduleConfig: SCHEDULES,
}
"""Base class of a group -> the class of each of its choices, by the `name` in its YAML file."""

GROUPS = ("model", "data", "loss", "optimizer", "schedule")

CONFIG_NAME = "train"
"""The configuration of a command that names none."""

OF_THE_COMMAND = ("sweep", "cv", "cv_repeats")
"""Keys of the command line that no single run has."""

LABELS = ("name", "tags")
"""Keys that say what a run is called, and change nothing of it."""

MAY_CHANGE_ON_RESUME = (
    *("resume", "epochs", "quiet", "device", "devices", "kernel", "threads", "stop", "tracking"),
    "calibration",
    *LABELS,
)

VARIABLE = (
    *("epochs", "batch_size", "ensemble"),
    *("model.width", "model.dropout"),
    *("model.embedding", "model.embedding_size", "model.bins"),
    *("optimizer.lr", "optimizer.weight_decay"),
)
"""Settings in which the networks of a budget may differ."""

LONGEST_LABEL = 100
"""Letters of a name or a tag."""

MOST_DEVICES = 4096
"""Processes that share a batch out."""

MOST_EPOCHS = 10**9
"""Of a run; curves.csv has a line for each."""


@dataclass(kw_only=True, slots=True)
class Config:
    """Everything a run needs to know, and nothing else: equal configs give equal runs.

    `epochs`: None trains until patience ends it. `batch_size` counts rows, or is `full`.
    `devices`: GPUs, or processes of a CPU, that share each batch of the network out.
    `device`: auto, cpu or cuda. `dtype`: float32 or float64. `autocast`: a lower
    precision of a step's products on a GPU, or none. `gradient`: explicit (backpropagation
    as written out here) or autograd. `kernel`: what computes: auto, native (compiled) or torch.
    `calibration`: of probabilities, by a temperature: auto, always or never.
    `ensemble`: networks that predict the mean of their outputs. `budget`: time in which networks
    that differ in the settings that `vary` names are trained, and the best kept together.
    `threads`: of one operation, or of the kernel. `quiet`: print errors only. `name` and `tags`:
    what the run is called. `resume`: the folder of a run to resume.
    """

    model: ModelConfig
    data: DataConfig
    loss: LossConfig
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    averaging: AveragingConfig
    stop: StopConfig
    tracking: TrackingConfig
    seed: int
    epochs: int | None
    batch_size: int | str
    device: str
    devices: int
    dtype: str
    autocast: str
    gradient: str
    kernel: str
    calibration: str
    ensemble: int
    budget: float | str | None
    vary: list[str]
    threads: int
    quiet: bool
    name: str | None
    tags: list[str]
    resume: str | None

    def __post_init__(self) -> None:
        require_seed(self.seed, "seed")
        if self.epochs is not None:
            require_count(self.epochs, "epochs", 1, MOST_EPOCHS)
        if isinstance(self.batch_size, str):
            require(self.batch_size == "full", "batch_size", "a number or 'full'", self.batch_size)
        else:
            require(self.batch_size >= 1, "batch_size", "1 or more, or 'full'", self.batch_size)
        require_choice(self.device, "device", ["auto", "cpu", "cuda"])
        require_count(self.devices, "devices", 1, MOST_DEVICES)
        require_choice(self.dtype, "dtype", ["float32", "float64"])
        self._check_autocast()
        require_choice(self.gradient, "gradient", ["explicit", "autograd"])
        require_choice(self.kernel, "kernel", KERNELS)
        require_choice(self.calibration, "calibration", ["auto", "always", "never"])
        require_count(self.ensemble, "ensemble", 1, MOST_NETWORKS)
        require(self.threads >= 1, "threads", "1 or more", self.threads)
        if self.name is not None:
            _require_label(self.name, "name")
        for tag in self.tags:
            _require_label(tag, "tags")
        self._check_across_fields()

    @property
    def last_epoch(self) -> int:
        """The epoch that ends a training; without a limit, one that none reaches."""
        return MOST_EPOCHS if self.epochs is None else self.epochs

    @property
    def budget_seconds(self) -> float | None:
        """The budget; None where there is none."""
        return None if self.budget is None else seconds_of(self.budget, "budget")

    def _check_autocast(self) -> None:
        if self.autocast == "float16":
            raise UserError(
                "autocast=float16 needs a loss that is scaled, or small gradients vanish, and here"
                " is none: use autocast=bfloat16"
            )
        require_choice(self.autocast, "autocast", ["none", "bfloat16"])
        if self.autocast == "none":
            return
        wanted = {"dtype": ("float32",), "device": ("auto", "cuda"), "kernel": ("auto", "torch")}
        for key, choices in wanted.items():
            value = getattr(self, key)
            if value not in choices:
                raise UserError(
                    f"{key} must be {' or '.join(choices)} with autocast={self.autocast}, which"
                    f" torch does on a GPU, got {value}"
                )

    def _check_budget(self) -> None:
        for key in self.vary:
            require_choice(key, "vary", VARIABLE)
        if self.budget_seconds is None:
            if self.vary:
                raise UserError(f"vary={self.vary} needs a budget: set one, or vary=[]")
            return
        if self.stop.seconds is not None:
            raise UserError(
                f"budget={self.budget} and stop.seconds={self.stop.seconds:g} both bound the time:"
                " leave out one"
            )
        if self.tracking.histograms or self.tracking.gradient_norms:
            raise UserError(
                "tracking.histograms and tracking.gradient_norms follow one training, and a budget"
                " has many: leave them out, or budget"
            )

    def _check_across_fields(self) -> None:
        if isinstance(self.optimizer, GradientDescentConfig) and self.batch_size != "full":
            raise UserError(
                f"batch_size must be 'full' with optimizer=gd, got {self.batch_size}:"
                " use optimizer=sgd for mini-batches"
            )
        if self.dtype == "float32" and self.optimizer.lr > LARGEST:
            raise UserError(f"optimizer.lr must be at most 1e30, got {self.optimizer.lr}")
        if self.model.normalisation == "batch" and self.batch_size == 1:
            raise UserError(
                "batch_size must be 2 or more, or 'full', with model.normalisation=batch, got 1:"
                " one row has no variance"
            )
        self.optimizer.require_layers(self.model.depth)
        self._check_length()
        self._check_warmup()
        self._check_budget()
        self._check_devices()
        if not self.data.may_validate:
            self.require_validation("data.val_fraction is 0")

    def require_validation(self, missing: str) -> None:
        """Raise where a setting needs validation rows, of which `missing` says why there are none.

        Raises:
            UserError: one does; the message names it.
        """
        needing = {
            "budget": self.budget is not None,
            "stop.patience": self.stop.patience is not None,
            "calibration=always": self.calibration == "always",
        }
        for name, needs in needing.items():
            if needs:
                raise UserError(f"{name} needs validation rows, but {missing}")

    def _check_devices(self) -> None:
        """Raise where several processes cannot do what one does."""
        if self.devices == 1:
            return
        asked = f"devices={self.devices}"
        if isinstance(self.batch_size, int):
            rule = f"at most batch_size={self.batch_size}: each has a part of every batch"
            require(self.devices <= self.batch_size, "devices", rule, self.devices)
        if self.kernel == "native":
            raise UserError(f"kernel must be auto or torch with {asked}, got native")
        if self.model.normalisation == "batch":
            raise UserError(
                "model.normalisation=batch takes means over a whole batch, of which each of"
                f" {asked} has a part: use layer, or devices=1"
            )
        if self.budget is not None:
            raise UserError(
                f"budget={self.budget} trains many networks side by side, and {asked} share one"
                " out: leave out one of them"
            )

    def _check_length(self) -> None:
        """Raise where a training without a last epoch has no end, or something is a share of it."""
        if self.epochs is not None:
            return
        if self.stop.patience is None:
            raise UserError(
                "epochs=null trains until patience ends it, but stop.patience is null: set it, as"
                " stop.patience=16, or a number of epochs"
            )
        for share in self.schedule.of_all_epochs:
            raise UserError(
                f"{share} needs a number of epochs, and epochs=null has none: set epochs, or use"
                " schedule=constant, step, plateau or warmup (schedule.warmup_epochs)"
            )
        if self.averaging.kind != "none" and self.averaging.start > 0:
            raise UserError(
                f"averaging.start={self.averaging.start:g} is a share of the epochs, and"
                " epochs=null has no number of them: set epochs, or averaging.start=0"
            )
        if "epochs" in self.vary:
            raise UserError("vary=[epochs] makes trainings shorter, but epochs=null has no length")

    def _check_warmup(self) -> None:
        schedule = self.schedule
        if not isinstance(schedule, WarmUpConfig) or schedule.warmup_share is not None:
            return
        if schedule.warmup_epochs >= self.last_epoch:
            raise UserError(
                f"schedule.warmup_epochs must be below epochs={self.epochs},"
                f" got {schedule.warmup_epochs}"
            )


def _require_label(text: str, key: str) -> None:
    """Raise unless a name or a tag can stand in a line of a table."""
    fits = 0 < len(text) <= LONGEST_LABEL and text == one_line(text).strip()
    rule = f"1 to {LONGEST_LABEL} letters without line breaks or space around them"
    require(fits, key, rule, text)
