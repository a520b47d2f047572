"""report.html: complete, and needs no other file."""

import base64
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from lab import train

from mlp_lab.errors import UserError
from mlp_lab.formatting import duration, percent, score_written
from mlp_lab.report.charts import script
from mlp_lab.report.headline import headlines, named, tone
from mlp_lab.report.page import write_report
from mlp_lab.runs.result_file import interval_in_words

LINKS = ("src", "href", "srcset", "action", "poster", "data", "xlink:href")
VOID = ("meta", "img", "br", "hr", "link", "input")


class Page(HTMLParser):
    """A page's links, texts and pictures; unbalanced tags are an error."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.alts: list[str] = []
        self.cells: list[list[str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(path.read_text())
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect attributes; open a row."""
        named = {name: value or "" for name, value in attrs}
        self.links += [named[name] for name in LINKS if named.get(name, "#")[:1] != "#"]
        if tag == "img":
            self.alts.append(named["alt"])
        if tag == "svg":
            assert named["role"] == "img"
            self.alts.append(named["aria-label"])
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every tag closes the last one that was opened."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data
        if {"td", "th"} & set(self._open):
            self.cells[-1][-1] += data


@pytest.fixture(params=["iris_run", "diabetes_run"])
def folder(request: pytest.FixtureRequest) -> Path:
    """A finished run of either task, with and without validation rows."""
    found: Path = request.getfixturevalue(request.param)
    return found


def test_the_page_needs_nothing_else(folder: Path) -> None:
    """Its picture is in it; no style, script or font is fetched from anywhere."""
    source = (folder / "report.html").read_text()
    page = Page(folder / "report.html")
    names = ["learning_curve", *json.loads((folder / "pictures.json").read_text())]
    shown = source
    for name, picture in zip(names, page.links, strict=True):
        kind, _, content = picture.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(content) == (folder / f"{name}.png").read_bytes()
        shown = shown.replace(picture, "")
    assert shown.count(script()) == 1  # of which tests/test_page_build.py says the same
    shown = shown.replace(script(), "")
    for word in ("http:", "https:", "file:", "@import", "url(", "src=", "<link"):
        assert word not in shown.replace('src=""', "")
    numbers = '<script type="application/json">'
    assert shown.count("<script") == 1 + shown.count(numbers) == 3


def test_the_picture_is_described(folder: Path) -> None:
    """For those who cannot see it."""
    alts = Page(folder / "report.html").alts
    assert "training loss" in alts[0]
    assert alts[1].startswith(("rmse against epochs", "accuracy against epochs"))
    assert len(alts) >= 2
    assert all(len(alt) > 40 for alt in alts)


def test_the_verdict_is_on_the_page(folder: Path) -> None:
    """Words, rule and command of every finding."""
    text = " ".join(Page(folder / "report.html").text.split())
    verdict = json.loads((folder / "result.json").read_text())["verdict"]
    for finding in (verdict, *verdict["notes"]):
        for said in (finding["words"], finding["rule"], finding["next"]):
            assert " ".join(said.split()) in text


def test_what_matters_stands_at_the_top(folder: Path) -> None:
    """The verdict as a badge, the score, the best baseline's and the training rows'."""
    result = json.loads((folder / "result.json").read_text())
    page = unescape((folder / "report.html").read_text())
    badge = re.search(r'<p class="badge (\w+)">([^<]*)</p>', page)
    assert badge is not None
    assert badge.groups() == (tone(result["verdict"]["kind"]), result["verdict"]["kind"])
    numbers = re.findall(r'<dd class="number">([^<]*)</dd>', page)
    assert numbers == [entry.number for entry in headlines(result)]
    assert len(numbers) == 3
    assert page.index("<h1>") < badge.start() < page.index('class="number"') < page.index("<h2>")


def test_the_tables_hold_every_score(folder: Path) -> None:
    """The network's, with intervals, and the baselines'; a table for each part, test rows first."""
    result = json.loads((folder / "result.json").read_text())
    cells = [row for row in Page(folder / "report.html").cells if row]
    parts = [part for part in ("test", "val", "train") if result["rows"][part]]
    models = {"network": result, **result["baselines"]}
    assert len(models) == 3
    starts = [place for place, row in enumerate(cells) if row[0] == "score"]
    assert len(starts) == len(parts)
    for part, start in zip(parts, starts, strict=True):
        assert cells[start] == ["score", *models]
        rows = cells[start + 1 : start + 1 + len(result["train"])]
        for name, (title, own, *others) in zip(result["train"], rows, strict=True):
            assert title == named(name)
            wanted = [score_written(name, scores[part][name]) for scores in models.values()]
            bounds = result["test_intervals"].get(name, []) if part == "test" else []
            shown = bounds if len({*bounds}) > 1 else []
            interval = " to ".join(score_written(name, bound) for bound in shown)
            assert [" ".join(own.split()), *others] == [
                f"{wanted[0]} {interval}".strip(),
                *wanted[1:],
            ]


def test_the_page_says_what_was_run(folder: Path) -> None:
    """Configuration, versions, size and ending."""
    page = Page(folder / "report.html")
    result = json.loads((folder / "result.json").read_text())
    schema = json.loads((folder / "schema.json").read_text())
    text = " ".join(page.text.split())
    assert " ".join((folder / "config.yaml").read_text().split()) in text
    inputs = sum(len(column["inputs"]) for column in schema["columns"])
    assert f"{schema['target']['column']['name']} from {inputs} inputs" in text
    facts = {row[0]: row[1:] for row in reversed(page.cells)}  # the first of each
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert facts["data"] == [config["data"]["name"]]
    layers = " → ".join(map(str, schema["network"]["sizes"]))
    assert facts["network"] == [f"{layers} units ({result['parameters']:,} parameters)"]
    words = f"completed after {result['epochs_run']} epochs and {duration(result['seconds'])}"
    assert facts["training"] == [words]
    assert facts["optimizer"] == ["adam, learning rate 0.001, batches of 32 rows"]
    for value in result["environment"].values():
        assert str(value) in page.text


def test_names_are_escaped(iris_run: Path, tmp_path: Path) -> None:
    """A column may be called anything; nothing in a folder becomes markup."""
    for name in ("result.json", "curves.csv", "config.yaml", "pictures.json"):
        (tmp_path / name).write_bytes((iris_run / name).read_bytes())
    schema = json.loads((iris_run / "schema.json").read_text())
    schema["target"]["column"]["name"] = "<script>a & b"
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    write_report(tmp_path)
    source = (tmp_path / "report.html").read_text()
    assert "<script>a" not in source
    assert "&lt;script&gt;a &amp; b from 4 inputs" in source


def test_intervals_around_numbers(diabetes_run: Path, tmp_path: Path) -> None:
    """How many test rows they hold, where there are validation rows to make them of."""
    assert "ntervals of 0.9" not in Page(diabetes_run / "report.html").text
    overrides = ("data=diabetes", "epochs=2", "quiet=true", "tracking.tensorboard=false")
    folder = train(tmp_path / "run", *overrides)
    result = json.loads((folder / "result.json").read_text())
    line = interval_in_words(result)
    share = percent(result["interval"]["targets"]["progression"]["coverage"])
    assert f"validation rows hold {share} of {result['rows']['test']} test rows, with" in line
    text = Page(folder / "report.html").text
    assert f"{line[0].upper()}{line[1:]} (split conformal prediction)." in text


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_diverged_run_has_a_page(tmp_path: Path, epochs: int) -> None:
    """Also one without any best epoch: scores that are no numbers stay empty."""
    folder = tmp_path / "run"
    overrides = (
        *("data=diabetes", "model=shallow", "optimizer=sgd", "optimizer.lr=1e12"),
        *(f"epochs={epochs}", "quiet=true", "tracking.tensorboard=false"),
    )
    with pytest.raises(UserError, match=r"^diverged: "):
        train(folder, *overrides)
    result = json.loads((folder / "result.json").read_text())
    assert result["status"] == "diverged"
    page = Page(folder / "report.html")
    assert "diverged" in page.text
    assert "nan" not in " ".join(cell for row in page.cells for cell in row)
