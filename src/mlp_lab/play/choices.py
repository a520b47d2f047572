"""Which names a page offers for a setting: those of the closed tables, files left out."""

from mlp_lab.data.catalogue import DATA
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.architecture import INITS, NORMALISATIONS
from mlp_lab.network.embedding_plan import KINDS
from mlp_lab.network.losses import LOSS_CONFIGS, OUTPUTS
from mlp_lab.network.optimizers import OPTIMIZERS
from mlp_lab.network.schedules import SCHEDULES
from mlp_lab.play.settings import OWN_DATA

CHOICES = {
    "data": [name for name in DATA if name not in OWN_DATA],
    "model.activation": list(ACTIVATIONS),
    "model.output": ["auto", *OUTPUTS],
    "model.embedding": list(KINDS),
    "model.init": list(INITS),
    "model.normalisation": list(NORMALISATIONS),
    "loss": list(LOSS_CONFIGS),
    "optimizer": list(OPTIMIZERS),
    "schedule": list(SCHEDULES),
}
"""Key -> names."""
