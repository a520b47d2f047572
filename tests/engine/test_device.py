"""A process set up for training; glibc's allocator is asked where it is there."""

import ctypes

import pytest
import torch

from mlp_lab.engine.device import KEPT_BYTES, LARGE_BYTES, keep_freed_memory, prepare_torch
from mlp_lab.errors import UserError


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


def test_prepare_torch() -> None:
    """Threads as asked for, denormal numbers flushed to 0, and the device."""
    threads = torch.get_num_threads()
    try:
        assert prepare_torch(device="cpu", threads=1) == torch.device("cpu")
        assert torch.get_num_threads() == 1
        assert float(torch.tensor(1e-30) * torch.tensor(1e-10)) == 0
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` does without one; `cuda` is refused before anything is changed."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: pytest.fail("too late"))
    with pytest.raises(UserError, match="device=cuda, but torch sees no CUDA device"):
        prepare_torch(device="cuda", threads=1)
