"""What a sweep says, held against what it should say."""

import csv
import io
import json
import re
import shlex
from dataclasses import replace
from html import unescape
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, MLP_LAB, TRAIN_WORDS, command
from matplotlib.figure import Figure
from scipy import stats

from mlp_lab.compare.figures import draw, fills_a_table
from mlp_lab.compare.ranking import CONFIDENCE, chance_of_lead, importance, rank
from mlp_lab.compare.records import RunRecord, read_runs
from mlp_lab.compare.summary import (
    ALONE,
    UNSURE,
    command_of,
    escaped,
    latex_table,
    print_summary,
    summarise,
    table_of,
    verdict,
)
from mlp_lab.errors import UserError
from mlp_lab.terminal import Screen

Scores = dict[tuple[str, int], float]


def run(values: dict[str, str], seed: int, score: float, **more: object) -> RunRecord:
    """A finished run of an invented sweep."""
    words = [*(f"{key}={value}" for key, value in values.items()), f"seed={seed}"]
    scores = {"loss": -score, "accuracy": score}
    result = {
        "status": "completed",
        "parameters": 10 * int(values.get("model.width", "1")),
        "train": scores,
        "val": scores,
        "test": {"loss": 0.5, "accuracy": 0.5},
        "rows": {"train": 80, "val": 20, "test": 20},
        "overrides": words,
        **more,
    }
    reason = "diverged in epoch 1" if result["status"] == "diverged" else ""
    return RunRecord(Path(words[0] + str(seed)), {"data.name": "iris"}, result, reason)


def grid(table: dict[str, list[float]]) -> list[RunRecord]:
    """Widths with their scores by seed."""
    return [
        run({"model.width": width}, seed, value)
        for width, values in table.items()
        for seed, value in enumerate(values)
    ]


TABLE = {"4": [0.6, 0.7, 0.65], "8": [0.91, 0.92, 0.9], "16": [0.92, 0.93, 0.89], "32": [0.5] * 3}


def test_settings_are_ranked_by_their_means() -> None:
    """Seeds are replicates, not settings."""
    ranking = rank(grid(TABLE), "metric")
    assert (ranking.score, ranking.keys, ranking.replicates) == (
        "accuracy",
        ["model.width"],
        ["seed"],
    )
    assert [s.values["model.width"] for s in ranking.settings] == ["16", "8", "4", "32"]
    assert ranking.best.mean == pytest.approx(np.mean(TABLE["16"]))
    assert ranking.best.error == pytest.approx(stats.sem(TABLE["16"]))


def test_what_cannot_be_told_apart() -> None:
    """As one-sided paired t-tests with Bonferroni's correction say; the simplest is named."""
    ranking = rank(grid(TABLE), "metric")
    best = TABLE["16"]
    assert ranking.tied is not None
    for place, width in enumerate(["8", "4", "32"], start=1):
        wanted = stats.ttest_rel(best, TABLE[width], alternative="greater").pvalue
        first, other = ranking.best, ranking.settings[place]
        assert chance_of_lead(first, other, 0.0) == pytest.approx(wanted)
        assert (place in ranking.tied) == (3 * wanted >= 1 - CONFIDENCE)
    assert ranking.simplest.values == {"model.width": "8"}
    assert verdict(ranking) == (
        "1 setting cannot be told apart from it (95 %, paired, corrected for 3 comparisons);"
        " the simplest: model.width=8, 80 parameters"
    )


def test_a_loss_leads_where_it_is_small() -> None:
    """The same scores, the other way round."""
    ranking = rank(grid(TABLE), "loss")
    best, other = ranking.best, ranking.settings[-1]
    wanted = stats.ttest_rel(TABLE["32"], TABLE["16"], alternative="less").pvalue
    assert chance_of_lead(best, other, 0.0) == pytest.approx(wanted)


def test_many_comparisons_lose_the_best_no_more_often() -> None:
    """Of 20 equally good settings each is told apart in at most 5 % of sweeps, not in a third."""
    draws = np.random.default_rng(0).normal(size=(400, 20, 4))
    lost = uncorrected = 0
    for scores in draws:
        settings = {str(width): list(values) for width, values in enumerate(scores, start=1)}
        ranking = rank(grid(settings), "metric")
        assert ranking.tied is not None
        assert ranking.compared == 19
        places = {setting.values["model.width"]: i for i, setting in enumerate(ranking.settings)}
        place = places["7"]
        lost += place not in (0, *ranking.tied)
        chance = chance_of_lead(ranking.best, ranking.settings[place], 0.0) if place else 1.0
        uncorrected += chance is not None and chance < 1 - CONFIDENCE
    assert lost / len(draws) < 0.05
    assert uncorrected / len(draws) > 0.2


def test_folds_overlap() -> None:
    """The variance of their mean is 1/n + validation/training rows, not 1/n."""
    table = {"4": [0.90, 0.92, 0.91, 0.93, 0.9], "8": [0.88, 0.91, 0.9, 0.9, 0.89]}
    best, second = rank(grid(table), "metric").settings
    differences = np.subtract(table["4"], table["8"])
    for overlap in (0.0, 0.25):
        error = np.sqrt(differences.var(ddof=1) * (1 / 5 + overlap))
        wanted = stats.t.sf(differences.mean() / error, 4)
        assert chance_of_lead(best, second, overlap) == pytest.approx(wanted)


@pytest.mark.parametrize("key", ["data.fold", "data.repeat", "data.split_seed", "seed"])
def test_other_cuts_overlap_as_folds_do(key: str) -> None:
    """Seeds alone train on the same rows."""
    scores = {"4": [0.90, 0.92, 0.91, 0.93, 0.9], "8": [0.88, 0.92, 0.9, 0.9, 0.89]}
    records = [
        run({"model.width": width}, 0, value, overrides=[f"model.width={width}", f"{key}={i}"])
        for width, values in scores.items()
        for i, value in enumerate(values)
    ]
    told = rank(records, "metric").tied == []
    differences = np.subtract(scores["4"], scores["8"])
    error = np.sqrt(differences.var(ddof=1) * (1 / 5 + 0.25 * (key != "seed")))
    assert told == (stats.t.sf(differences.mean() / error, 4) < 0.05) == (key == "seed")


def test_equal_differences_say_no_more_than_their_signs() -> None:
    """Without variance: n leads in a row have a chance of 2^-n, and no lead is none."""
    table = {"4": [0.5, 0.75], "8": [0.25, 0.5], "16": [0.5, 0.75]}
    best, alike, behind = rank(grid(table), "metric").settings
    assert chance_of_lead(best, alike, 0.0) == 1
    assert chance_of_lead(best, behind, 0.0) == 0.25
    one, other = 42 / 44, 40 / 44
    table = {"4": [one, other], "8": [one - 4 / 44, 36 / 44], "16": [one, other - 1e-16]}
    best, alike, behind = rank(grid(table), "metric").settings
    first, second = (best.scores[key] - behind.scores[key] for key in best.scores)
    assert first != second  # by rounding
    assert chance_of_lead(best, behind, 0.0) == 0.25
    assert chance_of_lead(best, alike, 0.0) == 1


def test_settings_without_common_seeds_are_not_told_apart() -> None:
    """However far behind: nothing pairs them, and nothing says that chance did not."""
    records = grid({"4": [0.9, 0.91, 0.92], "8": [0.4, 0.42, 0.43]})
    records += [run({"model.width": "2"}, seed, 0.5) for seed in (7, 8, 9)]
    ranking = rank(records, "metric")
    assert [setting.values["model.width"] for setting in ranking.settings] == ["4", "2", "8"]
    assert (ranking.tied, ranking.compared) == ([1], 1)
    assert verdict(rank(records[:3] + records[6:], "metric")) == UNSURE


def test_a_setting_without_rivals() -> None:
    """The other one diverged, and more seeds would not help."""
    records = [run({"model.width": "4"}, seed, 0.9 + seed / 100) for seed in range(3)]
    records += [run({"model.width": "8"}, 0, 0.0, status="diverged")]
    assert verdict(rank(records, "metric")) == ALONE


def test_settings_are_what_was_trained_with(tmp_path: Path) -> None:
    """However it was typed, or by whatever file it came."""

    def made(number: int, typed: list[str], seed: int, **settings: object) -> RunRecord:
        record = run({}, seed, 0.5, overrides=typed)
        found = {"model.width": 8, "optimizer.lr": 0.01, "seed": seed, **settings}
        return RunRecord(tmp_path / str(number), {"data.name": "iris", **found}, record.result)

    records = [
        made(0, ["optimizer.lr=1e-2", "model=shallow", "tracking.report=false"], 0),
        made(1, ["optimizer.lr=0.01", "quiet=true"], 1),
        made(2, ["experiment=some"], 0, **{"model.width": [4, 2], "model.init": None}),
        made(3, ["--config-name=other"], 1, **{"model.width": [4, 2], "model.init": None}),
        made(4, ["model=shallow"], 1),
    ]
    ranking = rank(records, "metric")
    assert ranking.keys == ["model.width", "model.init"]
    assert ranking.replicates == ["seed"]
    assert [dict(setting.values) for setting in ranking.settings] == [
        {"model.width": "8", "model.init": "default"},
        {"model.width": "[4,2]", "model.init": "null"},
    ]
    assert [len(setting.runs) for setting in ranking.settings] == [2, 2]


def test_a_job_that_failed_and_was_trained_elsewhere() -> None:
    """Is there: its setting is whole."""
    records = [run({"model.width": "4"}, 0, 0.0, status="diverged"), *grid({"4": [0.6, 0.7]})]
    (setting,) = rank(records, "metric").settings
    assert setting.whole
    assert setting.mean == pytest.approx(0.65)


def test_losses_of_other_kinds() -> None:
    """Are no choice; by the metric they are."""
    records = [run({"loss": name}, 0, 0.5, loss=name) for name in ("mse", "cce")]
    assert rank(records, "metric").keys == ["loss"]
    line = "losses of different kinds cannot be compared: loss=mse0 has mse, loss=cce0 cce"
    with pytest.raises(UserError, match=line):
        rank(records, "loss")


def test_data_sets_are_ranked_apart(tmp_path: Path) -> None:
    """One table, a page for each; what cannot be ranked is said at the end."""
    records = grid(TABLE) + [
        RunRecord(Path(f"{i}"), {"data.name": name}, record.result, record.reason)
        for name, status in (("wine", "completed"), ("digits", "diverged"))
        for i, record in enumerate(
            run({"model.width": str(w)}, 0, w / 100, status=status) for w in (3, 5)
        )
    ]
    screen = Screen(printed := io.StringIO(), 100)
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
    assert text.index("iris:") < text.index("chosen: model.width=16:") < text.index("wine:")
    assert "chosen: model.width=5:" in text
    assert len((tmp_path / "summary.csv").read_text().splitlines()) == 1 + len(records)
    assert (tmp_path / "t").read_text().startswith("% iris\n\\begin{tabular}")


def test_what_nobody_can_rank_has_a_table(tmp_path: Path) -> None:
    """A row for each job that diverged."""
    records = [run({"a": str(i)}, 0, 0.5, status="diverged") for i in range(2)]
    with pytest.raises(UserError, match="none of 2 runs has finished"):
        summarise(records, tmp_path, None, select="metric", again=[])
    assert (tmp_path / "summary.csv").read_text().count("diverged") == 2


@pytest.mark.parametrize(("width", "verdict"), [(45, False), (100, True)])
def test_a_narrow_screen_leaves_columns_out(width: int, verdict: bool) -> None:
    """Rather than cut headings and numbers."""
    records = [run({"optimizer.weight_decay": v}, 0, 0.5) for v in ("0.001", "0.0001")]
    print_summary(Screen(printed := io.StringIO(), width), records, rank(records, "metric"))
    said = printed.getvalue()
    assert "…" not in said
    assert ("verdict" in said) == verdict
    assert "weight_decay" in said


def test_brackets_are_no_markup() -> None:
    """The terminal shows a list of names as it was typed."""
    records = [run({"model.activation": v}, 0, 0.5) for v in ("relu", "[tanh,relu]")]
    screen = Screen(printed := io.StringIO(), 100)
    print_summary(screen, records, rank(records, "metric"))
    assert "[tanh,relu]" in printed.getvalue().splitlines()[3]  # headings take two lines


def test_heatmaps_are_tables() -> None:
    """Not the diagonal that the values of a search would make."""
    keys = ["model.width", "optimizer.lr"]
    table = [run({keys[0]: str(w), keys[1]: str(r)}, 0, 0.5) for w in range(6) for r in range(6)]
    assert fills_a_table(keys, rank(table, "metric").settings)
    assert fills_a_table(keys, rank(table[:20], "metric").settings)
    drawn = [run({keys[0]: str(i), keys[1]: str(i)}, 0, 0.5) for i in range(36)]
    assert not fills_a_table(keys, rank(drawn, "metric").settings)


def test_one_run_of_each_says_nothing_of_chance() -> None:
    """In words."""
    ranking = rank(grid({"4": [0.6], "8": [0.9]}), "metric")
    assert ranking.tied is None


def test_the_test_rows_choose_nothing(tmp_path: Path) -> None:
    """Other test scores: the same order, and no trace of them in summary.csv."""
    records = grid(TABLE)
    for record in records:
        record.result["test"]["accuracy"] = float(record.overrides["model.width"] == "32")
    ranking = rank(records, "metric")
    assert [s.values["model.width"] for s in ranking.settings] == ["16", "8", "4", "32"]
    assert "test" not in table_of(records).splitlines()[0]


def test_a_setting_with_a_diverged_run_comes_last() -> None:
    """However good its others are."""
    records = grid(TABLE) + [run({"model.width": "2"}, seed, 0.99) for seed in (0, 1)]
    records.append(run({"model.width": "2"}, 2, 0.0, status="diverged"))
    ranking = rank(records, "metric")
    assert ranking.best.values == {"model.width": "16"}
    assert ranking.settings[-1].values == {"model.width": "2"}
    assert not ranking.settings[-1].whole
    assert ranking.compared == 3
    assert ranking.simplest.values == {"model.width": "8"}


def test_importance_is_the_share_of_main_effects() -> None:
    """Scores that one key makes alone: it has all of it, the other nothing."""
    records = [
        run({"model.width": str(w), "optimizer.lr": lr}, 0, w / 10)
        for w in (1, 2, 3)
        for lr in "ab"
    ]
    found = rank(records, "metric").settings
    assert importance(found, "model.width") == pytest.approx(1)
    assert importance(found, "optimizer.lr") == pytest.approx(0)


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([run({"a": "1"}, 0, 0.5, val={})], "no run has validation rows"),
        ([run({"a": "1"}, 0, 0.5, status="diverged")], "none of 1 runs has finished"),
    ],
)
def test_what_cannot_be_ranked(records: list[RunRecord], line: str) -> None:
    """One line."""
    with pytest.raises(UserError, match=line):
        rank(records, "metric")


@pytest.mark.parametrize(
    ("words", "repeated", "wanted"),
    [
        (["model.width=16"], "seed", "model.width=16"),
        (["data.split_seed=3", "cv=5"], "seed", "data.split_seed=3"),
        (["seed=7"], "data.split_seed", "seed=7 data.split_seed=0"),
        (["data.folds=5", "seed=7"], "data.fold", "seed=7"),
        (["data.folds=5", "data.fold=0"], "data.repeat", ""),
        (["data.folds=5", "data.fold=0"], "seed", "data.folds=5 data.fold=0"),
        (
            ["model.width=[8,4]", "~data.x", "sweep.select=loss"],
            "seed",
            "'model.width=[8,4]' '~data.x'",
        ),
        (
            ["quiet=true", "tracking.report=false", "+data.of='a b'"],
            "seed",
            "'+data.of='\"'\"'a b'\"'\"''",
        ),
    ],
)
def test_the_command_of_a_setting(words: list[str], repeated: str, wanted: str) -> None:
    """Without what was repeated, as a shell takes it; what is the same in all runs stays."""
    records = [run({}, 0, 0.5 + i / 10, overrides=[*words, f"{repeated}={i}"]) for i in range(2)]
    assert command_of(rank(records, "metric")) == f"python train.py {wanted}".rstrip()


def test_the_command_of_a_setting_whose_first_run_failed() -> None:
    """A run that failed may lack its words: one that was scored has them."""
    failed = run({}, 0, 0.5, status="failed", overrides=[])
    scored = run({}, 1, 0.5, overrides=["--config-dir=mine", "experiment=mine", "seed=1"])
    records = [replace(failed, reason="not finished", settings={"seed": 0}), scored]
    ranking = rank([records[0], replace(scored, settings={"seed": 1})], "metric")
    assert command_of(ranking) == "python train.py --config-dir=mine experiment=mine"


def test_headings_that_have_room() -> None:
    """Three keys are told apart on a terminal of 80 columns."""
    keys = ("model.width", "optimizer.lr", "optimizer.weight_decay")
    records = [
        run(dict(zip(keys, (width, lr, "0.001"), strict=True)), 0, 0.9123, verdict=verdict)
        for width in ("16", "32")
        for lr in ("0.0001", "0.01")
        for verdict in [{"kind": "not converged", "words": ""}]
    ]
    records.append(run(dict.fromkeys(keys, "25"), 0, 0.5))
    text = StringIO()
    print_summary(Screen(text, 80), records, rank(records, "metric"))
    lines = text.getvalue().splitlines()
    assert text.getvalue().count("0.9123 ") >= 4  # a number is never broken
    assert "…" not in "".join(lines[:4])
    headings = {word for line in lines[:4] for word in line.split()}
    assert {"width", "lr", "weight_decay"} <= headings


def test_latex() -> None:
    """Special letters are escaped."""
    assert escaped("a_b%{c}") == r"a\_b\%\{c\}"
    assert escaped("[4,2]<") == r"{[}4,2{]}\textless{}"  # no height of the row before
    lines = latex_table(rank(grid(TABLE), "metric")).splitlines()
    assert lines[2] == r"model.width & val accuracy & s.e. & runs & parameters \\"
    assert lines[4].startswith("16 & 0.9133 & 0.012 & 3 & 160")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two keys and two seeds, with its pages."""
    folder = tmp_path_factory.mktemp("swept") / "sweep"
    words = ["-m", "data=iris", "model=shallow", "model.width=4,8", "optimizer.lr=1e-3,1e-2"]
    more = ["seed=0,1", "epochs=3", "tracking.tensorboard=false", "sweep.latex=table.tex"]
    done = command([*words, *more, f"hydra.sweep.dir={folder}"], folder.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert "chosen: model.width=" in done.stdout
    assert done.stdout.splitlines()[-1] == str(folder)
    return folder


def test_the_files_of_a_sweep(swept: Path) -> None:
    """A row for each job; a page that needs nothing beside it."""
    with (swept / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    for row in rows:
        result = json.loads((swept / row["folder"] / "result.json").read_text())
        assert float(row["val_accuracy"]) == result["val"]["accuracy"]
        assert row["status"] == "completed"
        assert row["verdict"] == result["verdict"]["kind"]
    assert len(list(swept.glob("*/report.html"))) == 8  # no more jobs than that
    page = (swept / "summary.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<img") == page.count('alt="') == 2
    assert {path.name for path in swept.glob("*.png")} == {"heatmap.png", "learning_curves.png"}
    assert (swept.parent / "table.tex").read_text().startswith(r"\begin{tabular}{llrrrr}")


def test_what_the_page_says(swept: Path) -> None:
    """What was trained on what, the baselines, and how to repeat it."""
    page = unescape((swept / "summary.html").read_text())
    facts = dict(re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', page))
    assert (facts["data"], facts["rows"]) == ("iris", "98 training, 22 validation, 30 test")
    assert facts["compared"] == "model.width (2 values), optimizer.lr (2 values)"
    assert facts["repeated over"] == "seed (2 values)"
    ranking = rank(read_runs([swept]), "metric")
    best = ranking.best.runs
    for name in ("constant", "logistic"):
        scores = [run.result["baselines"][name]["val"]["accuracy"] for run in best]
        assert f"{name} {np.mean(scores):.4g}" in facts["baselines, validation accuracy"]
    for name, value in best[0].result["environment"].items():
        assert facts[name] == str(value)
    assert (best[0].folder / "config.yaml").read_text().strip() in page
    words = f"{TRAIN_WORDS} -m data=iris model=shallow model.width=4,8"
    more = (
        "optimizer.lr=1e-3,1e-2 seed=0,1 epochs=3 tracking.tensorboard=false sweep.latex=table.tex"
    )
    assert f"<pre>{words} {more}</pre>" in page
    best_alone = command_of(ranking).replace("python train.py", TRAIN_WORDS)  # another program's
    assert f"<pre>{best_alone}</pre>" in page


def test_epochs_of_curves_are_whole_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few of them, which an axis would rather halve."""
    records = grid({"4": [0.6], "8": [0.9]})
    (tmp_path / "curves.csv").write_text("epoch,val_accuracy\n1,0.25\n2,0.5\n3,0.6\n")
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, bbox_inches: drawn.append(figure))
    draw(rank([replace(record, folder=tmp_path) for record in records], "metric"), tmp_path)
    ticks = drawn[-1].axes[0].get_xticks()
    assert [tick for tick in ticks if 1 <= tick <= 3] == [1, 2, 3]


def test_the_curves_of_few_settings(tmp_path: Path) -> None:
    """Of two settings none is the median; a setting with a failed run is not the worst."""
    records = grid({"4": [0.6, 0.7], "8": [0.9, 0.9]})
    records.append(run({"model.width": "16"}, 0, 0.8))
    records.append(run({"model.width": "16"}, 1, 0.0, status="diverged"))
    for number, record in enumerate(records):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "curves.csv").write_text("epoch,val_accuracy\n1,0.25\n2,0.5\n")
        records[number] = replace(record, folder=folder)
    validation, curves = draw(rank(records, "metric"), tmp_path)
    assert curves.said == "Validation accuracy by epoch: first run of the best, worst setting."
    assert curves.words == (
        "Validation accuracy by epoch: best: model.width=8 ends at 0.5;"
        " worst: model.width=4 ends at 0.5."
    )
    assert validation.words == (
        "Validation accuracy: 0.9 with model.width=8 is the best, 0.65 with model.width=4 the"
        " worst."
    )


def test_compare_on_the_command_line(swept: Path, tmp_path: Path) -> None:
    """The same ranking from the folders; one line for what cannot be compared."""
    words = ["compare", str(swept), str(swept / "3"), "-o", "out", "--latex", "t.tex"]
    done = command(words, tmp_path, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "t.tex").is_file()
    page = unescape((tmp_path / "out" / "summary.html").read_text())
    again = ["mlp-lab", *words[:3], "--select=metric", *words[3:]]
    assert shlex.join(again) in page
    assert (tmp_path / "out" / "summary.csv").read_text() == (swept / "summary.csv").read_text()
    (tmp_path / "begun" / "0").mkdir(parents=True)
    (tmp_path / "begun" / "0" / "config.yaml").touch()
    for words, line in (
        (["begun"], "begun/0/config.yaml is no run's configuration: it holds no settings"),
        ([str(swept), "--latex", "nowhere/t"], "--latex must be a file in a folder that exists"),
        (["nowhere"], "no such folder: 'nowhere'"),
        (["out"], "out holds no run: there is no config.yaml in it"),
        ([], "mlp-lab compare: the following arguments are required: FOLDER"),
    ):
        done = command(["compare", *words], tmp_path, MLP_LAB)
        assert done.returncode == 1
        assert done.stderr.startswith(line)
        assert len(done.stderr.splitlines()) == 1


def test_a_cross_validation_is_a_sweep_over_folds(tmp_path: Path) -> None:
    """cv=3 needs no -m; each job is the run that its folds name."""
    words = [*BARE, "data=iris", "model=shallow", "model.width=4,8", "epochs=2", "cv=3"]
    done = command([*words, "hydra.sweep.dir=sweep"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = read_runs([tmp_path / "sweep"])
    assert [record.settings["data.fold"] for record in records] == [0, 1, 2, 0, 1, 2]
    ranking = rank(records, "loss")
    assert (ranking.keys, ranking.replicates) == (["model.width"], ["data.fold"])
    done = command(["cv=1", "data=iris"], tmp_path)
    assert (done.returncode, done.stderr) == (1, "cv must be 2 or more, or null, got 1\n")


def test_summaries_need_no_picture(tmp_path: Path) -> None:
    """Only the table, where no page is wanted."""
    summarise(grid(TABLE), tmp_path, None, select="loss", again=[], pictures=False)
    assert [path.name for path in tmp_path.iterdir()] == ["summary.csv"]
