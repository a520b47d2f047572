"""How the user of this process trains: the words that printed commands begin with."""

import sys
from pathlib import Path


def train_words() -> list[str]:
    """`mlp-lab train` for the installed command, else `python train.py`."""
    if Path(sys.argv[0]).stem == "mlp-lab":
        return ["mlp-lab", "train"]
    return ["python", "train.py"]
