"""The time of a training step: `python benchmarks/step.py`. One thread; every pair runs in turn."""

import warnings
from itertools import pairwise

import torch
from networks import adam_stack, embedding_of, random_classes
from race import QUICK, judge, machine, microseconds, race, ratio
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mlp_lab.engine.device import keep_freed_memory
from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Stack

ROUNDS = 9
ROWS, WIDE, MANY = (64, 32, 4) if QUICK else (1792, 1024, 64)
"""Rows of small networks, rows and width of the wide one, networks of a stack."""
STACKS = (1,) if QUICK else (1, 4, 16)


def small_network() -> None:
    """64-64-64-10 at batch 32 with Adam, against scikit-learn and a DataLoader loop."""
    batch, rows = 32, ROWS
    dataset = random_classes(rows)
    steps = rows // batch
    stack = adam_stack(dataset, [64, 64], batch_size=batch)
    whole = fit(adam_stack(dataset, [64, 64], batch_size=batch))
    inputs = dataset.train.inputs
    labels = dataset.train.targets.argmax(1)
    sklearn_epochs = 3

    def scikit_learn() -> None:
        network = MLPClassifier((64, 64), batch_size=batch, max_iter=sklearn_epochs)
        network.fit(inputs.numpy(), labels.numpy())

    network = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    optimizer = torch.optim.Adam(network.parameters())
    loader = DataLoader(TensorDataset(inputs, labels), batch_size=batch, shuffle=True)
    loss_function = nn.CrossEntropyLoss()

    def data_loader() -> None:
        total = 0.0
        for x, label in loader:
            optimizer.zero_grad()
            loss = loss_function(network(x), label)
            loss.backward()
            optimizer.step()
            total += loss.item()

    times = race(
        {
            "steps": lambda: [stack.train_epoch() for _ in range(3)],
            "fit": lambda: [next(whole) for _ in range(3)],
            "scikit-learn": scikit_learn,
            "DataLoader loop": data_loader,
        },
        ROUNDS,
    )
    per = {"steps": 3 * steps, "fit": 3 * steps, "scikit-learn": sklearn_epochs * steps}
    for name, seconds in times.items():
        print(f"  {name:20s} {microseconds(seconds, per.get(name, steps))} a step")
    loop = [3 * seconds for seconds in times["DataLoader loop"]]
    judge(
        "64-64-64-10, batch 32: steps / scikit-learn",
        ratio(times["steps"], times["scikit-learn"]),
        0.45,
    )
    judge(
        "  the same with each epoch's evaluation", ratio(times["fit"], times["scikit-learn"]), 0.45
    )
    judge("64-64-64-10, batch 32: steps / DataLoader loop", ratio(times["steps"], loop), 0.25)


def wide_network() -> None:
    """Depth 3, width 1024, batch 1024, against its matrix products alone."""
    rows = width = WIDE
    stack = adam_stack(random_classes(rows), [width] * 3, batch_size=rows)
    sizes = stack.network.layers.sizes
    layers = [
        (torch.randn(rows, a), torch.randn(a, b), torch.randn(rows, b), torch.empty(a, b))
        for a, b in pairwise(sizes)
    ]
    outputs = [torch.empty_like(d) for _, _, d, _ in layers]
    d_inputs = [torch.empty_like(h) for h, _, _, _ in layers]

    def products() -> None:
        for (h, weight, _, _), output in zip(layers, outputs, strict=True):
            torch.mm(h, weight, out=output)
        for k, (h, weight, d, d_weight) in reversed(list(enumerate(layers))):
            torch.mm(h.t(), d, out=d_weight)
            if k:
                torch.mm(d, weight.t(), out=d_inputs[k])

    times = race({"steps": stack.train_epoch, "products": products}, ROUNDS)
    for name, seconds in times.items():
        print(f"  {name:20s} {microseconds(seconds, 1)} a step")
    judge(
        "64-1024x3-10, batch 1024: steps / matrix products",
        ratio(times["steps"], times["products"]),
        1.15,
    )


def stack_of_many() -> None:
    """64 networks of two layers of 32 as one stack, against one after the other."""
    batch, rows, members = 32, ROWS, MANY
    dataset = random_classes(rows)
    together = adam_stack(dataset, [32, 32], members=members, batch_size=batch)
    alone = [adam_stack(dataset, [32, 32], batch_size=batch, seed=k) for k in range(members)]
    autograd = adam_stack(dataset, [32, 32], batch_size=batch, gradient="autograd")
    times = race(
        {
            "stack of 64": together.train_epoch,
            "64 alone": lambda: [stack.train_epoch() for stack in alone],
            "8 alone by autograd": lambda: [autograd.train_epoch() for _ in range(8)],
        },
        5,
    )
    steps = rows // batch
    for name, seconds in times.items():
        networks = 8 if name.startswith("8") else members
        print(f"  {name:20s} {microseconds(seconds, steps * networks)} a member and step")
    judge(
        "64 members of width 32: stack / alone",
        ratio(times["stack of 64"], times["64 alone"]),
        0.25,
    )
    by_autograd = [8 * seconds for seconds in times["8 alone by autograd"]]
    judge(
        "64 members of width 32: stack / alone by autograd",
        ratio(times["stack of 64"], by_autograd),
        0.1,
    )


def embedded_numbers(kind: str) -> None:
    """8 numbers, each in 48 bins or 16 waves, before 2 x 256 at batch 256, against autograd."""
    rows, columns = 2048, 8
    dataset = random_classes(rows, inputs=columns)
    plan = embedding_of(kind, columns)
    for members in STACKS:

        def stack(gradient: str, members: int = members) -> Stack:
            return adam_stack(
                dataset,
                [256, 256],
                members=members,
                batch_size=256,
                gradient=gradient,
                embedding=plan,
            )

        ours, theirs = stack("explicit"), stack("autograd")
        plain = adam_stack(dataset, [256, 256], members=members, batch_size=256)
        times = race(
            {
                "explicit": ours.train_epoch,
                "autograd": theirs.train_epoch,
                "without": plain.train_epoch,
            },
            5,
        )
        steps = rows // 256
        for name, seconds in times.items():
            print(f"  {name:20s} {microseconds(seconds, steps)} a step")
        judge(
            f"{members} x 256-256, {columns} numbers, {kind}: explicit / autograd",
            ratio(times["explicit"], times["autograd"]),
            0.5,
        )


def main() -> None:
    """Run all parts."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(machine())
    with threadpool_limits(1):
        small_network()
        wide_network()
        stack_of_many()
        for kind in ("piecewise", "periodic"):
            embedded_numbers(kind)


if __name__ == "__main__":
    main()
