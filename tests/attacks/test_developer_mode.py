"""Commands under `python -X dev -W error`: no file left open, no warning, no deprecated call."""

import sys
from pathlib import Path

import pytest
from lab import BARE, ROOT, command
from surveys import survey
from surveys import written as save

STRICT = [sys.executable, "-X", "dev", "-W", "error"]
TRAIN = [*STRICT, str(ROOT / "train.py")]
OTHERS = [*STRICT, "-m", "mlp_lab"]
FEW = ("data=iris", "epochs=2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (TRAIN, ["--help"]),
        (TRAIN, ["--cfg", "job"]),
        (TRAIN, ["resume=run", "epochs=3"]),
        (TRAIN, ["-m", *FEW, "seed=0,1"]),
        (TRAIN, ["-m", *FEW, *BARE, "seed=0,1,2,3", "sweep.halving=2"]),
        (TRAIN, ["-m", *FEW, *BARE, "seed=0,1", "hydra/launcher=basic"]),
        (
            TRAIN,
            [
                "-m",
                *FEW,
                "hydra/sweeper=optuna",
                "hydra.sweeper.n_trials=4",
                "model.width=range(4,9)",
            ],
        ),
        (TRAIN, ["data=table", "data.path=survey.csv", "data.target=voted", "epochs=2"]),
        (OTHERS, ["predict", "run", "iris.csv", "-o", "out.csv"]),
        (OTHERS, ["compare", "run"]),
        (OTHERS, ["trace", "run"]),
        (OTHERS, ["trace"]),
        (OTHERS, ["lesson", "backprop_cost", "quick=true"]),
    ],
)
def test_nothing_warns(program: list[str], words: list[str], tmp_path: Path) -> None:
    """TensorBoard's own server is left out: what it imports warns."""
    save(survey(), tmp_path)
    header = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)"
    (tmp_path / "iris.csv").write_text(f"{header}\n5.1,3.5,1.4,0.2\n")
    begun = command([*FEW, "hydra.run.dir=run"], tmp_path, TRAIN)
    assert (begun.returncode, begun.stderr) == (0, "")
    done = command(words, tmp_path, program)
    assert (done.returncode, done.stderr) == (0, "")
