"""What the kernel is handed: the structures of `interface.h`, field by field."""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_void_p

KERNELS = ("auto", "native", "torch")
"""What may compute: native is the compiled kernel, auto takes it where it can."""

ACTIVATIONS = ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "gelu", "silu")
NORMALISATIONS = ("none", "layer", "batch")
OUTPUTS = ("linear", "sigmoid", "softmax", "exponential")
LOSSES = ("mse", "mae", "huber", "quantile", "poisson", "bce", "cce", "focal")
RULES: dict[str, tuple[int, tuple[str, ...]]] = {
    "gd": (0, ()),
    "sgd": (0, ()),
    "momentum": (1, ("alpha",)),
    "heavy_ball": (2, ("momentum",)),
    "nesterov": (3, ("momentum",)),
    "adagrad": (4, ("lr_decay", "eps")),
    "adadelta": (5, ("rho", "eps")),
    "rmsprop": (6, ("rho", "momentum", "eps")),
    "adam": (7, ("beta1", "beta2", "eps")),
    "adamw": (7, ("beta1", "beta2", "eps")),
}
"""Optimizer -> its update rule, and the numbers that the kernel reads for each network."""

NUMBERS = 3
"""Room for a rule's numbers."""

Fields = Sequence[tuple[str, type]]


def _fields(kind: type, names: str) -> Fields:
    return [(name, kind) for name in names.split()]


class Embedding(Structure):
    """How inputs are embedded."""

    _fields_ = [
        *_fields(c_int32, "numbers size bins frequencies rest categories category_size"),
        *_fields(c_void_p, "number_inputs rest_inputs bounds knots"),
    ]


class Networks(Structure):
    """K networks and their parameters."""

    _fields_ = [
        *_fields(c_int32, "members layers tensors inputs normalisation residual"),
        *_fields(c_void_p, "sizes widths activations"),
        ("embedding", POINTER(Embedding)),
        ("parameters", c_void_p),
    ]


class Training(Structure):
    """What networks are trained on and by."""

    _fields_ = [
        *_fields(c_int32, "output loss rule moments moment_switch decoupled"),
        *_fields(c_double, "loss_number smoothing"),
        *_fields(c_void_p, "moment_tensors average_tensors gradient_tensors"),
        *_fields(c_void_p, "decay l1 clip numbers first_share later_share"),
        *_fields(c_void_p, "inputs targets row_weights starts counts order"),
        *_fields(c_int64, "order_stride batch_size"),
        ("rates", c_void_p),
        ("rate_rows", c_int64),
        ("taken", c_void_p),
        *_fields(c_int64, "first last"),
        *_fields(c_void_p, "masks mask_strides means"),
    ]


def declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Say what the functions of a library take and return."""
    of, by, x = POINTER(Networks), POINTER(Training), c_void_p
    library.train.argtypes = [of, by, c_int32]
    library.forward.argtypes = [of, x, c_int64, c_int64, x, c_int32]
    library.train.restype = library.forward.restype = c_int32
    return library
