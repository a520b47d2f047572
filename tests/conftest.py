"""Runs that several tests read and none changes. Also puts this folder on the import path."""

from pathlib import Path

import pytest
import torch
from lab import train


@pytest.fixture(autouse=True)
def _subnormal_numbers() -> None:
    """A run in this process lets them become 0; whatever test comes next may want them."""
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def iris_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished classification run with everything recorded."""
    return train(
        tmp_path_factory.mktemp("iris") / "run",
        *("data=iris", "model=shallow", "model.width=8", "epochs=4", "quiet=true"),
        *("tracking.histograms=2", "tracking.gradient_norms=true"),
    )


@pytest.fixture(scope="session")
def diabetes_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished regression run without validation rows."""
    return train(
        tmp_path_factory.mktemp("diabetes") / "run",
        *("data=diabetes", "data.val_fraction=0", "model=shallow", "model.width=8"),
        *("epochs=3", "quiet=true"),
    )
