"""The compiled kernel against torch: `python benchmarks/kernel.py`. One thread; sides in turn.

1. A step of small networks, alone and in stacks, and an epoch with its evaluation, beside
   scikit-learn's `MLPClassifier` without one.
2. A step with embedded numbers, beside autograd's.
"""

import warnings

import torch
from networks import adam_stack, embedding_of, random_classes
from race import QUICK, judge, machine, microseconds, race, ratio, words
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from mlp_lab.engine.device import keep_freed_memory
from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Stack
from mlp_lab.network.embedding_plan import EmbeddingPlan

ROUNDS = 7
ROWS = 64 if QUICK else 1792
STACKS = (1,) if QUICK else (1, 4, 16)
SIZES = (
    (1, [64, 64], 32),
    (8, [64, 64], 32),
    (64, [64, 64], 32),
    (64, [32, 32], 32),
    (1, [16, 16], 32),
    (1, [256, 256, 256], 256),
    (1, [1024, 1024, 1024], 256),
)
"""Networks, widths and batch sizes."""


def steps() -> None:
    """1."""
    dataset = random_classes(ROWS)
    for members, widths, batch in SIZES[:1] if QUICK else SIZES:
        sides = {
            kernel: adam_stack(dataset, widths, members=members, batch_size=batch, kernel=kernel)
            for kernel in ("native", "torch")
        }
        times = race({name: stack.train_epoch for name, stack in sides.items()}, ROUNDS)
        for name, seconds in times.items():
            count = ROWS // batch * members
            print(f"  {name:20s} {microseconds(seconds, count)} a network and step")
        name = f"{members} x {'-'.join(map(str, widths))}, batch {batch}: native / torch"
        judge(name, ratio(times["native"], times["torch"]), 1.0)


def epochs() -> None:
    """1., with evaluation."""
    dataset, epochs = random_classes(ROWS), 3
    inputs, labels = dataset.train.inputs, dataset.train.targets.argmax(1)

    def scikit_learn() -> None:
        network = MLPClassifier((64, 64), batch_size=32, max_iter=epochs)
        network.fit(inputs.numpy(), labels.numpy())

    ours = {
        kernel: fit(adam_stack(dataset, [64, 64], batch_size=32, kernel=kernel))
        for kernel in ("native", "torch")
    }
    times = race(
        {
            "native": lambda: [next(ours["native"]) for _ in range(epochs)],
            "torch": lambda: [next(ours["torch"]) for _ in range(epochs)],
            "scikit-learn": scikit_learn,
        },
        ROUNDS,
    )
    for name, seconds in times.items():
        print(f"  {name:20s} {microseconds(seconds, epochs)} an epoch")
    judge(
        "an epoch with its evaluation: native / scikit-learn without",
        ratio(times["native"], times["scikit-learn"]),
        0.30,
    )


def embeddings() -> None:
    """2."""
    columns = 8
    dataset = random_classes(2048, inputs=columns)
    for kind in ("piecewise", "periodic"):
        plan = embedding_of(kind, columns)
        for members in STACKS:

            def stack(
                kernel: str, gradient: str, members: int = members, plan: EmbeddingPlan = plan
            ) -> Stack:
                return adam_stack(
                    dataset,
                    [256, 256],
                    members=members,
                    batch_size=256,
                    gradient=gradient,
                    kernel=kernel,
                    embedding=plan,
                )

            native, autograd = stack("native", "explicit"), stack("torch", "autograd")
            sides = {"native": native.train_epoch, "autograd": autograd.train_epoch}
            times = race(sides, 5)
            for name, seconds in times.items():
                print(f"  {name:20s} {microseconds(seconds, 2048 // 256)} a step")
            judge(
                f"{members} x 256-256, {columns} numbers, {kind}: native / autograd",
                ratio(times["native"], times["autograd"]),
                0.5,
            )


def main() -> None:
    """Run the parts that are asked for."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(machine())
    parts = {"1": (steps, epochs), "2": (embeddings,)}
    with threadpool_limits(1):
        for name in words() or parts:
            for part in parts[name]:
                part()


if __name__ == "__main__":
    main()
