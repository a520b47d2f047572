"""Every data set by name, and the settings that it has."""

from mlp_lab.data.bundled import BUNDLED, BundledConfig
from mlp_lab.data.config import DataConfig
from mlp_lab.data.synthetic import (
    FUNCTIONS,
    PLANE,
    FunctionConfig,
    GaussiansConfig,
    PlaneConfig,
    SpiralsConfig,
)
from mlp_lab.data.tables.config import TableConfig

DATA: dict[str, type[DataConfig]] = {
    **dict.fromkeys(BUNDLED, BundledConfig),
    **dict.fromkeys(PLANE, PlaneConfig),
    "gaussians": GaussiansConfig,
    "spirals": SpiralsConfig,
    **dict.fromkeys(FUNCTIONS, FunctionConfig),
    "table": TableConfig,
}
