"""Whether CUDA may be there, asked of the driver and of torch's build."""

import ctypes

import pytest

from mlp_lab.engine import cuda


@pytest.mark.parametrize(
    ("build", "driver", "possible"),
    [
        ("2.9.0+cu128", True, True),
        ("2.9.0+cu128", False, False),
        ("2.9.0+cpu", True, False),
        ("2.9.0", True, True),
        ("2.9.0+rocm6.4", False, True),
    ],
)
def test_driver_and_build(
    monkeypatch: pytest.MonkeyPatch, build: str, driver: bool, possible: bool
) -> None:
    """Both have to be there; AMD's build goes without NVIDIA's driver."""

    def load(name: str) -> object:
        if not driver:
            raise OSError(name)
        return object()

    monkeypatch.setattr(cuda, "version", lambda package: build)
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert cuda.cuda_possible() == possible


def test_the_refusal_names_the_setting() -> None:
    """As it is typed, and what to type instead."""
    assert str(cuda.no_cuda()).startswith("device=cuda, but")
    assert str(cuda.no_cuda()).endswith("use device=cpu")
