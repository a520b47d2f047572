"""What is to be learnt, kept as long as there is room."""

from pathlib import Path

import numpy as np
import pytest
from lab import configure

from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective
from mlp_lab.runs.prepared_data import PreparedDataCache, prepare_data


def test_what_was_prepared_last_is_kept() -> None:
    """As far as it fits; what comes again is the same."""
    configs = [configure("data=iris", f"data.split_seed={i}") for i in range(6)]
    size = PreparedDataCache().prepare_data(configs[0]).encoded.nbytes
    everything, few = PreparedDataCache(), PreparedDataCache(6.0 * size)
    first = [few.prepare_data(config).encoded.train.inputs for config in configs]
    for config in configs:
        everything.prepare_data(config)
    assert len(everything.prepared) == 6
    assert 1 <= len(few.prepared) < 6
    assert few.key(configs[-1]) in few.prepared
    assert few.key(configs[0]) not in few.prepared
    again = few.prepare_data(configs[0])
    assert again.digest == everything.prepare_data(configs[0]).digest
    np.testing.assert_array_equal(again.encoded.train.inputs, first[0])


def test_facts_stay_when_rows_do_not() -> None:
    """What a sweep must know of each of its jobs costs no second cut, and is no less strict."""
    configs = [configure("data=iris", f"data.split_seed={i}") for i in range(3)]
    prepared_data = PreparedDataCache(1.0)
    first = [prepared_data.summary(config) for config in configs]
    assert list(prepared_data.prepared) == [prepared_data.key(configs[-1])]
    again = [prepared_data.summary(config) for config in configs]
    assert list(prepared_data.prepared) == [prepared_data.key(configs[-1])]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True] * 3
    prepared = PreparedDataCache().prepare_data(configs[0])
    assert (first[0].rows, first[0].digest) == (prepared.rows, prepared.digest)
    assert first[0].sizes(configs[0]) == prepared.sizes(configs[0])
    with pytest.raises(UserError, match="batch_size must be at most the 98 training rows, got 99"):
        prepared_data.summary(configure("data=iris", "data.split_seed=0", "batch_size=99"))


def test_classes_in_an_order(tmp_path: Path) -> None:
    """Numbers are, and words as `data.levels` has them; anything else is refused in one line."""
    path = tmp_path / "rows.csv"
    words = ["low", "middle", "high"]
    lines = [f"{i * i / 10},{words[i % 3]},{10 * (i % 4)}\n" for i in range(80)]
    path.write_text("x,grade,count\n" + "".join(lines))
    table = ("data=table", f"data.path={path}", "loss=ordinal", "model=shallow", "model.width=5")
    counts = configure(*table, "data.target=count", "data.task=multiclass", "data.drop=[grade]")
    prepared = prepare_data(counts)
    assert prepared.objective == Objective("ordinal", "ordinal")
    assert prepared.sizes(counts) == (1, 5, 3)
    grades = (*table, "data.target=grade", "data.drop=[count]")
    said = prepare_data(configure(*grades, "data.levels.grade=[low,middle,high]"))
    assert said.encoded.schema.target.each[0].column.levels == words
    rule = r"^loss=ordinal needs classes in an order, and those of grade are words \(high, low, mid"
    with pytest.raises(UserError, match=rule + r".*: say it by data\.levels\.grade="):
        prepare_data(configure(*grades))
    with pytest.raises(UserError, match=r"those of species are words .*: use loss=cce$"):
        prepare_data(configure("data=iris", "loss=ordinal"))
    with pytest.raises(UserError, match="loss=ordinal does not fit a binary target"):
        prepare_data(configure("data=moons", "loss=ordinal"))


def test_counts_that_were_read_as_classes(tmp_path: Path) -> None:
    """A loss of numbers says how to have them read as numbers, and only where that is a choice."""
    path = tmp_path / "rows.csv"
    path.write_text("x,calls\n" + "".join(f"{i * i / 10},{i % 4}\n" for i in range(80)))
    words = ("data=table", f"data.path={path}", "data.target=calls", "loss=poisson")
    mend = r", or data\.task=regression, if its classes are numbers$"
    with pytest.raises(UserError, match="loss=poisson does not fit a multiclass target: .*" + mend):
        prepare_data(configure(*words))
    read = prepare_data(configure(*words, "data.task=regression"))
    assert read.objective == Objective("exponential", "poisson")
    with pytest.raises(UserError, match=r"or mae or mse or ordinal$"):
        prepare_data(configure(*words, "data.task=multiclass"))
    with pytest.raises(UserError, match=r"or mae or mse or ordinal$"):
        prepare_data(configure("data=iris", "loss=poisson"))


def test_a_file_is_read_once_for_all_cuts(tmp_path: Path) -> None:
    """Its rows do not depend on the seed that cuts them; those of a drawn data set do."""
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{i * i / 10},{i % 2}\n" for i in range(80)))
    prepared_data = PreparedDataCache()
    seeds = [f"data.split_seed={seed}" for seed in range(2)]
    table = ("data=table", f"data.path={path}", "data.target=y")
    prepared_data.prepare_data(configure(*table, seeds[0]))
    path.unlink()
    prepared_data.prepare_data(configure(*table, seeds[1]))
    drawn = [prepared_data.prepare_data(configure("data=moons", seed)).digest for seed in seeds]
    assert drawn[0] != drawn[1]


def test_the_parts_and_their_rows() -> None:
    """As many rows in a batch as there are training rows are none too many."""
    assert prepare_data(configure("data=iris", "batch_size=98")).rows == {
        "train": 98,
        "val": 22,
        "test": 30,
    }
