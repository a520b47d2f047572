"""Chromium without a window, driven by its DevTools protocol over one socket."""

from __future__ import annotations

import base64
import inspect
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from waiting import until

pytest.importorskip("websockets")

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "about:blank"),
)
PATIENCE = 240
"""Seconds for one answer, on a machine that does much else."""

PINGS = "ping_interval" in inspect.signature(connect).parameters
UNASKED: dict[str, Any] = {"ping_interval": None} if PINGS else {}
"""Releases from 15 on ask every 20 s whether the browser is there: a busy one may not answer."""

CODES = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
"""Of keys whose effect is the browser's own."""

Message = dict[str, object]
LOUD = ("error", "warning", "assert")
WATCHED = ("Runtime", "Log", "Network", "Page")


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser of its own, whose files are in a new folder; it is ended behind the block."""
    assert CHROMIUM is not None
    port = folder / "DevToolsActivePort"
    process = subprocess.Popen(
        [CHROMIUM, f"--user-data-dir={folder}", *OPTIONS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: port.is_file() and port.read_text().count("\n"))
        number, path = port.read_text().split()
        address = f"ws://127.0.0.1:{number}{path}"
        with connect(address, max_size=None, open_timeout=PATIENCE, **UNASKED) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Browser:
    """One tab of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take the tab that it begins with, and listen to all that happens there."""
        self._socket = socket
        self._sent = 0
        self._session = ""
        self.heard: list[Message] = []
        """Events so far, in their order."""
        found = cast(dict[str, list[Message]], self.call("Target.getTargets"))["targetInfos"]
        (tab,) = (str(own["targetId"]) for own in found if own["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = str(attached["sessionId"])
        for domain in WATCHED:
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> Message:
        """Have something done; returns its result."""
        self._sent += 1
        request = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            request["sessionId"] = self._session
        self._socket.send(json.dumps(request))
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("id") == self._sent:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return cast(Message, message["result"])
            if "method" in message:
                self.heard.append(message)

    def run(self, script: str) -> object:
        """The value of an expression in the page, as JSON has it."""
        found = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in found, (script, found["exceptionDetails"])
        return cast(Message, found["result"]).get("value")

    def wait(self, script: str) -> object:
        """Wait until an expression in the page is true, a number but 0, or a text; its value."""
        found: list[object] = []

        def happened() -> bool:
            with suppress(RuntimeError):  # between two pages there is none to ask
                found.append(self.run(f"(() => {{ try {{ return {script} }} catch {{}} }})()"))
                return bool(found[-1])
            return False

        until(happened)
        return found[-1]

    def drawn(self) -> None:
        """Wait until everything that the page has heard so far is drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => done()))")

    def open(self, address: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=address)

    def click(self, selector: str) -> None:
        """Click into the middle of an element, with the mouse."""
        x, y = cast(
            list[float],
            self.run(
                f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
                " e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect();"
                " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
            ),
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press a key, as Tab, Enter or a letter."""
        text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
        more: dict[str, object] = {"text": text} if text else {}
        code = CODES.get(key) or (ord(key.upper()) if len(key) == 1 else 0)
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **(more if kind == "keyDown" else {}),
            )

    def write(self, selector: str, text: str) -> None:
        """Replace what a field holds, and leave it by Enter."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.focus(), {place}.select()")
        self.call("Input.insertText", text=text)
        self.press("Enter")

    def choose(self, selector: str, value: str) -> None:
        """Choose of a list."""
        self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            f" e.value = {json.dumps(value)};"
            " e.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """The window's size in CSS pixels, and whether the page is dark."""
        more = {"deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, **more)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def picture(self, whole: bool = False) -> bytes:
        """What is seen, or the whole page, as a PNG file."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(cast(str, found["data"]))

    def complaints(self) -> list[object]:
        """Errors of the page and of the browser about it, and warnings."""
        wrong: list[object] = []
        for event in self.heard:
            found = cast(Message, event["params"])
            if event["method"] == "Runtime.exceptionThrown":
                wrong.append(found["exceptionDetails"])
            elif event["method"] == "Runtime.consoleAPICalled" and found["type"] in LOUD:
                wrong.append(found["args"])
            elif event["method"] == "Log.entryAdded":
                entry = cast(Message, found["entry"])
                wrong += [entry] if entry["level"] in LOUD else []
        return wrong

    def asked(self) -> list[str]:
        """Addresses of everything that the page has asked for, sockets included."""
        found = []
        for event in self.heard:
            parameters = cast(dict[str, object], event["params"])
            if event["method"] == "Network.requestWillBeSent":
                found.append(str(cast(Message, parameters["request"])["url"]))
            elif event["method"] == "Network.webSocketCreated":
                found.append(str(parameters["url"]))
        return found
