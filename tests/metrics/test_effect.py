"""What a column was found to do, as it is kept."""

import json
import subprocess
import sys
from dataclasses import asdict

from mlp_lab.metrics.effect import Effect
from mlp_lab.plain import read_as


def test_it_is_kept_as_plain_data() -> None:
    """And read again, its lists and its pair as they were."""
    low, high, change = [0.3, 0.6], [0.5, 0.7], (-0.27, -0.33, -0.2)
    effect = Effect("age", "", [], [20.0, 60.0], [0.68, 0.41], low, high, change)
    assert read_as(Effect, json.loads(json.dumps(asdict(effect)))) == effect


def test_whoever_draws_it_needs_no_torch() -> None:
    code = "import sys, mlp_lab.metrics.effect; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
