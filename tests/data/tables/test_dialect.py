"""How a text table is written is found, or taken from the settings."""

from pathlib import Path

import pandas as pd
import pytest

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables import reading
from mlp_lab.data.tables.dialect import Dialect
from mlp_lab.data.tables.reading import detect, read_chunks, read_table
from mlp_lab.errors import UserError

AUTO = FileSettings()


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    """A file with this content."""
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_dialects_are_found(tmp_path: Path, delimiter: str, newline: str, encoding: str) -> None:
    rows = [["né", "b,c", "d;e"], ["1.5", '"x\t|;,y"', ""], ["2", '"a ""b"""', "u"]]
    rows[0] = [f'"{name}"' for name in rows[0]]
    content = newline.join(delimiter.join(row) for row in rows) + newline
    path = text(tmp_path / "table.txt", content, encoding)
    file = read_table(path, AUTO)
    assert file.frame.columns.tolist() == ["né", "b,c", "d;e"]
    assert file.frame["né"].tolist() == [1.5, 2.0]
    assert file.frame["b,c"].tolist() == ["x\t|;,y", 'a "b"']
    assert detect(path, AUTO).delimiter == delimiter
    shown = "tab" if delimiter == "\t" else repr(delimiter)
    name = encoding.removesuffix("-sig")
    assert file.note == f"CSV, delimiter {shown}, decimal point, encoding {name}"


@pytest.mark.parametrize(
    ("content", "delimiter", "decimal", "cells"),
    [
        ("x;y\n1,5;a\n-2,25;b\n", ";", ",", [1.5, -2.25]),
        ("x\n1,5\n2,5\n", ";", ",", [1.5, 2.5]),
        ("x\ty\n1,5\t2\n", "\t", ",", [1.5]),
        ("x;y\n1,5;1.5\n", ";", ".", ["1,5"]),
        ("x;y\n1.5;a\n", ";", ".", [1.5]),
        ("x,y\n1,5\n", ",", ".", [1]),
        ("x, and more;y\n1;2\n", ";", ".", None),
        ("x\n1\n2\n", ",", ".", [1, 2]),
        ("x,y;z\n1,2;3\n4,5;6\n", ",", ".", [1, 4]),
        ("x;y\n1.234,56;a\n-2.000,5;b\n", ";", ",", ["1.234,56", "-2.000,5"]),
        ("x;y\n1\u202f234,56;a\n7,5;b\n", ";", ",", ["1\u202f234,56", "7,5"]),
        ("x;y\n1.234,56 €;a\n", ";", ",", ["1.234,56 €"]),
        ("x;y\n1,234.56;a\n", ";", ".", ["1,234.56"]),
        ("x;y\n1'234.56;2,5\n", ";", ".", ["1'234.56"]),
        ("x;y\n1.234.567;a\n89.000;b\n", ";", ",", ["1.234.567", "89.000"]),
        ("x;y\n1.234;a\n89.000;b\n", ";", ".", [1.234, 89]),
        ("x;y\n1.234;0,5\n89.000;2,25\n", ";", ",", ["1.234", "89.000"]),
        ("x;y\n1.23;0,5\n89.000;2,25\n", ";", ".", [1.23, 89]),
        ('x,y\n"1.234,56",a\n"2,5",b\n', ",", ",", ["1.234,56", "2,5"]),
        ('x,y\n"1,2",a\n"2,3",b\n', ",", ".", ["1,2", "2,3"]),
        ("x;y\n25.08.2019;a\n01.02.2020;b\n", ";", ".", ["25.08.2019", "01.02.2020"]),
        ("x;y\n10.0.0.1;a\n192.168.100.200;b\n", ";", ".", ["10.0.0.1", "192.168.100.200"]),
    ],
)
def test_delimiter_and_decimal(
    tmp_path: Path, content: str, delimiter: str, decimal: str, cells: list[object] | None
) -> None:
    path = text(tmp_path / "table.csv", content)
    assert detect(path, AUTO) == Dialect(delimiter, '"', "utf-8-sig", decimal)
    file = read_table(path, AUTO)
    assert file.decimal == decimal
    if cells is not None:
        assert file.frame.x.tolist() == cells


def test_late_bytes_decide_the_encoding(tmp_path: Path) -> None:
    """The beginning is ASCII, the last row is not; a character lies across the sample's end."""
    for encoding in ("utf-8", "cp1252"):
        for shift in range(3):
            content = "a,b\n" + "x" * shift + "1,y\n" * 40_000 + "é" * 9 + ",ü\n"
            path = text(tmp_path / "table.csv", content, encoding)
            assert read_table(path, AUTO).frame.b.iloc[-1] == "ü"
            assert list(read_chunks(path, AUTO, 30_000))[-1].b.iloc[-1] == "ü"
            assert detect(path, AUTO).encoding.startswith(encoding)


@pytest.mark.parametrize("rows", [1, 9])
@pytest.mark.parametrize(
    ("sign", "encoding"), [(";", "utf-8-sig"), ("|", "cp1252"), (",", "utf-8")]
)
def test_the_line_that_tells_excel_the_delimiter(
    tmp_path: Path, sign: str, encoding: str, rows: int
) -> None:
    """Is no header, and is believed unless a setting says otherwise."""
    table = f"town{sign}note\nKöln{sign}x\nŽilina{sign}y\n".replace("Ž", "Z")
    path = text(tmp_path / "t.csv", f"sep={sign}\n{table}", encoding)
    frame = read_table(path, AUTO).frame
    assert frame.to_dict("list") == {"town": ["Köln", "Zilina"], "note": ["x", "y"]}
    assert pd.concat(read_chunks(path, AUTO, rows), ignore_index=True).equals(frame)
    other = read_table(path, FileSettings(delimiter="\t")).frame
    assert other.columns.tolist() == [f"town{sign}note"]


def test_undecodable_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n\x81\x9d,1\n")
    with pytest.raises(UserError, match=r"^t.csv is not utf-8 or cp1252 text: data.encoding names"):
        read_table(path, AUTO)
    with pytest.raises(UserError, match=r"^t.csv is not ascii text: data.encoding"):
        read_table(path, FileSettings(encoding="ascii"))


def test_spaces_before_quotes(tmp_path: Path) -> None:
    """As people write lists; where nothing is quoted, spaces are as they stand."""
    path = text(tmp_path / "table.csv", 'a, "b, c", d\n1, "x, ""y""", 2\n3, z, 4\n')
    frame = read_table(path, AUTO).frame
    assert frame.to_dict("list") == {"a": [1, 3], "b, c": ['x, "y"', "z"], "d": [2, 4]}
    assert next(read_chunks(path, AUTO, 9))["b, c"].tolist() == ['x, "y"', "z"]
    plain = text(tmp_path / "plain.csv", 'a,b\n" x",1\n y,2\n')
    assert read_table(plain, AUTO).frame["a"].tolist() == [" x", " y"]


def test_how_a_file_is_written_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows it hands it over: finding out is a pass over the file."""
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1,5;x\n2,5;y\n")
    form = detect(path, AUTO)

    def again(path: Path, settings: FileSettings) -> Dialect:
        raise AssertionError(f"{path} is looked through again")

    monkeypatch.setattr(reading, "dialect_of", again)
    (piece,) = read_chunks(path, AUTO, 9, form=form)
    assert piece.b.tolist() == ["x", "y"]
    assert form.decimal == ","
