"""Several tasks side by side."""

from __future__ import annotations

import asyncio

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import DecodeLoop
from service.tools.functions import FunctionTool
from service.tools.toolbox import Limited, Toolbox
from service.training.evaluate import evaluate
from service.training.task import ExpertTurn, Task
from tests.conftest import ActorEngine, Says


async def test_an_error_ends_the_tasks_that_run_beside_it(tokenizer: Tokenizer, chat: InnerFormat) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def rest() -> str:
        """Rests."""
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "rested"

    async def wait() -> str:
        """Waits until the other rests."""
        await begun.wait()
        return "waited"

    def mistaken(answers: object, results: object) -> None:
        raise ZeroDivisionError

    toolbox = Toolbox([Limited(FunctionTool(tool)) for tool in (rest, wait)])
    engine = ActorEngine(
        tokenizer, chat, lambda asked: Says("Done.") if asked.results else Says("", ((asked.text, "{}"),))
    )
    tasks = [Task(said, (ExpertTurn(said),), mistaken) for said in ("rest", "wait", "never begun")]
    with pytest.raises(ExceptionGroup) as raised:
        await evaluate(DecodeLoop(engine, chat, toolbox, "You rest."), iter(tasks), 3, 2, lambda _: None)
    assert raised.group_contains(ZeroDivisionError)
    assert ended.is_set()
