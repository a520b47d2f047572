"""The score that chooses a member's best epoch, where no sums over rows are enough for it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mlp_lab.engine.evaluation import mean_pre_activation, rows_at_once
from mlp_lab.engine.fit import fit
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.stack import Stack
from mlp_lab.metrics.choosing import named_score
from mlp_lab.metrics.predictions import Predictions


def fit_monitored(stack: Stack) -> Iterator[EpochRecord]:
    """`fit`, with the score that each member's `monitor` names in its records.

    Most are there already, from sums over rows. Others, as an area under the ROC curve, take the
    outputs of all validation rows, or of the training rows where there are no others.
    """
    for epoch in fit(stack):
        started = time.perf_counter()
        members = _with_monitored(stack, epoch.members)
        seconds = epoch.seconds + time.perf_counter() - started
        yield replace(epoch, members=members, seconds=seconds)


def _with_monitored(stack: Stack, records: Sequence[MemberRecord]) -> list[MemberRecord]:
    places = {member: place for place, member in enumerate(stack.ids)}
    wanting = [
        record for record in records if _lacks(record, stack.members[places[record.member]].monitor)
    ]
    found = {record.member: record for record in records}
    for validates, source in ((True, stack.val), (False, stack.train)):
        own = [record for record in wanting if bool(record.val) == validates]
        outputs = _outputs(stack, source) if own else []
        for record in own:
            k = places[record.member]
            name = stack.members[k].monitor
            value = {name: _predictions(stack, source, k, outputs[k]).metric(name)}
            found[record.member] = (
                replace(record, val=record.val | value)
                if validates
                else replace(record, train=record.train | value)
            )
    return list(found.values())


def _lacks(record: MemberRecord, monitor: str) -> bool:
    if record.diverged is not None:
        return False
    return named_score(record.monitored, monitor) not in record.monitored


@torch.inference_mode()
def _outputs(stack: Stack, source: RowSource) -> Sequence[Tensor]:
    """Outputs y of every member for its own rows, (N, C) in double precision, on the CPU."""
    network, objective = stack.evaluated, stack.shared.objective
    pieces = [
        objective.predict(mean_pre_activation(network, rows.inputs, objective)).double().cpu()
        for rows in source.chunks(rows_at_once(network))
    ]
    every = torch.cat(pieces, 1)  # (K, longest N, C)
    return [own[:count] for own, count in zip(every, source.counts, strict=True)]


def _predictions(stack: Stack, source: RowSource, k: int, outputs: Tensor) -> Predictions:
    rows = source.member_rows(k)
    return Predictions.of_outputs(
        outputs, outputs[:, 0], rows, stack.shared.objective, stack.target_scale.targets[k]
    )
