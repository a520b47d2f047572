"""Stacks and data that the benchmarks share."""

from collections.abc import Sequence

import numpy as np
import torch

from mlp_lab.data.bundled import BundledConfig
from mlp_lab.data.columns import classified, numeric
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.preprocessing import encode
from mlp_lab.data.rows import RawData
from mlp_lab.data.splitting import Split
from mlp_lab.engine.averaging import AveragingConfig
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.losses import Objective
from mlp_lab.network.optimizers import AdamConfig
from mlp_lab.network.schedules import ScheduleConfig

INPUTS, CLASSES = 64, 10


def random_classes(rows: int, device: str = "cpu", inputs: int = INPUTS) -> Dataset:
    """Random inputs and labels: the time of a step does not depend on what is learnt."""
    generator = np.random.default_rng(0)
    drawn = generator.standard_normal((rows, inputs))
    labels = generator.integers(CLASSES, size=rows).astype(float)
    classes = [str(i) for i in range(CLASSES)]
    names = numeric([str(i) for i in range(inputs)])
    raw = RawData(drawn, labels, names, [classified("class", classes)])
    none = np.arange(0)
    config = BundledConfig(
        name="random",
        test_fraction=0.0,
        val_fraction=0.0,
        folds=None,
        fold=0,
        repeat=0,
        split_seed=0,
        train_rows=None,
        label_noise=0.0,
        scaling="none",
        quantiles=2,
        quantile_noise=0.0,
        target_transform="none",
        class_weights="none",
    )
    encoded = encode(raw, Split(np.arange(rows), none, none), config, "softmax", "float32")
    return Dataset.of(encoded, torch.float32, torch.device(device))


def embedding_of(kind: str, columns: int) -> EmbeddingPlan:
    """Each number in 48 bins or 16 waves, and 16 numbers of it."""
    return EmbeddingPlan(
        kind=kind,
        size=16,
        bins=48,
        frequencies=16,
        numbers=list(range(columns)),
        categories=[],
        category_size=0,
        inputs=columns,
    )


def adam_stack(
    dataset: Dataset,
    widths: Sequence[int],
    *,
    members: int = 1,
    batch_size: int,
    gradient: str = "explicit",
    kernel: str = "torch",
    seed: int = 0,
    embedding: EmbeddingPlan | None = None,
) -> Stack:
    """ReLU networks under Adam, a learning rate and a seed for each."""
    device = dataset.train.inputs.device
    plan = [
        Member(
            dataset=dataset,
            widths=list(widths),
            embedding=embedding,
            dropout=0.0,
            init="he",
            seed=seed + k,
            epochs=10**6,
            optimizer=AdamConfig(
                name="adam",
                lr=1e-3 / (1 + seed + k),
                weight_decay=0.0,
                l1=0.0,
                clip_norm=None,
                beta1=0.9,
                beta2=0.999,
                eps=1e-8,
                amsgrad=False,
            ),
            schedule=ScheduleConfig(name="constant"),
            averaging=AveragingConfig(kind="none", decay=0.999, start=0.0),
        )
        for k in range(members)
    ]
    shared = SharedSettings(
        activations=["relu"] * len(widths),
        objective=Objective("softmax", "cce"),
        batch_size=batch_size,
        gradient=gradient,
        kernel=kernel,
        dtype=torch.float32,
        device=device,
    )
    return Stack(plan, shared)
