"""Why deep: what layers give that units do not, at equal numbers of parameters.

After "Benefits of depth in neural networks" (Telgarsky, 2016), "On the number of linear regions of
deep neural networks" (Montufar et al., 2014) and chapter 4 of "Understanding Deep Learning"
(Prince, 2023), whose network of five layers of ten units the deepest one here is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.raw import Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.insight.lessons.claims import Claim
from mlp_lab.insight.lessons.lesson import Evidence, Lesson, Row, Tables, column, levels
from mlp_lab.insight.lessons.pieces import folding, joints, most_pieces
from mlp_lab.network.architecture import count_parameters

if TYPE_CHECKING:
    from mlp_lab.insight.lessons.bench import Bench, Trained
    from mlp_lab.insight.lessons.figures import Axes, Figure


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt, by networks of at most so many parameters."""

    words: Sequence[str]
    inputs: int
    outputs: int
    parameters: int

    def width(self, depth: int) -> int:
        """Units of each layer: as many as the parameters allow."""
        width = 1
        while count_parameters([self.inputs, *[width + 1] * depth, self.outputs]) <= self.parameters:
            width += 1
        return width


def _function(*words: str) -> Task:
    return Task(["experiment=why_deep", *words], 1, 1, 481)


FEW, FOLDS, MANY = "zigzag, 4 pieces", "zigzag, 16 pieces", "zigzag, 32 pieces"
SINE, DIGITS = "sine", "digits"

TASKS = {
    FEW: _function("data.periods=2"),
    FOLDS: _function("data.periods=8"),
    MANY: _function("data.periods=16"),
    SINE: _function("data=sine", "data.periods=2"),
    DIGITS: Task(["experiment=activations"], 64, 10, 4810),
}

DEPTHS = (1, 2, 3, 5)
DEEP = DEPTHS[-1]
RATES = ("0.001", "0.003", "0.01", "0.03")
INITS = ("he", "torch")

TUNING = range(1000, 1003)
"""Seeds that choose the learning rates; none of them is measured."""

GRID = np.linspace(-1, 1, 801)

ERRORS = f"error / spread on other points, shallow - deep ({DEEP} layers)"

CLAIMS = {
    "folds": Claim(
        text="A deep network fits folds better than a shallow one with as many parameters.",
        measure=f"{ERRORS}, {FOLDS}",
        above=0.0,
    ),
    "more_folds": Claim(
        text="The more folds, the greater its advantage.",
        measure=f"{ERRORS}: that of the {MANY}, - that of the {FEW}",
        above=0.0,
    ),
    "smooth": Claim(
        text="On a smooth function depth brings little.",
        measure=f"{ERRORS}, {SINE}",
        below=0.01,
    ),
    "digits": Claim(
        text="On digits, too, depth brings little.",
        measure=f"accuracy on unseen rows, deep ({DEEP} layers) - shallow",
        below=0.01,
    ),
    "pieces": Claim(
        text="The function of a deep network has more linear pieces.",
        measure=f"log2 of pieces, deep / shallow, after training, {FOLDS}",
        above=0.0,
    ),
    "start_pieces": Claim(
        text="It has them from the start, before it has learnt anything.",
        measure=f"log2 of pieces, deep / shallow, before training, {FOLDS}",
        above=0.0,
    ),
    "units": Claim(
        text="It has more pieces than units, which no shallow network can have but by one.",
        measure=f"pieces / hidden units of the deep network after training, {FOLDS}",
        above=1.0,
    ),
    "training": Claim(
        text="Training makes the pieces that the folds need.",
        measure=f"log2 of the deep network's pieces, after / before training, {FOLDS}",
        above=0.0,
    ),
}
