"""What is to be learnt, kept as long as there is room."""

import numpy as np
from lab import configure

from mlp_lab.training.problem import Problems


def test_what_was_posed_last_stays() -> None:
    """As far as it fits; what comes again is the same."""
    configs = [configure("data=iris", f"data.split_seed={i}") for i in range(6)]
    size = Problems().pose(configs[0]).encoded.nbytes
    everything, few = Problems(), Problems(6.0 * size)
    first = [few.pose(config).encoded.train.inputs for config in configs]
    for config in configs:
        everything.pose(config)
    assert len(everything.posed) == 6
    assert 1 <= len(few.posed) < 6
    assert few.key(configs[-1]) in few.posed
    assert few.key(configs[0]) not in few.posed
    again = few.pose(configs[0])
    assert again.digest == everything.pose(configs[0]).digest
    np.testing.assert_array_equal(again.encoded.train.inputs, first[0])
