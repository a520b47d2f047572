"""What a run says of the temperature of its probabilities."""

from dataclasses import replace

import pytest

from mlp_lab.metrics.temperature import Scaled
from mlp_lab.runs.calibration import Calibration, calibration_in_words, is_calibrated

HELPS = Scaled(2.0, gain=0.1, error=0.01, rows=400)
VAGUE = Scaled(1.5, gain=0.01, error=0.02, rows=400)
FEW = Scaled(2.0, gain=0.1, error=0.01, rows=60)


def test_auto_takes_what_helps() -> None:
    """And says why not, of what does not; `always` takes all."""
    assert Calibration.of(HELPS, "auto") == Calibration(2.0, HELPS, "")
    assert Calibration.of(VAGUE, "always").temperature == 1.5
    assert Calibration.of(FEW, "auto").reason == "60 validation rows, fewer than 100"
    weighted = Calibration.of(replace(FEW, rows=38.6), "auto").reason
    assert weighted == "weighted validation rows that tell as much as 39 equal ones, fewer than 100"
    none = Calibration.of(VAGUE, "auto")
    assert none.temperature == 1
    assert none.reason == (
        "temperatures chosen on one half of the validation rows lower the log loss of the other"
        " half by 0.01, with a standard error of 0.02"
    )
    raised = Calibration.of(replace(VAGUE, gain=-0.01), "auto").reason
    assert " of the validation rows raise the log loss of the other half by 0.01, with" in raised


@pytest.mark.parametrize("setting", ["auto", "always"])
def test_without_a_temperature_there_is_a_reason(setting: str) -> None:
    """Of too few rows, or where it is 1."""
    one = Calibration.of(Scaled(1.0, gain=0.0, error=0.0, rows=1), setting)
    assert one.reason == "a temperature needs 2 validation rows or more with finite outputs, got 1"
    same = Calibration.of(Scaled(1.0, gain=0.0, error=0.0, rows=400), setting)
    assert same.reason == "a temperature of 1 has the least log loss of the validation rows"
    for own in (one, same):
        result: dict[str, object] = {"val": {}, "test": {}, "calibration": own.to_dict()}
        assert calibration_in_words(result) == f"probabilities are not calibrated: {own.reason}"


def test_words() -> None:
    """Scores before and after, of the parts that have rows; nothing of a regression."""
    scores = {"val": {"log_loss": 0.4}, "test": {}}
    result: dict[str, object] = {
        "val": {"log_loss": 0.5},
        "test": {},
        "calibration": Calibration(2.0, HELPS, "", scores).to_dict(),
    }
    assert calibration_in_words(result) == (
        "probabilities are calibrated by a temperature of 2 (log loss of validation rows"
        " 0.5000 to 0.4000); the scores above are without it, predictions with it"
    )
    assert is_calibrated(result)
    bare = result | {"calibration": Calibration(2.0, HELPS, "").to_dict()}
    assert "by a temperature of 2; the scores above" in calibration_in_words(bare)
    other = result | {"calibration": Calibration.of(FEW, "auto").to_dict()}
    assert not is_calibrated(other)
    assert calibration_in_words(other) == (
        "probabilities are not calibrated: 60 validation rows, fewer than 100"
    )
    assert calibration_in_words({"val": {}}) == ""
    assert not is_calibrated({"val": {}})
