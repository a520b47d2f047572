"""The same networks on a GPU."""

import pytest
import torch
from stacks import Trained, dataset, member, optimizer, shared, train

from mlp_lab.engine.batches import Batches
from mlp_lab.engine.row_source import RowSource
from mlp_lab.network.losses import Objective
from mlp_lab.runs.baselines import baselines

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here"),
]


@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_a_stack_trains_as_on_the_cpu(*, rule: str, batch_size: int | None, gradient: str) -> None:
    """Ragged, uneven members without dropout: records and weights to 1e-6."""
    found: list[list[Trained]] = []
    for device in ("cpu", "cuda"):
        members = [
            member(
                dataset("gaussians", device=device, train_rows=50 - 12 * k),
                widths=[3 + k, 6 - k],
                seed=k,
                epochs=10 - k,
                optimizer=optimizer(rule, lr=0.02, weight_decay=0.01 * k, clip_norm=1.0),
            )
            for k in range(4)
        ]
        together = shared(
            activations=["sigmoid", "gelu"],
            batch_size=batch_size,
            gradient=gradient,
            device=torch.device(device),
        )
        found.append(train(members, together))
    for cpu, cuda in zip(*found, strict=True):
        assert len(cpu.records) == len(cuda.records)
        for mine, theirs in zip(cuda.records, cpu.records, strict=True):
            assert mine.train == pytest.approx(theirs.train, rel=1e-6, abs=1e-6)
            assert mine.val == pytest.approx(theirs.val, rel=1e-6, abs=1e-6)
            assert mine.change == pytest.approx(theirs.change, rel=1e-6)
        for name, value in cuda.best.items():
            assert value.device.type == "cuda"
            torch.testing.assert_close(value.cpu(), cpu.best[name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
def test_products_in_bfloat16(gradient: str) -> None:
    """A GPU's digits are those that a CPU gives, to what bfloat16 keeps."""
    losses = []
    for device in ("cpu", "cuda"):
        rows = dataset("gaussians", device=device, dtype=torch.float32)
        together = shared(
            dtype=torch.float32,
            autocast=torch.bfloat16,
            gradient=gradient,
            device=torch.device(device),
        )
        (trained,) = train([member(rows, epochs=10)], together)
        losses.append([record.train["loss"] for record in trained.records])
    assert losses[1] == pytest.approx(losses[0], rel=0.01, abs=0.01)


@pytest.mark.parametrize("batch_size", [2, 8, None])
def test_masks_alone_and_in_a_stack(batch_size: int | None) -> None:
    """A member draws the same masks beside wider and longer neighbours, bit for bit."""
    parts = [dataset("gaussians", device="cuda", train_rows=rows).train for rows in (50, 31, 16, 5)]
    widths = [[3, 9], [70, 2], [5, 5], [1, 40]]
    rates = [0.5, 0.3, 0.0, 0.1]
    together = Batches(
        RowSource(parts), batch_size=batch_size, seeds=[0, 1, 2, 3], dropout=rates, widths=widths
    )
    for k, part in enumerate(parts):
        if rates[k] == 0:
            continue
        alone = Batches(
            RowSource([part]),
            batch_size=batch_size,
            seeds=[k],
            dropout=[rates[k]],
            widths=[widths[k]],
        )
        for beside, own in zip(together.epoch(1), alone.epoch(1), strict=False):
            for mask, wanted, width in zip(beside.masks, own.masks, widths[k], strict=True):
                assert mask.device.type == "cuda"
                assert torch.equal(mask[k, : wanted.shape[1], :width], wanted[0])


def test_dropout_alone_and_in_a_stack() -> None:
    """Training with dropout equals each member's own stack of one."""
    members = [
        member(
            dataset("gaussians", device="cuda", train_rows=50 - 12 * k),
            widths=[3 + k, 6 - k],
            dropout=0.2 * k,
            seed=k,
            epochs=5,
        )
        for k in range(3)
    ]
    together = shared(activations=["sigmoid", "tanh"], batch_size=8, device=torch.device("cuda"))
    for one, result in zip(members, train(members, together), strict=True):
        (alone,) = train([one], together)
        for name, value in result.final.items():
            torch.testing.assert_close(value, alone.final[name], rtol=1e-9, atol=1e-9)


def test_baselines_live_on_the_device() -> None:
    """They are fitted on the CPU and brought back."""
    rows = dataset("moons", device="cuda")
    for model in baselines(rows, Objective("sigmoid", "bce")).values():
        assert model(rows.test.inputs).device.type == "cuda"
