"""The loop over epochs. It yields what happened; whoever reads may take members out."""

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from mlp_lab.engine.evaluation import sums_over_rows
from mlp_lab.engine.records import Divergence, EpochRecord, MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.metrics.epoch import score


def fit(stack: Stack) -> Iterator[EpochRecord]:
    """Train until no member has epochs left.

    A member leaves the stack after its last epoch, or when the reader calls `stack.retire`. A
    diverged one keeps its place until its last planned epoch, unrecorded, so that its neighbours'
    products keep their shapes and they their bits.
    """
    stack.retire(finished(stack))
    while stack.ids and stack.training and _goes_on(stack):
        started = time.perf_counter()
        before = stack.network.layers.flat.clone()
        means = stack.train_epoch()
        numbers = _epoch_numbers(stack, means, before)
        records = {
            k: _member_record(stack, k, column)
            for k, column in enumerate(numbers)
            if not stack.diverged[k]
        }
        for k, record in records.items():
            stack.diverged[k] = record.diverged is not None
            stack.schedules[k].observe(record.monitored["loss"])
        yield EpochRecord(stack.epoch, list(records.values()), time.perf_counter() - started)
        stack.retire(finished(stack))


def _goes_on(stack: Stack) -> bool:
    """Whether another epoch follows: where several processes train, rank 0 says so to all."""
    return stack.shared.ranks is None or stack.shared.ranks.goes_on()


def finished(stack: Stack) -> list[int]:
    """Ids of the members that have no epochs left."""
    plans = zip(stack.ids, stack.members, strict=True)
    return [member for member, plan in plans if plan.epochs <= stack.epoch]


@torch.no_grad()
def _epoch_numbers(stack: Stack, means: Tensor, before: Tensor) -> list[list[float]]:
    """All numbers of an epoch in one read from the device; a row for each member.

    Loss and metric sums in training, in validation, the first step without finite outputs (or -1),
    and how far the weights have moved.
    """
    objective, scale = stack.shared.objective, stack.target_scale
    broken = (~means.isfinite()).view(len(means), len(stack.members), -1).any(-1)  # (steps, K)
    first_broken = torch.where(broken.any(0), broken.int().argmax(0), -1)
    sources = (stack.train, stack.val)  # without rows, the sums are zeros
    forward = stack.compiled_forward
    rows = [
        sums_over_rows(stack.evaluated, source, objective, scale, forward, ranks=stack.shared.ranks)
        for source in sources
    ]
    rows += [first_broken.double().unsqueeze(0), _weight_change(stack, before).unsqueeze(0)]
    numbers: list[list[float]] = torch.cat(rows).t().cpu().tolist()  # the epoch's one sync point
    return numbers


def _weight_change(stack: Stack, before: Tensor) -> Tensor:
    """|W - W before| / |W before| of each member, (K,); over all networks of an ensemble."""
    now = stack.network.layers
    old = now.like()
    old.flat.copy_(before)
    networks = (len(stack.members), -1)
    size = old.squared_norms().view(networks).sum(1)
    old.flat.sub_(now.flat)
    return (old.squared_norms().view(networks).sum(1) / size).sqrt().double()


def _member_record(stack: Stack, k: int, numbers: list[float]) -> MemberRecord:
    sums = stack.target_scale.sums
    train = score(stack.task, numbers[:sums], stack.train_scales[k])
    of_val = numbers[sums : 2 * sums]
    val = score(stack.task, of_val, stack.val_scales[k]) if stack.val.counts[k] else {}
    broken_step, change = int(numbers[2 * sums]), numbers[2 * sums + 1]
    rates = stack.learning_rates
    finite = all(math.isfinite(scores.get("loss", 0.0)) for scores in (train, val))
    divergence = None
    if broken_step >= 0 or not finite:
        # Where only the evaluation overflowed, the member's last step did it.
        steps = stack.batches.steps[stack.networks([k])[0]]
        step = broken_step + 1 if broken_step >= 0 else steps
        divergence = Divergence(stack.epoch, step, rates.in_step(k, step))
    lr = rates.last(k)
    return MemberRecord(stack.ids[k], stack.epoch, train, val, lr, change, divergence)
