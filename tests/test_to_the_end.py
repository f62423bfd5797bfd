"""What is begun ends before a cancellation goes on."""

from __future__ import annotations

import asyncio

import pytest

from service.to_the_end import to_the_end


class Operation:
    """Goes on until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.ended = False

    async def __call__(self) -> str:
        self.begun.set()
        await self.let_go.wait()
        self.ended = True
        if self._error:
            raise self._error
        return "done"


async def test_what_it_returns_or_raises_is_its_caller_s() -> None:
    fine, broken = Operation(), Operation(RuntimeError("broken"))
    fine.let_go.set()
    broken.let_go.set()
    assert await to_the_end(fine()) == "done"
    with pytest.raises(RuntimeError, match="broken"):
        await to_the_end(broken())


async def test_its_caller_is_cancelled_again_and_again() -> None:
    operation = Operation()
    waiting = asyncio.create_task(to_the_end(operation()))
    await operation.begun.wait()
    for _ in range(3):
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=0.01)
        assert not waiting.done()
    operation.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert operation.ended


async def test_a_failure_that_its_cancelled_caller_does_not_hear_of_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation(RuntimeError("broken"))
    waiting = asyncio.create_task(to_the_end(operation()))
    await operation.begun.wait()
    waiting.cancel()
    operation.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "broken" in caplog.text


async def test_a_time_limit_is_one(caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation()
    asyncio.get_running_loop().call_later(0.02, operation.let_go.set)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await to_the_end(operation())
    assert operation.ended
    assert not caplog.records


async def test_an_operation_that_is_cancelled_itself_is_cancelled_for_its_caller() -> None:
    operation = asyncio.create_task(Operation()())
    waiting = asyncio.create_task(to_the_end(operation))
    await asyncio.sleep(0)
    operation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
