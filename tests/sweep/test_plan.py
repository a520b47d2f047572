"""Jobs -> stacks: every job in one, and nothing together that must not be."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sweeps import iris_job

from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.plan import cost, plan, size, stack_plan

GRID = st.lists(
    st.fixed_dictionaries(
        {
            "model.width": st.sampled_from([1, 3, 16, 64, 200]),
            "model.activation": st.sampled_from(["relu", "tanh"]),
            "batch_size": st.sampled_from([8, 32]),
            "dtype": st.sampled_from(["float32", "float64"]),
            "optimizer.amsgrad": st.booleans(),
            "optimizer.lr": st.sampled_from([1e-3, 1e-2]),
            "seed": st.integers(0, 3),
            "epochs": st.sampled_from([1, 20]),
            "data.label_noise": st.sampled_from([0.0, 0.2]),
        }
    ),
    min_size=1,
    max_size=25,
)


def job(number: int, changes: dict[str, object]) -> SweepJob:
    """A job on the irises."""
    return iris_job(number, **{key.replace(".", "__"): value for key, value in changes.items()})


@settings(max_examples=40, deadline=None)
@given(grid=GRID, processes=st.integers(1, 4), members=st.integers(1, 30))
def test_every_job_is_in_one_stack(
    grid: list[dict[str, object]], processes: int, members: int
) -> None:
    """No stack mixes what must not mix, has too many members, or takes too much memory."""
    jobs = [job(number, changes) for number, changes in enumerate(grid)]
    largest = max(size([one]) for one in jobs)
    stacks = plan(jobs, processes=processes, memory=3 * largest, members=members, first=7)
    assert sorted(number for stack in stacks for number in stack.jobs) == list(range(len(jobs)))
    assert [stack.number for stack in stacks] == list(range(7, 7 + len(stacks)))
    for stack in stacks:
        assert len(stack.jobs) <= members
        assert len(stack.jobs) == 1 or stack.memory <= 3 * largest * 1.5
        shared = {
            (
                tuple(jobs[n].job.config.model.activations),
                jobs[n].job.config.model.normalisation,
                jobs[n].job.config.model.residual,
                jobs[n].job.config.batch_size,
                jobs[n].job.config.dtype,
                jobs[n].job.config.optimizer.moments,
            )
            for n in stack.jobs
        }
        assert len(shared) == 1


def test_layers_of_another_kind_share_no_stack() -> None:
    """Normalised or residual ones."""
    base: dict[str, object] = {"model.depth": 2, "model.width": 16}
    kinds: list[dict[str, object]] = [
        {},
        {"model.normalisation": "layer"},
        {"model.residual": True},
        {"model.width": 8},
    ]
    jobs = [job(number, base | kind) for number, kind in enumerate(kinds)]
    stacks = plan(jobs, processes=1, memory=1e12, members=30)
    assert sorted(sorted(stack.jobs) for stack in stacks) == [[0, 3], [1], [2]]


def test_narrow_members_are_not_padded_to_wide_ones() -> None:
    """One stack of widths 1 and 512 costs more than two stacks; of 30 and 32, less."""
    far = [job(i, {"model.width": 512 if i == 0 else 1}) for i in range(20)]
    assert len(plan(far, processes=1, memory=1e12, members=128)) == 2
    near = [job(i, {"model.width": 30 + 2 * (i % 2)}) for i in range(20)]
    assert len(plan(near, processes=1, memory=1e12, members=128)) == 1
    assert cost(far) > 1.5 * (cost(far[:1]) + cost(far[1:]))


def test_a_stack_costs_as_its_widest_member() -> None:
    """All are padded to it; each of the others has its own steps."""
    narrow, wide = job(0, {"model.width": 4}), job(1, {"model.width": 64})
    assert cost([narrow, wide]) > cost([wide]) > cost([narrow])
    assert cost([narrow, wide]) < cost([wide, wide]) + 1e-12
    assert size([narrow, wide]) == size([wide, wide])
    found = stack_plan(3, [narrow, wide])
    assert (found.number, found.jobs) == (3, (0, 1))
    assert (found.seconds, found.memory) == (cost([narrow, wide]), size([narrow, wide]))


def test_a_gated_layer_costs_its_doubled_products() -> None:
    """Nearly twice the seconds where all inputs lead into gates, and never less than plain."""
    wide: dict[str, object] = {"model.depth": 2, "model.width": 2048, "batch_size": "full"}
    plain, gated = (job(i, wide | {"model.activation": a}) for i, a in enumerate(["relu", "geglu"]))
    assert 1.9 < cost([gated]) / cost([plain]) < 2.0
    assert cost([gated, gated]) > 1.9 * cost([plain, plain])
    assert size([gated]) > size([plain])


def test_one_process_waits_for_nobody() -> None:
    """Equal jobs are one stack then, however long its steps take."""
    seeds = [job(i, {"model.width": 512, "seed": i, "epochs": 500}) for i in range(5)]
    assert len(plan(seeds, processes=1, memory=1e12, members=128)) == 1
    assert len(plan(seeds, processes=2, memory=1e12, members=128)) > 1


def test_an_ensemble_counts_with_all_its_networks() -> None:
    """For the members of a stack, its memory and its time."""
    single, four = (job(i, {"ensemble": networks}) for i, networks in enumerate((1, 4)))
    assert size([four]) == 4 * size([single])
    assert cost([four]) > cost([single])
    assert four.parameters == 4 * single.parameters
    jobs = [job(i, {"ensemble": 4, "seed": i}) for i in range(6)]
    stacks = plan(jobs, processes=1, memory=1e12, members=8)
    assert [len(stack.jobs) for stack in stacks] == [2, 2, 2]
