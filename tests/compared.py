"""Finished runs of invented sweeps."""

from pathlib import Path

from mlp_lab.compare.records import RunRecord


def run(values: dict[str, str], seed: int, score: float, **more: object) -> RunRecord:
    """A finished run of an invented sweep."""
    words = [*(f"{key}={value}" for key, value in values.items()), f"seed={seed}"]
    scores = {"loss": -score, "accuracy": score}
    result = {
        "status": "completed",
        "parameters": 10 * int(values.get("model.width", "1")),
        "train": scores,
        "val": scores,
        "test": {"loss": 0.5, "accuracy": 0.5},
        "rows": {"train": 80, "val": 20, "test": 20},
        "overrides": words,
        **more,
    }
    reason = "diverged in epoch 1" if result["status"] == "diverged" else ""
    return RunRecord(Path(words[0] + str(seed)), {"data.name": "iris"}, result, reason)


def grid(table: dict[str, list[float]]) -> list[RunRecord]:
    """Widths with their scores by seed."""
    return [
        run({"model.width": width}, seed, value)
        for width, values in table.items()
        for seed, value in enumerate(values)
    ]


TABLE = {"4": [0.6, 0.7, 0.65], "8": [0.91, 0.92, 0.9], "16": [0.92, 0.93, 0.89], "32": [0.5] * 3}
"""Accuracies of some widths, by seed."""
