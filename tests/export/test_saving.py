"""The format of an exported file, and what is missing for it."""

from pathlib import Path

import pytest
from exported import number, predictor

from mlp_lab import errors
from mlp_lab.errors import UserError
from mlp_lab.export.saving import format_of


def test_formats() -> None:
    """By name, else by the file's."""
    assert format_of(Path("a.ONNX"), None) == "onnx"
    assert format_of(Path("a.pt2"), None) == "torch"
    assert format_of(Path("a.bin"), "onnx") == "onnx"
    with pytest.raises(
        UserError, match=r"unknown format 'onx': did you mean 'onnx'\? \(onnx, torch"
    ):
        format_of(Path("a.onnx"), "onx")
    with pytest.raises(UserError, match=r"must end with \.onnx or \.pt2, got 'a.bin'"):
        format_of(Path("a.bin"), None)


def test_without_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says how to get it."""
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs onnx: pip install 'mlp_lab\[onnx\]'"):
        predictor([number("x")]).export(tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """The error names it as it was typed."""
    pytest.importorskip("onnx")
    for place in (tmp_path, tmp_path / "none" / "m.onnx"):
        with pytest.raises(OSError, match=str(place)):
            predictor([number("x")]).export(place, "onnx")
