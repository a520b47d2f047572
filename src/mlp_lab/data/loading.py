"""A data set's settings -> its rows."""

from mlp_lab.data.bundled import BUNDLED, BundledConfig
from mlp_lab.data.config import DataConfig
from mlp_lab.data.rows import RawData
from mlp_lab.data.synthetic import SyntheticConfig
from mlp_lab.data.tables.config import TableConfig


def load_rows(config: DataConfig) -> RawData:
    """All rows of a data set, unsplit.

    Raises:
        UserError: a file or a column of it cannot be used.
    """
    match config:
        case BundledConfig():
            return BUNDLED[config.name]()
        case SyntheticConfig():
            return config.generate()
        case TableConfig():
            from mlp_lab.data.tables.table import load_table  # noqa: PLC0415 pandas: 0.5 s

            return load_table(config)
    raise AssertionError(f"no rows for {type(config).__name__}")
