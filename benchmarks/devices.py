"""A stack of 1, 64 and 4,096 members on the CPU and on a GPU: `python benchmarks/devices.py`.

Two hidden layers of 32 units at batch 32, Adam. Without a GPU the CPU's figures stand alone.
"""

import statistics

import torch
from networks import adam_stack, random_classes
from race import QUICK, machine, race

from mlp_lab.engine.device import keep_freed_memory

ROWS = 320
BATCH = 32
ROUNDS = 3


def main() -> None:
    """Print microseconds a member and step, and the ratio."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    print(machine(), torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    for members in (1,) if QUICK else (1, 64, 4096):
        sides = {}
        for device in devices:
            dataset = random_classes(ROWS, device)
            stack = adam_stack(dataset, [32, 32], members=members, batch_size=BATCH)
            # The read of one number waits for the device.
            sides[device] = lambda stack=stack: stack.train_epoch().sum().item()
        times = race(sides, ROUNDS)
        pieces = members * ROWS // BATCH
        each = {device: statistics.median(t) / pieces * 1e6 for device, t in times.items()}
        words = [f"{device} {micro:8.2f} us" for device, micro in each.items()]
        ratio = f"  cuda / cpu {each['cuda'] / each['cpu']:.3f}" if "cuda" in each else ""
        print(f"{members:5d} members, a member and step: {', '.join(words)}{ratio}")


if __name__ == "__main__":
    main()
