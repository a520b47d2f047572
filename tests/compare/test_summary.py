"""What a set of runs shows together, and where it is written."""

from io import StringIO
from pathlib import Path

import pytest
from compared import TABLE, grid, run

from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.summary import place_of, require_place, summarise
from mlp_lab.errors import UserError
from mlp_lab.terminal import Screen


def test_data_sets_are_ranked_apart(tmp_path: Path) -> None:
    """One table, a page for each; what cannot be ranked is said at the end."""
    records = grid(TABLE) + [
        RunRecord(Path(f"{i}"), {"data.name": name}, record.result, record.reason)
        for name, status in (("wine", "completed"), ("digits", "diverged"))
        for i, record in enumerate(
            run({"model.width": str(w)}, 0, w / 100, status=status) for w in (3, 5)
        )
    ]
    screen = Screen(printed := StringIO(), 100)
    with pytest.raises(UserError, match="digits: none of 2 runs has finished"):
        summarise(
            records,
            tmp_path,
            screen,
            select="metric",
            again=[],
            pictures=False,
            latex=tmp_path / "t",
        )
    text = printed.getvalue()
    assert text.index("iris:") < text.index("best: model.width=16:") < text.index("wine:")
    assert "best: model.width=5:" in text
    assert len((tmp_path / "summary.csv").read_text().splitlines()) == 1 + len(records)
    assert (tmp_path / "t").read_text().startswith("% iris\n\\begin{tabular}")


def test_what_nobody_can_rank_has_a_table(tmp_path: Path) -> None:
    """A row for each job that diverged."""
    records = [run({"a": str(i)}, 0, 0.5, status="diverged") for i in range(2)]
    with pytest.raises(UserError, match="none of 2 runs has finished"):
        summarise(records, tmp_path, None, select="metric", again=[])
    assert (tmp_path / "summary.csv").read_text().count("diverged") == 2


def test_summaries_need_no_picture(tmp_path: Path) -> None:
    """Only the table, where no page is wanted."""
    summarise(grid(TABLE), tmp_path, None, select="loss", again=[], pictures=False)
    assert [path.name for path in tmp_path.iterdir()] == ["summary.csv", "settings.csv"]


def test_where_things_are_written(tmp_path: Path) -> None:
    """A page's folder has a name that every system takes; a file needs a folder."""
    assert place_of("my data/survey 2.csv (income)") == "summary_my_data_survey_2.csv_income"
    require_place(str(tmp_path / "table.tex"), "--latex")
    for path in (tmp_path, tmp_path / "nowhere" / "table.tex"):
        with pytest.raises(UserError, match="--latex must be a file in a folder that exists"):
            require_place(str(path), "--latex")
