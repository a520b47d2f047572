"""What a file may grow to."""

from pathlib import Path

import pytest

from mlp_lab.data.tables import limits
from mlp_lab.errors import UserError


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "free_memory", lambda: 1e9)
    limits.require_cells("t.csv", 1_000_000, 56)
    with pytest.raises(UserError, match=r"t.csv has 1,000,000 rows of 57 columns") as caught:
        limits.require_cells("t.csv", 1_000_000, 57)
    assert "at least 912.0 MB, more than 90% of the free 1.0 GB: cut" in str(caught.value)


def test_expansion(tmp_path: Path) -> None:
    """Refused only where it is both large and out of proportion."""
    path = tmp_path / "t.csv.gz"
    path.write_bytes(b"x" * 10_000)
    limits.require_expansion(path, limits.ALWAYS)
    with pytest.raises(UserError, match=r"t.csv.gz, of 10 kB, holds 268.4 MB or more"):
        limits.require_expansion(path, limits.ALWAYS + 1)
    path.write_bytes(b"x" * 2_000_000)
    limits.require_expansion(path, limits.ALWAYS + 1)


def test_rows_of_a_piece() -> None:
    assert limits.rows_at_once(32768, 10) == 32768
    assert limits.rows_at_once(32768, 2**20) == 128
    assert limits.rows_at_once(5, 2**40) == 1


def test_short_rows() -> None:
    limits.require_filled("t.csv", 1_000, 1_000, 1_000)
    with pytest.raises(UserError, match="nearly all cells would be empty"):
        limits.require_filled("t.csv", 100_000, 1_000, 200_000)
