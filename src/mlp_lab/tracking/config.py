"""What a user may choose of what is recorded."""

from dataclasses import dataclass

from mlp_lab.errors import require, require_choice

BOOSTING = ("auto", "always", "never")


@dataclass(kw_only=True, slots=True)
class TrackingConfig:
    """What is recorded beside curves.csv.

    `tensorboard`: scalars of each epoch. `histograms`: weights and biases every so many epochs (0:
    never). `gradient_norms`: norm of each layer's gradient in the last step of each epoch.
    `checkpoint_share`: share of the training time that checkpoints may take; 0: one at the end.
    `report`: learning_curve.png and report.html. `boosting`: gradient boosting as a baseline:
    `always`, `never` or `auto`, which is beside a table that is large enough.
    """

    tensorboard: bool
    histograms: int
    gradient_norms: bool
    checkpoint_share: float
    report: bool
    boosting: str

    def __post_init__(self) -> None:
        require(self.histograms >= 0, "tracking.histograms", "0 or more", self.histograms)
        share = self.checkpoint_share
        require(0 <= share <= 1, "tracking.checkpoint_share", "in [0, 1]", share)
        require_choice(self.boosting, "tracking.boosting", BOOSTING)
