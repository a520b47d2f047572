"""The allocator is asked where it can be, and left alone elsewhere."""

import ctypes

import pytest

from mlp_lab.engine.device import KEPT_BYTES, LARGE_BYTES, keep_freed_memory


def test_glibc_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both thresholds; setting only one would still let the other shrink the heap."""
    asked: list[tuple[int, int]] = []

    class Library:
        """glibc."""

        @staticmethod
        def mallopt(name: int, value: int) -> int:
            """Takes note."""
            asked.append((name, value))
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    keep_freed_memory()
    assert dict(asked) == {-1: KEPT_BYTES, -3: LARGE_BYTES}


@pytest.mark.parametrize("error", [OSError, TypeError])
def test_other_systems(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """No such library, or no such function in it."""

    def none(name: object) -> object:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", none)
    keep_freed_memory()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    keep_freed_memory()
