"""Ctrl-C and SIGTERM: the first is a question, the second an end."""

import signal
import threading

import pytest

from mlp_lab.runs.interruption import StopRequest, stop_requests


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_time_is_the_end(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one says so, once, where errors go."""
    before = signal.getsignal(number)
    with stop_requests() as asked:
        assert not asked()
        signal.raise_signal(number)
        assert asked()
        assert asked()
        printed = capsys.readouterr()
        assert (printed.out, len(printed.err.splitlines())) == ("", 1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(number) == before


def test_one_of_each_is_two() -> None:
    """Whoever asks in another way asks again."""
    with stop_requests():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_handlers_come_back() -> None:
    """Those that were there, also after an error."""

    def mine(number: int, frame: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with pytest.raises(RuntimeError, match="True"), stop_requests() as asked:
            raise RuntimeError(signal.getsignal(signal.SIGTERM) == asked.handle)
        assert signal.getsignal(signal.SIGTERM) == mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_asks_nobody() -> None:
    """It may not handle signals: the run of a thread trains to its end."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    found: list[object] = []

    def work() -> None:
        with stop_requests() as asked:
            found.extend([type(asked), asked()])
            found.extend(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [StopRequest, False, *before]
