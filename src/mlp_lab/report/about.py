"""What was trained on what, and how it ended, in words: the first lines of a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlp_lab.config.saved import saved_values
from mlp_lab.formatting import counted, duration
from mlp_lab.metrics.choosing import named_score
from mlp_lab.report.headline import PART, named
from mlp_lab.runs.folder import CONFIG
from mlp_lab.runs.tried import kept_in_words
from mlp_lab.stored import read_text


def read_config(folder: Path) -> tuple[str, dict[str, Any]]:
    """A run's config.yaml, as text and as what it says.

    Raises:
        UserError: it is no configuration of a run.
    """
    return read_text(folder / CONFIG, megabytes=1), saved_values(folder)


def called(config: Mapping[str, Any]) -> dict[str, str]:
    """A run's name and its tags."""
    return {"name": str(config["name"] or ""), "tags": ", ".join(map(str, config["tags"]))}


def source_of(data: Mapping[str, Any]) -> str:
    """The name of a data set; of a table, its file."""
    return str(data["path"] if data["name"] == "table" else data["name"])


def rows_of(result: Mapping[str, Any]) -> str:
    """Rows by part, without parts that have none."""
    counts = result["rows"].items()
    return ", ".join(f"{count:,} {PART[part]}" for part, count in counts if count)


def about_run(
    config: Mapping[str, Any], result: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, str]:
    """Heading -> words: data, network, optimizer and how the training ended."""
    layers = " → ".join(f"{size:,}" for size in schema["network"]["sizes"])
    found = {
        **called(config),
        "data": source_of(config["data"]),
        "rows": rows_of(result),
        "network": f"{layers} units ({result['parameters']:,} parameters)",
        "activation": _activations(config["model"]),
        "output, loss": f"{result['output']}, {result['loss']}",
        "optimizer": _optimizer(config),
        "training": _ending(result),
        "budget": kept_in_words(result) if "budget" in result else "",
        "weights": _kept(config, result),
    }
    return {heading: words for heading, words in found.items() if words}


def _kept(config: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Which weights were kept, and by what."""
    if not result["best_epoch"]:
        return ""
    scores = result["val"] or result["train"]
    monitor = named_score(scores, config["stop"]["monitor"])
    if scores.get(monitor) is None:
        return f"of epoch {result['best_epoch']}, the last: {named(monitor)} was known in none"
    by = "" if monitor == "loss" else f" by {named(monitor)}"
    return f"of epoch {result['best_epoch']}, the best one{by}"


def _activations(model: Mapping[str, Any]) -> str:
    if model["depth"] == 0:
        return ""
    chosen = model["activation"]
    return ", ".join(chosen) if isinstance(chosen, list) else str(chosen)


def _optimizer(config: Mapping[str, Any]) -> str:
    size, schedule = config["batch_size"], config["schedule"]["name"]
    words = [config["optimizer"]["name"], f"learning rate {config['optimizer']['lr']:g}"]
    words += [f"{schedule} schedule"] if schedule != "constant" else []
    words += ["all rows in each step" if size == "full" else f"batches of {counted(size, 'row')}"]
    return ", ".join(words)


def _ending(result: Mapping[str, Any]) -> str:
    epochs, seconds = result["epochs_run"], result["seconds"]
    words = str(result["status"])
    if "reason" in result:
        words += f" ({result['reason']})"
    if "diverged" in result:
        where = result["diverged"]
        words += f" in epoch {where['epoch']}, step {where['step']},"
        words += f" at learning rate {where['lr']:g}"
    return f"{words} after {counted(epochs, 'epoch')} and {duration(seconds)}"
