"""`innerloop demo`: two agents, one question that takes both, and a look at what came of it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from agents.procurement.errand import Errand
from service.cli.agents import HOST, loud, start_agent, wait_for_agents
from service.cli.ask import ask_and_show
from service.cli.children import Children
from service.cli.machine import read_machine
from service.cli.story import printable
from service.errors import ConfigError
from service.outbound.client import open_http

_AGENTS = Path(__file__).resolve().parents[2] / "agents"


def run(question: str | None, port: int, engine: str) -> int:
    """0 if the answer is right, else 1; 128 + the signal's number if one ended it. Raises ServiceError.

    The first signal ends the agents in good order, a second one at once.
    """
    return asyncio.run(_until_signal(question, port, engine))


async def _until_signal(question: str | None, port: int, engine: str) -> int:
    console = Console()
    children = loud(console)
    caught: list[int] = []
    asking = asyncio.create_task(_demo(console, children, question, port, engine))

    def end(number: int) -> None:
        if caught:
            children.kill()
        else:
            asking.cancel()
        caught.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        return await asking
    except asyncio.CancelledError:
        return 128 + caught[0]


async def _demo(console: Console, children: Children, question: str | None, port: int, engine: str) -> int:
    for number in (port, port + 1):
        _must_be_free(number)
    machine = read_machine()
    machine = machine.model_copy(update={"data": machine.data.resolve() / "demo"})
    try:
        errand = Errand.in_office(machine.data / "office.sqlite")
    except (OSError, sqlite3.Error, ValueError) as error:
        raise ConfigError(f"the data folder {machine.data} cannot be used: {error}") from error
    began = time.monotonic()
    async with children, open_http() as http:
        console.print(f"starting contracts on port {port + 1} and procurement on port {port}", highlight=False)
        contracts = await start_agent(children, _AGENTS / "contracts", port + 1, machine, engine)
        peers = {"contracts": contracts.url}
        procurement = await start_agent(children, _AGENTS / "procurement", port, machine, engine, peers)
        await wait_for_agents(http, [contracts, procurement])
        console.print(f"\nboth agents are ready after {time.monotonic() - began:.0f} s", highlight=False)
        asked = Text.assemble("asking procurement: ", (question or errand.question, "bold"), "\n")
        console.print(asked, soft_wrap=True)
        reply = await ask_and_show(console, procurement.url, question or errand.question)
        findings = [(reply.completed, "the task was completed")]
        if question is None:
            findings += errand.findings(reply.text)
        console.print("\nchecked:")
        for right, text in findings:
            mark = ("  ✓ ", "green") if right else ("  ✗ ", "red")
            console.print(Text.assemble(mark, printable(text)), soft_wrap=True)
        console.print()
    return 0 if all(right for right, _ in findings) else 1


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that has just ended is no hindrance
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"port {port}: {error.strerror}. End the program that has it (`ss -ltnp` names it), "
                f"or use others: innerloop demo --port {port + 1000}"
            ) from error
