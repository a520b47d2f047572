"""Epochs and evaluations of a stack in compiled code, member by member.

torch's way (`Stack`, `Backprop`, `Optimizer`) stays the reference, the GPU's engine, and the way of
whatever the kernel does not know. Both draw the same weights, row orders and dropout masks.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Array
from mlp_lab.engine.averaging import Averaging
from mlp_lab.engine.batches import MASKED_STEPS, Batches, of_layers
from mlp_lab.engine.row_source import RowSource
from mlp_lab.errors import UserError
from mlp_lab.native import interface
from mlp_lab.native.building import available, library, require_kernel, to_be_built
from mlp_lab.native.interface import ACTIVATIONS, LOSSES, NORMALISATIONS, OUTPUTS, RULES
from mlp_lab.network.activations import GATES
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig


def obstacle(
    *,
    device: torch.device,
    dtype: torch.dtype,
    gradient: str,
    activations: Sequence[str],
    normalisation: str,
    objective: Objective,
    optimizer: str,
    autocast: torch.dtype | None = None,
    devices: int = 1,
) -> str | None:
    """Why the kernel cannot train such networks; None if it can."""
    gated = [name for name in activations if name in GATES]
    own = [*(name for name in activations if name not in (*ACTIVATIONS, *GATES))]
    own += [objective.loss] if objective.loss not in (*LOSSES, "ordinal") else []
    own += [optimizer] if optimizer not in RULES else []
    reasons = {
        f"device={device.type}": device.type != "cpu",
        f"dtype={_name(dtype)}": dtype not in (torch.float32, torch.float64),
        f"gradient={gradient}": gradient != "explicit",
        f"autocast={_name(autocast)}": autocast is not None,
        f"devices={devices}": devices > 1,
        f"model.normalisation={normalisation}": normalisation not in NORMALISATIONS,
        f"model.activation={', '.join(gated)}": bool(gated),
        "loss=ordinal": objective.loss == "ordinal",
        f"{', '.join(own)} of your own": bool(own),
    }
    return next((words for words, holds in reasons.items() if holds), None)


def _name(dtype: torch.dtype | None) -> str:
    """float32 for torch.float32."""
    return str(dtype).removeprefix("torch.")


def uses_kernel(kernel: str, found: str | None, dtype: torch.dtype) -> bool:
    """Whether networks are trained by the compiled kernel; `found` is an `obstacle`.

    Raises:
        UserError: it is asked for, and it cannot be.
    """
    name = _name(dtype)
    if kernel == "native":
        if found is not None:
            raise UserError(f"kernel=native does not know {found}: use kernel=torch, or auto")
        require_kernel(name)
        return True
    return kernel == "auto" and found is None and available(name)


def compiles(kernel: str, found: str | None, dtype: torch.dtype) -> bool:
    """Whether `uses_kernel` has to compile something, which takes seconds."""
    return kernel != "torch" and found is None and to_be_built(_name(dtype))


class NativeNetworks:
    """The networks of a stack as the kernel sees them: in the memory of their own tensors."""

    def __init__(self, network: MLP) -> None:
        self.network = network
        self.kernel = library(_name(network.layers.flat.dtype))
        self._kept: list[object] = []
        layers, plan = network.layers, None
        if network.embedding is not None:
            plan = network.embedding.plan
        activations = [ACTIVATIONS.index(name) for name in network.activation_names]
        inputs = layers.sizes[0] if plan is None else plan.inputs
        self.structure = interface.Networks(
            members=network.members,
            layers=len(layers.weights),
            tensors=len(layers.tensors),
            inputs=inputs,
            normalisation=NORMALISATIONS.index(network.normalisation),
            residual=network.residual,
            sizes=self.integers(network.member_sizes),
            widths=self.integers(layers.sizes),
            activations=self.integers(activations),
            embedding=self._embedding(),
            parameters=self.pointers(layers.tensors),
        )

    def pre_activation(self, inputs: Tensor) -> Tensor:
        """f of the last layer, (K, r, C), of inputs (M, r, D): K / M networks share each."""
        sharing = self.network.members // len(inputs)
        shared = len(inputs) == 1 or inputs.stride(0) == 0
        if shared:
            own = inputs[0].contiguous()
        else:
            own = inputs.repeat_interleave(sharing, 0).contiguous()
        rows, outputs = own.shape[-2], self.network.layers.sizes[-1]
        f = own.new_empty(self.network.members, rows, outputs)
        stride = 0 if shared else own[0].numel()
        self.check(
            self.kernel.forward(
                *(ctypes.byref(self.structure), own.data_ptr(), stride, rows, f.data_ptr()),
                torch.get_num_threads(),
            )
        )
        return f

    def pointers(self, tensors: Sequence[Tensor]) -> int:
        """Where tensors begin, as an array of addresses that lives as long as this."""
        return self.kept(np.array([tensor.data_ptr() for tensor in tensors] or [0], np.uintp))

    def integers(self, values: object) -> int:
        """An array of 32-bit integers that lives as long as this."""
        return self.kept(np.array(values, np.int32))

    def kept(self, array: Array) -> int:
        """The address of an array's numbers, which are kept."""
        whole = np.ascontiguousarray(array)
        self._kept.append(whole)
        return whole.ctypes.data

    @staticmethod
    def check(code: int) -> None:
        """Raise if the kernel ran out of memory."""
        if code:
            raise MemoryError("the compiled kernel ran out of memory")

    def _embedding(self) -> ctypes._Pointer[interface.Embedding] | None:
        embedding = self.network.embedding
        if embedding is None:
            return None
        plan, knots = embedding.plan, embedding.knots.contiguous()
        self._kept.append(knots)
        found = interface.Embedding(
            numbers=len(plan.numbers),
            size=plan.size,
            bins=plan.bins if plan.knots else 0,
            frequencies=plan.frequencies if "periodic" in plan.kinds else 0,
            rest=len(plan.rest),
            categories=len(plan.categories),
            category_size=plan.category_size,
            number_inputs=self.integers(plan.numbers),
            rest_inputs=self.integers(plan.rest),
            bounds=self.integers(plan.categories),
            knots=knots.data_ptr(),
        )
        return ctypes.pointer(found)


class NativeTraining:
    """Epochs of a stack's networks, in the memory of their tensors, moments and averages."""

    def __init__(
        self,
        network: MLP,
        *,
        batches: Batches,
        objective: Objective,
        configs: Sequence[OptimizerConfig],
        moments: Sequence[LayerTensors],
        averaging: Averaging | None,
        last_gradients: LayerTensors | None,
    ) -> None:
        """For each network: its optimizer's config. Gradients of last steps go where they are."""
        self.networks = NativeNetworks(network)
        self.batches, self.averaging = batches, averaging
        own, first, source = self.networks, configs[0], batches.source
        rule, names = RULES[first.name]
        layers = len(network.layers.weights)
        room = [0.0] * (interface.NUMBERS - len(names))
        clips = [math.inf if each.clip_norm is None else each.clip_norm for each in configs]
        self._rows = [source.inputs.contiguous(), source.targets.contiguous()]
        if source.loss_weights is not None:
            self._rows.append(source.loss_weights.contiguous())
        rows = [tensor.data_ptr() for tensor in self._rows]
        averages = None if averaging is None else own.pointers(averaging.average.tensors)
        gradients = None if last_gradients is None else own.pointers(last_gradients.tensors)
        self.structure = interface.Training(
            output=OUTPUTS.index(objective.output),
            loss=LOSSES.index(objective.loss),
            loss_number=next((number for _, number in objective.numbers), 0.0),
            smoothing=objective.label_smoothing,
            rule=rule,
            moments=len(moments),
            moment_switch=len(moments) > first.rule.moments,
            decoupled=first.rule.decoupled_decay,
            moment_tensors=own.pointers([t for moment in moments for t in moment.tensors]),
            average_tensors=averages,
            gradient_tensors=gradients,
            decay=own.kept(np.array([of_layers(each.weight_decay, layers) for each in configs])),
            l1=own.kept(np.array([of_layers(each.l1, layers) for each in configs])),
            clip=own.kept(np.array(clips)),
            numbers=own.kept(np.array([[*_numbers(each, names), *room] for each in configs])),
            inputs=rows[0],
            targets=rows[1],
            row_weights=rows[2] if len(rows) > 2 else None,
            starts=own.kept(np.array(_starts(source), np.int64)),
            counts=own.kept(np.array(source.counts, np.int64)),
            batch_size=batches.batch_size,
        )

    def epoch(self, epoch: int, rates: Tensor, taken: Sequence[int], means: Tensor) -> None:
        """Take all steps of an epoch; write the mean of each one's last pre-activations.

        Shape:
            - rates: (steps, K) or (1, K), in double precision; taken: steps before, of each network
            - means: (steps, K)
        """
        by, order = self.structure, self.batches.order(epoch)
        rates, before = rates.contiguous(), np.array(taken, np.int64)
        by.rates, by.rate_rows, by.taken = rates.data_ptr(), len(rates), before.ctypes.data
        by.order, by.order_stride, by.means = order.data_ptr(), order.shape[1], means.data_ptr()
        shares = []
        if self.averaging is not None:
            shares = [np.array(each) for each in self.averaging.begin_epoch(epoch)]
            by.first_share, by.later_share = (each.ctypes.data for each in shares)
        dropout = self.batches.dropout
        masks = None if dropout is None else dropout.draws(epoch)
        for first, last in self._stretches(len(means), masked=masks is not None):
            rows = self._gathered(order, first, last) if self.batches.source.on_disk else None
            if masks is None:
                self._take(first, last)
            else:
                for start in range(first, last, MASKED_STEPS):
                    self._take(start, min(start + MASKED_STEPS, last), next(masks))
            del rows
        if self.averaging is not None:
            self.averaging.end_epoch()

    def _stretches(self, steps: int, *, masked: bool) -> list[tuple[int, int]]:
        """Steps that are taken from the same rows in memory: all, unless they lie in a file."""
        most = steps
        if self.batches.source.on_disk:
            most = self.batches.gathered_steps
            if masked:
                most = -(-most // MASKED_STEPS) * MASKED_STEPS
        return [(first, min(first + most, steps)) for first in range(0, steps, most)]

    def _gathered(self, order: Tensor, first: int, last: int) -> list[Tensor]:
        """Hand over copies of the rows of some steps, in the order in which these take them."""
        by, size = self.structure, self.batches.batch_size
        index = order[:, first * size : last * size]
        members, count = index.shape
        rows = self.batches.source.gather(index)
        found = [rows.inputs, rows.targets]
        if rows.loss_weights is not None:
            found.append(rows.loss_weights)
        by.inputs, by.targets = found[0].data_ptr(), found[1].data_ptr()
        by.row_weights = found[2].data_ptr() if len(found) > 2 else None
        places = torch.arange(members * count).view(members, count)
        # The kernel counts from the first step of the epoch.
        by.order = places.data_ptr() - first * size * places.element_size()
        by.order_stride = count
        return [*found, places]

    def _take(self, first: int, last: int, masks: Sequence[Tensor] = ()) -> None:
        """Some steps, with the masks of all of them, (K, steps, B, H) of each hidden layer."""
        by = self.structure
        by.first, by.last, by.masks = first, last, None
        addresses = np.array([mask.data_ptr() for mask in masks], np.uintp)
        strides = np.array([mask.stride()[:3] for mask in masks], np.int64)
        if masks:
            by.masks, by.mask_strides = addresses.ctypes.data, strides.ctypes.data
        networks, threads = self.networks, torch.get_num_threads()
        networks.check(
            networks.kernel.train(ctypes.byref(networks.structure), ctypes.byref(by), threads)
        )


def _starts(source: RowSource) -> list[int]:
    """The first row of each network; those that are gathered from a file are counted from 0."""
    starts: list[int] = source.starts.tolist()
    return [0] * len(starts) if source.on_disk else starts


def _numbers(config: OptimizerConfig, names: Sequence[str]) -> list[float]:
    return [float(getattr(config, name)) for name in names]
