"""result.json, held against what it should say."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlp_lab.errors import UserError
from mlp_lab.runs.result_file import read_result, result_of


@pytest.mark.parametrize("content", [None, b"", b'{"status": "comp', b"\xff\xfe", b"\x00" * 64])
def test_a_result_that_cannot_be_read_is_none(content: bytes | None, tmp_path: Path) -> None:
    """As a crash or a power cut leaves it; the run may go on and write another."""
    if content is not None:
        (tmp_path / "result.json").write_bytes(content)
    assert result_of(tmp_path) == {}
    assert result_of(tmp_path / "result.json") == {}
    (tmp_path / "result.json").write_text('{"status": "failed", "näher": null}', encoding="utf-8")
    assert result_of(tmp_path) == {"status": "failed", "näher": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "done"}, "status must be completed, stopped, diverged or failed, got 'done'"),
        ({"status": None}, "status must be text, got null"),
        ({"rows": {"train": 0, "val": 0, "test": 0}}, "rows.train must be 1 or more, got 0"),
        ({"rows": {"train": 9}}, "rows.val is missing"),
        ({"parameters": "9"}, "parameters must be a whole number of at most 18 digits, got '9'"),
        ({"val": {"accuracy": 1}}, "val.loss is missing"),
        ({"train": {"loss": [1]}}, "train.loss must be a number or null, got [1]"),
        ({"status": "diverged"}, "diverged must be a group, got null"),
        ({"baselines": {"constant": {}}}, "baselines.constant.train is missing"),
        ({"verdict": {}}, "verdict.kind is missing"),
        ({"overrides": [1]}, "overrides[0] must be text, got 1"),
    ],
)
def test_what_is_no_result(
    change: dict[str, Any], words: str, iris_run: Path, tmp_path: Path
) -> None:
    """The file is named, and the key."""
    path = tmp_path / "result.json"
    result = json.loads((iris_run / "result.json").read_text())
    path.write_text(json.dumps({**result, **change}))
    with pytest.raises(UserError) as caught:
        read_result(path)
    assert str(caught.value) == f"{path}: {words}"
