"""A step with Adam beside other ways of computing it: `python benchmarks/peers.py [1 2]`.

The compiled kernel, torch's operations, JAX (one compiled loop over an epoch's steps, `vmap` over
networks), numpy by hand, and the bare matrix products of a step by torch. One thread; CPU time of
the process, the least of several rounds in turn, so that other work on the machine counts little.
JAX is left out where it is not installed.

1. 64-64-64-10 at batch 32, 1 to 512 networks.
2. Wider ones.
"""

import os
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import numpy as np
import torch
from networks import CLASSES, INPUTS, adam_stack, random_classes
from race import QUICK, machine, words
from threadpoolctl import threadpool_limits

from mlp_lab.data.arrays import Array
from mlp_lab.engine.device import keep_freed_memory

Epoch = Callable[[], object]

Tree = Any
"""Of JAX, which has no types here."""

BETA1, BETA2, EPS, RATE = 0.9, 0.999, 1e-8, 1e-3


def least(sides: dict[str, Epoch], rounds: int) -> dict[str, float]:
    """CPU seconds of each side's fastest round, in turn, after one that does not count."""
    found = dict.fromkeys(sides, float("inf"))
    for counted in [True] if QUICK else (False, *[True] * rounds):
        for name, side in sides.items():
            started = time.process_time()
            side()
            if counted:
                found[name] = min(found[name], time.process_time() - started)
    return found


def products(sizes: Sequence[int], members: int, batch: int, steps: int) -> Epoch:
    """Forward and backward, with nothing else."""
    layers = [
        (
            torch.randn(members, batch, a),
            torch.randn(members, a, b),
            torch.empty(members, batch, b),
            torch.empty(members, a, b),
            torch.empty(members, batch, a),
        )
        for a, b in pairwise(sizes)
    ]

    def epoch() -> None:
        for _ in range(steps):
            for h, weight, f, _, _ in layers:
                torch.bmm(h, weight, out=f)
            for k, (h, weight, f, d_weight, d_h) in enumerate(layers):
                torch.bmm(h.mT, f, out=d_weight)
                if k:
                    torch.bmm(f, weight.mT, out=d_h)

    return epoch


def by_numpy(sizes: Sequence[int], members: int, batch: int, x: Array, y: Array) -> Epoch:
    """The same mathematics with numpy's operations, all networks at once."""
    random = np.random.default_rng(0)
    shapes = [shape for a, b in pairwise(sizes) for shape in ((members, a, b), (members, 1, b))]
    parameters = [random.standard_normal(s).astype(np.float32) * np.float32(0.1) for s in shapes]
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    taken = 0

    def epoch() -> None:
        nonlocal taken
        order = np.stack([random.permutation(len(x)) for _ in range(members)])
        for start in range(0, len(x), batch):
            taken += 1
            rows = order[:, start : start + batch]
            hidden = [x[rows]]
            for k in range(0, len(parameters), 2):
                f = hidden[-1] @ parameters[k] + parameters[k + 1]
                hidden.append(np.maximum(f, 0) if k + 2 < len(parameters) else f)
            e = np.exp(f - f.max(-1, keepdims=True))
            d = (e / e.sum(-1, keepdims=True) - y[rows]) / np.float32(batch)
            gradients = []
            for k in reversed(range(len(parameters) // 2)):
                gradients += [d.sum(1, keepdims=True), hidden[k].swapaxes(1, 2) @ d]
                if k:
                    d = (d @ parameters[2 * k].swapaxes(1, 2)) * (hidden[k] > 0)
            rate = np.float32(RATE * np.sqrt(1 - BETA2**taken) / (1 - BETA1**taken))
            gradients.reverse()
            for k, g in enumerate(gradients):
                first[k] += (g - first[k]) * np.float32(1 - BETA1)
                second[k] += (g * g - second[k]) * np.float32(1 - BETA2)
                parameters[k] -= rate * first[k] / (np.sqrt(second[k]) + np.float32(EPS))

    return epoch


def by_jax(sizes: Sequence[int], members: int, batch: int, x: Array, y: Array) -> Epoch:
    """One compiled program an epoch: a scan over its steps, each of all networks."""
    import jax  # noqa: PLC0415  it need not be there
    import jax.numpy as jnp  # noqa: PLC0415

    keys = jax.random.split(jax.random.key(0), 2 * members)
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    def weights(key: Tree) -> list[tuple[Tree, Tree]]:
        own = jax.random.split(key, len(sizes))
        return [
            (jax.random.normal(k, (a, b)) * 0.1, jnp.zeros(b))
            for k, (a, b) in zip(own, pairwise(sizes), strict=False)
        ]

    def loss(parameters: Tree, rows: Tree) -> Tree:
        h = inputs[rows]
        for weight, bias in parameters[:-1]:
            h = jax.nn.relu(h @ weight + bias)
        f = h @ parameters[-1][0] + parameters[-1][1]
        return -(targets[rows] * jax.nn.log_softmax(f)).sum(-1).mean()

    def step(state: Tree, rows: Tree) -> tuple[Tree, None]:
        p, m, v, t = state
        t = t + 1
        g = jax.grad(loss)(p, rows)
        m = jax.tree.map(lambda a, b: a + (b - a) * (1 - BETA1), m, g)
        v = jax.tree.map(lambda a, b: a + (b * b - a) * (1 - BETA2), v, g)
        rate = RATE * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        p = jax.tree.map(lambda a, b, c: a - rate * b / (jnp.sqrt(c) + EPS), p, m, v)
        return (p, m, v, t), None

    def epoch_of_one(state: Tree, key: Tree) -> Tree:
        order = jax.random.permutation(key, len(x)).reshape(-1, batch)
        return jax.lax.scan(step, state, order)[0]

    compiled = jax.jit(jax.vmap(epoch_of_one), donate_argnums=0)
    p = jax.vmap(weights)(keys[:members])
    zeros = jax.tree.map(jnp.zeros_like, p)
    state = [(p, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros(members))]

    def epoch() -> None:
        state[0] = jax.block_until_ready(compiled(state[0], keys[members:]))

    return epoch


def compare(widths: Sequence[int], members: int, batch: int, rows: int) -> None:
    """Print microseconds of each side, and ours by theirs."""
    dataset, sizes = random_classes(rows), [INPUTS, *widths, CLASSES]
    x, y = dataset.train.inputs.numpy(), dataset.train.targets.numpy()
    sides: dict[str, Epoch] = {
        kernel: adam_stack(
            dataset, widths, members=members, batch_size=batch, kernel=kernel
        ).train_epoch
        for kernel in ("native", "torch")
    }
    sides["products"] = products(sizes, members, batch, rows // batch)
    sides["numpy"] = by_numpy(sizes, members, batch, x, y)
    try:
        sides["JAX"] = by_jax(sizes, members, batch, x, y)
    except ImportError:
        print("JAX is not installed")
    seconds = least(sides, 5)
    steps = rows // batch * members
    print(f"{members} x {'-'.join(map(str, sizes))}, batch {batch}:")
    for name, own in seconds.items():
        by_it = seconds["native"] / own
        print(f"  {name:10s} {own / steps * 1e6:9.1f} us  native by it {by_it:.2f}")


def main() -> None:
    """Run the parts that are asked for."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    print(machine())
    parts = words() or ["1", "2"]
    if QUICK:
        compare([8], 2, 32, 64)
        return
    with threadpool_limits(1):
        if "1" in parts:
            for members, rows in ((1, 1792), (8, 1792), (64, 448), (512, 128)):
                compare([64, 64], members, 32, rows)
        if "2" in parts:
            compare([256] * 3, 1, 256, 1024)
            compare([1024] * 3, 1, 256, 1024)


if __name__ == "__main__":
    main()
