"""A rank whose starter is gone."""

import os

import pytest

from mlp_lab.runs import follower
from mlp_lab.runs.follower import end_without
from mlp_lab.runs.team import LOST


@pytest.mark.parametrize(("rank", "said"), [(1, "rank 0 (process 7) has ended"), (2, "")])
def test_a_rank_ends_with_what_started_it(
    rank: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of them says so."""
    parents = [7, 7, 1]
    ended: list[int] = []
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setattr(follower, "LOOKING_SECONDS", 0.0)
    monkeypatch.setattr(os, "getppid", lambda: parents.pop(0))
    monkeypatch.setattr(os, "_exit", ended.append)
    end_without(7, rank)
    assert ended == [LOST]
    assert parents == []
    assert capsys.readouterr().err.startswith(said)
