"""Scripted models for whole processes: `--engine tests.cli.actors:FUNCTION`."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from agents.office.company import Office
from agents.procurement.oracle import oracle
from service.chat.base import ChatFormat
from service.chat.inner import InnerFormat
from service.engine.base import Engine
from service.engine.scripted import ScriptedEngine
from service.errors import ModelError
from tests.byte_tokenizer import byte_tokenizer
from tests.conftest import ActorEngine, Asked, Reply, Says

Opened = tuple[AbstractAsyncContextManager[Engine], ChatFormat]


def office(folder: Path) -> Opened:
    """The two agents of the demo, as they should be."""
    return play({"contracts": _contracts, "procurement": _procurement}[folder.name])


def slow_office(folder: Path) -> Opened:
    """The same, a token every hundredth of a second."""
    return play({"contracts": _contracts, "procurement": _procurement}[folder.name], seconds_per_chunk=0.01)


def forgetful(folder: Path) -> Opened:
    """The same, but nothing is ordered."""
    return play({"contracts": _contracts, "procurement": lambda _: Says("They bear the tariffs.")}[folder.name])


def idle(folder: Path) -> Opened:
    """Never says anything."""
    opened, chat = play(lambda _: Says("never"))
    assert isinstance(opened, nullcontext)
    opened.enter_result.gate.clear()
    return opened, chat


def broken(folder: Path) -> Opened:
    """Cannot start, unless it is for procurement."""
    if folder.name == "procurement":
        return idle(folder)
    return _fails(), play(lambda _: Says())[1]


def endless(folder: Path) -> Opened:
    """Starts for an hour, in a thread that nothing interrupts, as vLLM's start is."""
    return _starts_for_long(folder), play(lambda _: Says())[1]


@asynccontextmanager
async def _starts_for_long(folder: Path) -> AsyncIterator[Engine]:
    def start() -> None:
        (folder / "starting").touch()
        time.sleep(3600)

    await asyncio.to_thread(start)
    yield ScriptedEngine(lambda *_: iter(()))


@asynccontextmanager
async def _fails() -> AsyncIterator[Engine]:
    raise ModelError("the engine is broken")
    yield


def play(reply: Reply, **options: float) -> Opened:
    tokenizer = byte_tokenizer()
    chat = InnerFormat(tokenizer)
    return nullcontext(ActorEngine(tokenizer, chat, reply, **options)), chat


def _procurement(asked: Asked) -> Says:
    if asked.results:
        ordered, stated = asked.results
        return Says(f"Ordered {ordered}. {stated}")
    match = re.fullmatch(r"Order (\d+) (.+) from (.+) and tell me whether they bear the tariffs.", asked.text)
    assert match
    order = {"supplier": match[3], "item": match[2], "quantity": int(match[1])}
    ask = {"message": f"Does {match[3]} bear the tariffs?"}
    return Says(calls=(("place_order", json.dumps(order)), ("contracts", json.dumps(ask))))


def _contracts(asked: Asked) -> Says:
    if asked.results:
        return Says(oracle(Office.generate(), asked.text))
    supplier = asked.text.removeprefix("Does ").removesuffix(" bear the tariffs?")
    return Says(calls=(("search_contract", json.dumps({"supplier": supplier, "query": "tariffs"})),))


def chatty(folder: Path) -> Opened:
    """Says what it was told."""
    return play(lambda asked: Says(f"You said: {asked.text}"))
