"""Every data set by name, and the settings that it has."""

from mlp_lab.data import synthetic
from mlp_lab.data.bundled import BUNDLED, BundledConfig
from mlp_lab.data.config import DataConfig
from mlp_lab.data.tables.config import TableConfig

DATA: dict[str, type[DataConfig]] = {
    **dict.fromkeys(BUNDLED, BundledConfig),
    **dict.fromkeys(synthetic.PLANE, synthetic.PlaneConfig),
    "gaussians": synthetic.GaussiansConfig,
    "spirals": synthetic.SpiralsConfig,
    "signals": synthetic.SignalsConfig,
    **dict.fromkeys(synthetic.FUNCTIONS, synthetic.FunctionConfig),
    "function": synthetic.FormulaConfig,
    "table": TableConfig,
}
