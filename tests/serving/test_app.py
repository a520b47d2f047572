"""Requests to the application, in this process and without a port."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence

import pytest
from exported import levels, number, predictor

pytest.importorskip("starlette")

from starlette.applications import Starlette

from mlp_lab.serving.app import make_app
from mlp_lab.serving.service import Limits, Service

MODEL = predictor([number("x"), levels("k", "category", 0, 1)])
APP = make_app(Service(MODEL, Limits(megabytes=0.001, rows=20)))
Message = dict[str, object]


def asked(
    app: Starlette,
    path: str,
    *parts: bytes,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    gone: bool = False,
) -> tuple[int, bytes]:
    """Status and body of the answer to a request whose body comes in parts."""
    said: list[Message] = []
    more = [*parts] or [b""]
    messages = [
        {"type": "http.request", "body": part, "more_body": gone or i + 1 < len(more)}
        for i, part in enumerate(more)
    ]
    messages += [{"type": "http.disconnect"}]

    async def receive() -> Message:
        if len(messages) > 1 or gone:
            return messages.pop(0)
        await asyncio.sleep(60)
        return messages[0]

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    status = said[0]["status"]
    assert isinstance(status, int)
    return status, b"".join(bytes(m.get("body", b"")) for m in said[1:])  # type: ignore[call-overload]


def test_rows() -> None:
    """JSON is what a body is by default; it may come in parts."""
    status, body = asked(APP, "/predict", b'[{"x": 1, "k', b'": "a"}]')
    assert status == 200
    assert json.loads(body)["predictions"][0]["prediction"] in ("no", "yes")
    status, body = asked(
        APP, "/predict", b"x,k\n1,a\n", headers={"content-type": "text/csv; charset=utf-8"}
    )
    assert status == 200
    assert body.startswith(b"prediction,probability_no,probability_yes\n")


def error_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    """Status and line of a refusal."""
    return answer[0], json.loads(answer[1])["error"]


@pytest.mark.parametrize(
    ("parts", "headers", "status", "message"),
    [
        ([b"{"], {}, 400, "the body is not valid JSON: line 1, column 2"),
        ([b"[]"], {}, 422, "the body has no row"),
        ([b'{"x": [1]}'], {}, 422, "column 'k' is missing (columns: x)"),
        ([b"x" * 600, b"x" * 600], {}, 413, "the body must be at most 0.001 MB"),
        ([b""], {"content-length": "5000"}, 413, "the body must be at most 0.001 MB"),
        ([b'{"x":[' + b"1," * 30 + b"1]}"], {}, 413, "the body must have at most 20 rows"),
        ([b"?"], {"content-type": "text/plain"}, 415, "content-type must be application/json or"),
    ],
)
def test_refusals(
    parts: Sequence[bytes], headers: Mapping[str, str], status: int, message: str
) -> None:
    """One line of JSON, with the status that says whose fault it is."""
    found = error_of(asked(APP, "/predict", *parts, headers=headers))
    assert (found[0], found[1][: len(message)]) == (status, message)


def test_a_sender_that_goes() -> None:
    """Nothing fails for it."""
    assert asked(APP, "/predict", b"[", gone=True)[0] == 400


def test_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for longer than the limit is told so."""

    def slow(*_: object) -> bytes:
        time.sleep(0.2)
        return b""

    monkeypatch.setattr(Service, "answer", slow)
    app = make_app(Service(MODEL, Limits(seconds=0.01)))
    status, line = error_of(asked(app, "/predict", b"[]"))
    assert (status, line) == (503, "no answer within 0.01 s: send fewer rows")


def test_pages() -> None:
    """What it is, as JSON; other places and methods are refused in the same form."""
    for path, name in (("/schema", "columns"), ("/health", "status"), ("/openapi.json", "paths")):
        status, body = asked(APP, path, method="GET")
        assert status == 200
        assert name in json.loads(body)
    assert json.loads(asked(APP, "/schema", method="GET")[1]) == MODEL.schema.to_dict()
    assert error_of(asked(APP, "/nowhere", method="GET")) == (404, "Not Found")
    assert error_of(asked(APP, "/predict", method="GET")) == (405, "Method Not Allowed")
