"""Evidence on a sound run, written by hand, for the tests of rules."""

from mlp_lab.verdict.evidence import Evidence

FALLING = [1.0 * 0.8**epoch for epoch in range(40)]
"""A loss that has long converged to nearly 0."""

SOUND = Evidence(
    divergence=None,
    train_loss=FALLING,
    val_loss=[loss + 0.05 for loss in FALLING],
    constant={"train": 1.0, "val": 1.0},
    train=0.99,
    val=0.95,
    val_rows=400,
    baselines={"linear": 0.5, "the 10 nearest neighbours": 0.9},
    baselines_d2={"linear": 0.5},
    constant_errors={},
    steps=1000,
    kept=40,
    kept_d2={"train": 0.99, "val": 0.95},
)
