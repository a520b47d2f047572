"""Whether this machine may have a CUDA device, asked without loading torch."""

import ctypes
import sys
from importlib.metadata import version

from mlp_lab.errors import UserError


def no_cuda() -> UserError:
    """What to say where CUDA is asked for and is not there."""
    return UserError("device=cuda, but torch sees no CUDA device here: use device=cpu")


def no_autocast(autocast: str) -> UserError:
    """What to say where a lower precision is asked for and there is no CUDA device."""
    return UserError(
        f"autocast={autocast} needs a CUDA device, and here is none: a CPU gains nothing by it, use"
        " autocast=none"
    )


def cuda_possible() -> bool:
    """Whether torch may find a CUDA device; torch itself has the last word."""
    build = version("torch")
    if "rocm" in build:
        return True
    driver = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return False
    return not build.endswith("+cpu")
