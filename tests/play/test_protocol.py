"""Commands of a page: what is none is one line."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.play.protocol import Request, message, read_request


def test_a_command() -> None:
    assert read_request('{"do": "back", "number": 3}') == Request(do="back", number=3.0)
    assert read_request(b'{"do": "axes", "inputs": [1, 0]}').inputs == [1, 0]
    assert Request(do="back", number=3.0).count == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "a command must be JSON"),
        ("[" * 3000, "a command must be JSON"),
        ("[1]", "command must be a group, got "),
        ("{}", "command.do is missing"),
        ('{"do": "set", "path": "/etc"}', "unknown key 'command.path'"),
        ('{"do": "fly"}', "unknown command 'fly' ("),
        ('{"do": "play", "number": NaN}', "a command holds numbers, got NaN"),
        ('{"do": "play", "number": 1e300}', "play must be a number, got 1e+300"),
        ('{"do": "set", "value": 3}', "command.value must be "),
        ('{"do": "' + "x" * 5000 + '"}', "a command must have at most 4,096 bytes, got 5,010"),
    ],
)
def test_what_is_no_command(text: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        read_request(text)
    assert str(caught.value).startswith(line)
    assert len(str(caught.value)) < 300


def test_a_number_that_is_no_epoch() -> None:
    with pytest.raises(UserError, match=r"back must be a whole number, got 0\.5"):
        _ = Request(do="back", number=0.5).count


def test_what_a_page_is_told() -> None:
    assert message("state", running=True) == '{"kind": "state", "running": true}'
