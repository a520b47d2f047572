"""What a search's journal may say."""

import json
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.sweep.journal import require_journal

STUDY: dict[str, object] = {
    "op_code": 0,
    "worker_id": "w",
    "study_name": "sweep",
    "directions": [1],
}
SETTING: dict[str, object] = {
    "op_code": 2,
    "worker_id": "w",
    "study_id": 0,
    "user_attr": {"setting": ["x"]},
}
TIME = "2026-11-29T08:07:45.383624+00:00"
TRIAL: dict[str, object] = {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": TIME}
SPACE = {"name": "IntDistribution", "attributes": {"log": False, "step": 1, "low": 3, "high": 6}}
PARAMETER: dict[str, object] = {
    "op_code": 5,
    "worker_id": "w",
    "trial_id": 0,
    "param_name": "x",
    "param_value_internal": 4.0,
    "distribution": json.dumps(SPACE),
}
ENDED: dict[str, object] = {
    "op_code": 6,
    "worker_id": "w",
    "trial_id": 0,
    "state": 1,
    "values": [0.5],
}
WHOLE: list[dict[str, object]] = [STUDY, SETTING, TRIAL, PARAMETER, ENDED]


def require(folder: Path, *entries: object) -> None:
    """Write a journal and check it."""
    path = folder / "optuna.journal"
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    require_journal(path)


def test_a_journal_of_a_search(tmp_path: Path) -> None:
    """Empty, whole, joined by another process, or with half a line that a kill left."""
    require(tmp_path)
    require(tmp_path, *WHOLE, STUDY)
    path = tmp_path / "optuna.journal"
    path.write_text(path.read_text() + '{"op_code": 4, "wor')
    require_journal(path)


@pytest.mark.parametrize(
    ("place", "key", "value", "line"),
    [
        (0, "directions", [2], "line 1: directions must be"),
        (0, "op_code", 2, "line 1: op_code must be 0 in the first line"),
        (1, "study_id", 1, "line 2: study_id must be 0 or more and below 1"),
        (1, "user_attr", [], "line 2: user_attr must be a group"),
        (1, "user_attr", {"asked": "x"}, r"line 2: user_attr\.asked must be"),
        (2, "datetime_start", "now", "line 3: datetime_start must be a time"),
        (2, "op_code", 77, "line 3: op_code must be one of a search's, got 77"),
        (2, "op_code", True, "line 3: op_code must be one of"),
        (3, "trial_id", 1, "line 4: trial_id must be 0 or more and below 1"),
        (3, "param_value_internal", 7, "line 4: param_value_internal must be within"),
        (3, "distribution", "{}", "line 4: distribution must be one of Optuna's"),
        (4, "state", 9, "line 5: state must be 0 to 4"),
        (4, "values", None, "line 5: values must be one finite number"),
        (4, "values", [1, 2], "line 5: values must be one finite number"),
        (4, "worker_id", 5, "line 5: worker_id must be"),
    ],
)
def test_what_no_search_writes(
    place: int, key: str, value: object, line: str, tmp_path: Path
) -> None:
    """The line and the key are named."""
    entries: list[object] = [*WHOLE]
    entries[place] = {**WHOLE[place], key: value}
    with pytest.raises(UserError, match=rf"optuna\.journal, {line}"):
        require(tmp_path, *entries)
