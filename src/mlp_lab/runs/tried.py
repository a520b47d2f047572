"""What a run with a budget kept of what it tried, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlp_lab.config.time_budget import written
from mlp_lab.formatting import counted, duration

MOST_WEIGHTS = 5
"""Weights that a line lists."""


def kept_in_words(result: Mapping[str, Any]) -> str:
    """How many networks of how many settings a run tried within its time, and which it kept."""
    budget = result["budget"]
    networks = budget["networks"]
    weights = sorted((each["weight"] for each in networks if each["weight"] > 0), reverse=True)
    settings = len({repr(sorted(each["changes"].items())) for each in networks})
    shown = ", ".join(f"{weight:.2g}" for weight in weights[:MOST_WEIGHTS])
    more = ", …" if len(weights) > MOST_WEIGHTS else ""
    ended = f" ({budget['ended']})" if budget["ended"] else ""
    time = f"{duration(budget['used'])} of {written(budget['seconds'])}{ended}"
    kept = f"{len(weights)} by {counted(result['rows']['val'], 'validation row')}"
    return (
        f"{counted(len(networks), 'network')} of {counted(settings, 'setting')} tried in {time};"
        f" kept {kept}, weight{'s' * (len(weights) > 1)} {shown}{more}"
    )
