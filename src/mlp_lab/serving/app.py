"""The pages of a server: rows to /predict; /schema, /health and /openapi.json say what it is."""

from __future__ import annotations

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from mlp_lab.errors import UserError
from mlp_lab.formatting import one_line
from mlp_lab.serving.openapi import openapi
from mlp_lab.serving.service import CSV, JSON, BadBody, Limits, Service, TooLarge, written
from mlp_lab.version import __version__

STATUS: dict[type[UserError], int] = {BadBody: 400, TooLarge: 413, UserError: 422}
"""What a request did wrong -> the status of the answer."""


def make_app(service: Service) -> Starlette:
    """An application of ASGI for a network.

    One request is computed at a time: a process predicts on one core, and further processes take
    further requests.
    """
    one_at_a_time = CapacityLimiter(1)
    limits = service.limits

    async def predict(request: Request) -> Response:
        kind = kind_of(request.headers.get("content-type", JSON))
        with anyio.move_on_after(limits.seconds):
            body = await body_of(request, limits)
            try:
                content = await to_thread.run_sync(
                    service.answer, body, kind, abandon_on_cancel=True, limiter=one_at_a_time
                )
            except UserError as error:
                raise HTTPException(STATUS[type(error)], one_line(str(error))) from error
            return Response(content, media_type=kind)
        raise HTTPException(503, f"no answer within {limits.seconds:g} s: send fewer rows")

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            _page("/schema", service.about()),
            _page("/health", {"status": "ok", "version": __version__}),
            _page("/openapi.json", openapi(service)),
        ],
        exception_handlers={HTTPException: refused},
    )


def _page(path: str, value: object) -> Route:
    """A page that is always the same."""
    content = written(value)

    async def page(_: Request) -> Response:
        return Response(content, media_type=JSON)

    return Route(path, page, methods=["GET"])


async def refused(_: Request, error: Exception) -> Response:
    """What is wrong, in one line."""
    assert isinstance(error, HTTPException)
    content = written({"error": error.detail})
    return Response(content, error.status_code, media_type=JSON, headers=error.headers)


def kind_of(header: str) -> str:
    """How a body is written, by its header.

    Raises:
        HTTPException: in no way that is known here.
    """
    kind = header.partition(";")[0].strip().lower()
    if kind not in (JSON, CSV):
        raise HTTPException(415, f"content-type must be {JSON} or {CSV}, got {one_line(kind)}")
    return kind


async def body_of(request: Request, limits: Limits) -> bytes:
    """The body of a request; one that is too large is not read to its end.

    Raises:
        HTTPException: it is too large, or its sender is gone.
    """
    said = request.headers.get("content-length", "")
    parts: list[bytes] = []
    size = int(said) if said.isdigit() and len(said) < 19 else 0
    if size <= limits.bytes:
        size = 0
        try:
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > limits.bytes:
                    break
        except ClientDisconnect as error:
            raise HTTPException(400, "the body ended too early") from error
    if size > limits.bytes:
        raise HTTPException(413, f"the body must be at most {limits.megabytes:g} MB")
    return b"".join(parts)
