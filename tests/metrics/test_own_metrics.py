"""Metrics of one's own."""

import numpy as np
import pytest

from mlp_lab.errors import UserError
from mlp_lab.metrics import own_metrics
from mlp_lab.metrics.own_metrics import own_scores, register_metric


def test_they_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_metrics, "OWN_METRICS", {"regression": {}, "classification": {}})
    register_metric("bias", lambda truth, y: float((y - truth).mean()), task="regression")
    assert own_scores("regression", np.zeros(2), np.array([1.0, 3.0])) == {"bias": 2.0}
    register_metric("endless", lambda truth, y: np.inf, task="regression")
    with pytest.raises(UserError, match="metric 'endless' must be finite, got inf"):
        own_scores("regression", np.zeros(2), np.ones(2))
