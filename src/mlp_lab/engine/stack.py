"""A stack: networks that train in lockstep as one batched program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.averaging import Averaging, AveragingConfig
from mlp_lab.engine.batches import Batches
from mlp_lab.engine.evaluation import Forward, TargetScale
from mlp_lab.engine.kernel import NativeNetworks, NativeTraining, compiles, obstacle, uses_kernel
from mlp_lab.engine.learning_rates import LearningRates
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.seeds import Seed, Stream, torch_generator
from mlp_lab.network.backprop import Backprop, Batch, autograd_backprop
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.embeddings import embedding_of
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.schedules import Schedule, ScheduleConfig
from mlp_lab.network.stack_optimizer import Optimizer

if TYPE_CHECKING:
    from mlp_lab.engine.ranks import Ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What may differ from one network of a stack to the next."""

    dataset: Dataset
    widths: list[int]
    embedding: EmbeddingPlan | None = None
    frequency_scale: float = 1.0
    dropout: float | list[float]
    init: str
    seed: int
    epochs: int
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    averaging: AveragingConfig
    monitor: str = "loss"
    """The score that chooses the best epoch, which each epoch's record has."""

    @property
    def sizes(self) -> list[int]:
        """Inputs, as they are embedded, units of every hidden layer, and outputs."""
        inputs, outputs = self.dataset.train.inputs.shape[1], self.dataset.schema.target.outputs
        first = inputs if self.embedding is None else self.embedding.outputs
        return [first, *self.widths, outputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSettings:
    """What all networks of a stack have in common.

    `batch_size` None takes all rows in a step. A member is an ensemble of `ensemble` networks, each
    with weights, batches and dropout of its own, that predict the mean of their outputs. `kernel`:
    native (compiled), torch, or auto, which is native where it can be. `autocast`: a lower
    precision for the products of a step's layers; weights and evaluations stay in `dtype`.
    `ranks`: this process among several that train the stack together, each a part of every batch.
    """

    ensemble: int = 1
    activations: list[str]
    normalisation: str = "none"
    residual: bool = False
    objective: Objective
    batch_size: int | None
    gradient: str
    kernel: str = "torch"
    dtype: torch.dtype
    autocast: torch.dtype | None = None
    device: torch.device
    ranks: Ranks | None = None

    def sizes(self, member: Member) -> list[int]:
        """Units of every layer of a member's networks."""
        return [*member.sizes[:-1], self.objective.pre_activations(member.sizes[-1])]


@dataclass(slots=True)
class _UnderWay:
    """An epoch of which so many steps are taken, each with the means of its pre-activations."""

    batches: Iterator[Batch]
    means: Tensor  # (steps, networks)
    taken: int = 0


def takes_kernel(shared: SharedSettings, optimizer: str) -> bool:
    """Whether epochs of such networks run in compiled code, which is compiled if need be.

    Raises:
        UserError: that is asked for, and cannot be.
    """
    return uses_kernel(shared.kernel, _obstacle(shared, optimizer), shared.dtype)


def compiles_first(shared: SharedSettings, optimizer: str) -> bool:
    """Whether the same has to compile something, which takes seconds."""
    return compiles(shared.kernel, _obstacle(shared, optimizer), shared.dtype)


def _obstacle(shared: SharedSettings, optimizer: str) -> str | None:
    return obstacle(
        device=shared.device,
        dtype=shared.dtype,
        gradient=shared.gradient,
        activations=shared.activations,
        normalisation=shared.normalisation,
        objective=shared.objective,
        optimizer=optimizer,
        autocast=shared.autocast,
        devices=1 if shared.ranks is None else shared.ranks.count,
    )


class Stack:
    """K networks with their data, optimizer state and place in the training.

    `fit` trains it. Positions count the members that are still in the stack, in descending order
    of their training rows; `ids` says which member of the original list stands at each position.

    Examples:
        Two linear models learn y = 2 x, at a small and at a larger learning rate:

        >>> from mlp_lab.data.columns import numeric
        >>> from mlp_lab.data.dataset import Part
        >>> from mlp_lab.data.column_encoding import Scaling
        >>> from mlp_lab.data.schema import Schema, Target
        >>> from mlp_lab.engine.fit import fit
        >>> from mlp_lab.network.optimizers import SGDConfig
        >>> x = torch.linspace(-1, 1, 9).unsqueeze(1)
        >>> rows, none = Part(x, 2 * x), Part(x[:0], x[:0])
        >>> y = Target(*numeric(["y"]), "regression", None, 1, "none", Scaling(0.0, 1.0, []))
        >>> dataset = Dataset(rows, none, none, Schema([], y, None))
        >>> members = [
        ...     Member(
        ...         dataset=dataset,
        ...         widths=[],
        ...         dropout=0.0,
        ...         init="glorot",
        ...         seed=0,
        ...         epochs=50,
        ...         optimizer=SGDConfig(
        ...             name="sgd", lr=lr, weight_decay=0.0, l1=0.0, clip_norm=None
        ...         ),
        ...         schedule=ScheduleConfig(name="constant"),
        ...         averaging=AveragingConfig(kind="none", decay=0.9, start=0.0),
        ...     )
        ...     for lr in (0.01, 0.1)
        ... ]
        >>> shared = SharedSettings(
        ...     activations=[],
        ...     objective=Objective("linear", "mse"),
        ...     batch_size=3,
        ...     gradient="explicit",
        ...     dtype=torch.float32,
        ...     device=torch.device("cpu"),
        ... )
        >>> for epoch in fit(Stack(members, shared)):
        ...     pass
        >>> [record.train["r2"] > 0.999 for record in epoch.members]
        [False, True]
    """

    def __init__(self, members: Sequence[Member], shared: SharedSettings) -> None:
        """Draw the weights; no step is taken yet."""
        self.shared = shared
        self.native = takes_kernel(shared, members[0].optimizer.name)
        """Whether epochs run in compiled code."""
        self.epoch = 0
        by_rows = sorted(range(len(members)), key=lambda k: -len(members[k].dataset.train))
        self.ids, self.members = by_rows, [members[k] for k in by_rows]
        self.schedules = [Schedule(member.schedule, member.epochs) for member in self.members]
        self.diverged = [False] * len(members)
        self.last_gradients: LayerTensors | None = None
        """Gradients of the epoch's last step, as backpropagation gave them; kept on request."""
        each = self._of_networks
        network = MLP(
            [shared.sizes(member) for member in each],
            activations=shared.activations,
            output=shared.objective.output,
            embedding=embedding_of(each[0].embedding, [m.dataset.train.inputs for m in each]),
            normalisation=shared.normalisation,
            residual=shared.residual,
            dtype=shared.dtype,
            device=shared.device,
        )
        network.initialise(
            [member.init for member in each],
            [torch_generator(seed, Stream.WEIGHTS) for seed in self._seeds],
            [member.frequency_scale for member in each],
        )
        best = network.layers.like()
        best.flat.copy_(network.layers.flat)
        self._assemble(network, best)

    @property
    def _of_networks(self) -> list[Member]:
        """The member that each network belongs to: those of an ensemble are neighbours."""
        return [member for member in self.members for _ in range(self.shared.ensemble)]

    @property
    def _seeds(self) -> list[Seed]:
        """Of each network."""
        networks = range(self.shared.ensemble)
        return [Seed(member.seed, network) for member in self.members for network in networks]

    def networks(self, positions: Sequence[int]) -> list[int]:
        """Where the networks of the members at some positions stand."""
        count = self.shared.ensemble
        return [
            k for position in positions for k in range(position * count, (position + 1) * count)
        ]

    def _assemble(self, network: MLP, best: LayerTensors) -> None:
        """Build everything that has a place for each member."""
        members = self.members
        self.network, self.best = network, best
        self.gradients = network.layers.like()
        if self.last_gradients is not None:
            self.keep_last_gradients()
        self.train = RowSource([member.dataset.train for member in members])
        self.val = RowSource([member.dataset.val for member in members])
        self.target_scale = TargetScale([member.dataset.schema.target for member in members])
        self.train_scales = self.target_scale.of_metrics(self.train)
        self.val_scales = self.target_scale.of_metrics(self.val)
        each = self._of_networks
        self.batches = Batches(
            self.train.repeated(self.shared.ensemble),
            batch_size=self.shared.batch_size,
            seeds=self._seeds,
            dropout=[member.dropout for member in each],
            widths=[member.widths for member in each],
            ranks=self.shared.ranks,
        )
        self.optimizer = Optimizer(
            network.layers,
            self.gradients,
            [member.optimizer for member in each],
            equal_steps=self.batches.equal_steps,
        )
        self._backprops: dict[tuple[int, int], Backprop] = {}
        self._native_networks: NativeNetworks | None = None
        self.averaging: Averaging | None = None
        self.evaluated = network
        """What is evaluated and kept: the networks, or the averages of their weights."""
        if any(member.averaging.kind != "none" for member in members):
            average = network.layers.like()
            average.flat.copy_(network.layers.flat)
            self.averaging = self._averaging(average)
            self.evaluated = network.over(average)
        self._under_way: _UnderWay | None = None
        self._schedule()

    def _averaging(self, average: LayerTensors) -> Averaging:
        plans = [(member.averaging, member.epochs) for member in self._of_networks]
        equal_steps = self.batches.equal_steps
        return Averaging(self.network.layers, average, plans, equal_steps=equal_steps)

    def _schedule(self) -> None:
        """Find each epoch's rates by the schedules as they now are."""
        self.learning_rates = LearningRates(
            [member.optimizer.lr for member in self.members],
            self.schedules,
            self.batches.steps[:: self.shared.ensemble],
        )
        self._native_training: NativeTraining | None = None

    def end_after(self, epochs: int) -> None:
        """Let the training of all members have so many epochs in all.

        Schedules that end with it, and where averages begin, are those of so long a training from
        now on: a rate may jump.
        """
        self.members = [replace(member, epochs=epochs) for member in self.members]
        for schedule in self.schedules:
            schedule.epochs = epochs
        if self.averaging is not None:
            self.averaging = self._averaging(self.averaging.average)
        self._schedule()

    def go_on_with(self, members: Sequence[Member], shared: SharedSettings) -> None:
        """Train on by other settings, which leave networks, rows and the optimizer's rule alone.

        Weights, moments and averages stay; `members` are in the order of `ids`. An epoch that is
        under way begins anew.
        """
        self.members, self.shared = list(members), shared
        for schedule, member in zip(self.schedules, members, strict=True):
            schedule.epochs = member.epochs
        self._reassemble(list(range(self.network.members)), self.network, self.best)

    def start_at(self, epoch: int) -> None:
        """Begin with the epoch after this one; tensors are put in place by whoever calls."""
        self.epoch, self._under_way = epoch, None

    @property
    def kernel(self) -> str:
        """What computes: native or torch."""
        return "native" if self.native else "torch"

    @property
    def task(self) -> str:
        """regression, binary, multiclass or multilabel."""
        return self.target_scale.task

    @property
    def training(self) -> bool:
        """Whether any member is left that has not diverged."""
        return not all(self.diverged)

    def train_epoch(self) -> Tensor:
        """One pass over every member's training rows.

        Returns the mean of the last pre-activations in each step, (steps, networks). They stop
        being finite when the loss does, and looking at them costs one operation where the loss
        costs six.
        """
        if self.native:
            rates, taken, means = self._begin()
            self._compiled.epoch(self.epoch, rates, taken, means)
        else:
            means = self._train_epoch()
        self.epoch += 1
        return means

    def _begin(self) -> tuple[Tensor, list[int], Tensor]:
        """Rates of an epoch, (steps, networks), steps behind each network, and room for means."""
        taken = [self.epoch * steps for steps in self.batches.steps]
        rates = self.learning_rates.begin_epoch(self.epoch)  # (steps, K)
        rates = rates.repeat_interleave(self.shared.ensemble, 1)
        means = self.network.layers.flat.new_zeros(max(self.batches.steps), self.network.members)
        return rates, taken, means

    @property
    def _compiled(self) -> NativeTraining:
        """The kernel over the tensors as they now are."""
        if self._native_training is None:
            self._native_training = NativeTraining(
                self.network,
                batches=self.batches,
                objective=self.shared.objective,
                configs=self.optimizer.configs,
                moments=self.optimizer.moments,
                averaging=self.averaging,
                last_gradients=self.last_gradients,
            )
        return self._native_training

    @property
    def compiled_forward(self) -> Forward | None:
        """What evaluates the networks in compiled code; None where torch does."""
        if not self.native:
            return None
        if self._native_networks is None:
            self._native_networks = NativeNetworks(self.evaluated)
        return self._native_networks.pre_activation

    def _train_epoch(self) -> Tensor:
        """The same by torch, as `NativeTraining.epoch` does it; or the rest of an epoch."""
        epoch = self._under_way or self._start()
        # Inference mode spares torch's bookkeeping, a tenth of a small step; autograd needs it.
        with torch.inference_mode(self.shared.gradient == "explicit"), torch.no_grad():
            while self._step(epoch):
                pass
            if self.averaging is not None:
                self.averaging.end_epoch()
            if self.shared.ranks is not None:
                self.shared.ranks.add_up(epoch.means)
        self._under_way = None
        return epoch.means

    def take_step(self) -> int:
        """Take one step of an epoch, by torch; how many are left, which `train_epoch` takes."""
        assert not self.native
        self._under_way = self._under_way or self._start()
        with torch.inference_mode(self.shared.gradient == "explicit"), torch.no_grad():
            self._step(self._under_way)
        return len(self._under_way.means) - self._under_way.taken

    def _start(self) -> _UnderWay:
        rates, taken, means = self._begin()
        self.optimizer.begin_epoch(rates, taken)
        if self.averaging is not None:
            self.averaging.begin_epoch(self.epoch)
        return _UnderWay(iter(self.batches.epoch(self.epoch)), means)

    def _step(self, epoch: _UnderWay) -> bool:
        """Take the next step of an epoch; whether there was one."""
        batch = next(epoch.batches, None)
        if batch is None:
            return False
        k, mean = batch.inputs.shape[0], epoch.means[epoch.taken]
        f = self._backprop(batch)
        if f.shape[1]:
            torch.mean(f, (1, 2), out=mean if k == self.network.members else mean[:k])
        epoch.taken += 1
        if self.last_gradients is not None and epoch.taken == len(epoch.means):
            self.last_gradients.flat.copy_(self.gradients.flat)
        self.optimizer.step(k)
        if self.averaging is not None:
            self.averaging.step(k)
        return True

    def _backprop(self, batch: Batch) -> Tensor:
        """Gradients of the mean loss over a batch; returns the last pre-activations, (k, B, C).

        Of several ranks each has the f of its own rows, and all have the gradients of all rows.
        """
        f = self._own_backprop(batch)
        if self.shared.ranks is not None:
            self.shared.ranks.add_up(self.gradients.flat)
        return f

    def _own_backprop(self, batch: Batch) -> Tensor:
        """The same of the rows that this process has of a batch."""
        if not batch.inputs.shape[1]:  # of the last batch there may be none
            self.gradients.flat.zero_()
            return batch.targets
        own, autocast = (self.network, self.gradients, self.shared.objective), self.shared.autocast
        if self.shared.gradient == "autograd":
            return autograd_backprop(*own, batch, autocast=autocast)
        shape = (batch.inputs.shape[0], batch.inputs.shape[1])
        if shape not in self._backprops:
            self._backprops[shape] = Backprop(*own, *shape, autocast=autocast)
        return self._backprops[shape](batch)

    def keep_last_gradients(self) -> None:
        """Keep the gradients of each epoch's last step from now on."""
        self.last_gradients = self.network.layers.like()
        self._native_training = None

    def keep_best(self, positions: Sequence[int]) -> None:
        """Remember these members' weights as their best so far."""
        if len(positions) == len(self.members):
            self.best.flat.copy_(self.evaluated.layers.flat)
            return
        index = torch.as_tensor(self.networks(positions), device=self.shared.device)
        for best, now in zip(self.best.tensors, self.evaluated.layers.tensors, strict=True):
            best[index] = now[index]

    def best_network(self, positions: Sequence[int]) -> MLP:
        """A stack of these members' networks at their best weights."""
        return self.network.taken(self.networks(positions), self.best)

    def member_layers(self, layers: LayerTensors, position: int) -> list[tuple[str, Tensor]]:
        """One member's part of its weights or gradients: Omega_k and beta_k by name, unpadded.

        Those of all its networks together, (M, ...).
        """
        networks = self.networks([position])
        own = layers.take(networks, self.network.member_sizes[networks[0]])
        names = [f"{symbol}_{k}" for symbol in ("Omega", "beta") for k in range(len(own.weights))]
        if own.normalising:
            hidden = range(len(own.normalisation))
            names += [f"{symbol}_{k}" for symbol in ("gain", "shift") for k in hidden]
        if self.network.embedding is not None:
            names += [f"embedding_{name}" for name in self.network.embedding.plan.shapes]
        return list(zip(names, own.learnt, strict=True))

    def retire(self, ids: Sequence[int]) -> None:
        """Take members out: what remains is copied together, and the rest costs nothing."""
        stay = [position for position, member in enumerate(self.ids) if member not in set(ids)]
        if len(stay) == len(self.ids):
            return
        self.ids = [self.ids[k] for k in stay]
        self.members = [self.members[k] for k in stay]
        self.schedules = [self.schedules[k] for k in stay]
        self.diverged = [self.diverged[k] for k in stay]
        if not stay:
            return
        networks = self.networks(stay)
        network = self.network.take(networks)
        best = self.best.take(networks, network.layers.sizes)
        self._reassemble(networks, network, best)

    def _reassemble(self, networks: Sequence[int], network: MLP, best: LayerTensors) -> None:
        """Build it anew around some of the networks, which keep their moments and averages."""
        moments, averaging = self.optimizer.moments, self.averaging
        self._assemble(network, best)
        for new, old in zip(self.optimizer.moments, moments, strict=True):
            new.flat.copy_(old.take(networks, network.layers.sizes).flat)
        if averaging is not None and self.averaging is not None:
            average = averaging.average.take(networks, network.layers.sizes)
            self.averaging.average.flat.copy_(average.flat)
