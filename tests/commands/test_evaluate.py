"""`mlp-lab evaluate` has a module of its own, and the arguments of its own."""

import pytest

from mlp_lab.commands import evaluate


def test_it_is_not_predict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It needs no file to write to."""
    monkeypatch.setattr("sys.argv", ["mlp-lab", "--help"])
    with pytest.raises(SystemExit):
        evaluate.main()
    said = capsys.readouterr().out
    assert said.startswith("usage: mlp-lab evaluate ")
    assert "--weight" in said
    assert "--prefix" not in said
