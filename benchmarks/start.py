"""What a command costs beside its training: `python benchmarks/start.py`.

Whole processes, in turn: `python train.py epochs=1` as a user types it, with TensorBoard, pictures
and report; the same without; `mlp-lab predict` of 100 rows; and `python -c "import torch"` plus the
training alone.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from race import QUICK, judge, race
from sklearn.datasets import load_iris

ROUNDS = 7
ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print the ratio of the medians, round by round."""
    with tempfile.TemporaryDirectory() as outputs:

        def train(*overrides: str) -> None:
            command = [sys.executable, str(ROOT / "train.py"), "epochs=1", *overrides]
            subprocess.run(command, cwd=outputs, check=True, capture_output=True)

        def import_torch() -> None:
            subprocess.run([sys.executable, "-c", "import torch"], check=True)

        def predict() -> None:
            words = [sys.executable, "-m", "mlp_lab", "predict", "predicting", "rows.csv"]
            subprocess.run([*words, "-o", "out.csv"], cwd=outputs, check=True, capture_output=True)

        rows, _ = load_iris(return_X_y=True, as_frame=True)
        rows.head(100).to_csv(Path(outputs, "rows.csv"), index=False)
        train("data=iris", "hydra.run.dir=predicting", "quiet=true")
        bare = ("tracking.report=false", "tracking.tensorboard=false")
        sides: dict[str, Callable[[], None]] = {
            "train": train,
            "bare": lambda: train(*bare),
            "predict": predict,
            "torch": import_torch,
        }
        if QUICK:
            del sides["train"]
            sides = {"train": sides["bare"], **sides}
        times = race(sides, ROUNDS)
        results = list(Path(outputs).glob("outputs/*/*/result.json"))
        training = statistics.median(json.loads(r.read_text())["seconds"] for r in results)
    for name, seconds in times.items():
        print(f"  {name:8s} {statistics.median(seconds):6.2f} s")
    print(f"  training {training:6.3f} s")
    for name in ("train", "bare"):
        pairs = zip(times[name], times["torch"], strict=True)
        found = statistics.median(ours / (torch + training) for ours, torch in pairs)
        judge(f"{name}: command / (import torch + training)", found, 2.0)
    pairs = zip(times["predict"], times["torch"], strict=True)
    found = statistics.median(ours / torch for ours, torch in pairs)
    judge("predict: 100 rows / import torch", found, 1.0)
    pairs = zip(times["train"], times["bare"], strict=True)
    added = statistics.median(ours - without for ours, without in pairs)
    judge("seconds that TensorBoard, pictures and report add", added, 1.5)


if __name__ == "__main__":
    main()
