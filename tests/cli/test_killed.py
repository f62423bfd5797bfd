"""The demo's question, whose agent is killed while it answers: another process of it goes on to the right end."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from agents.procurement.errand import Errand
from service.cli.agents import Served, free_port, loud, start_agent, wait_for_agents
from service.cli.children import Children
from service.outbound.client import open_http
from service.settings import Machine
from tests.conftest import eventually, say

AGENTS = Path(__file__).resolve().parents[2] / "agents"


class Killed:
    """Procurement, its peer, and what they have ordered."""

    def __init__(self, children: Children, http: httpx.AsyncClient, machine: Machine, engine: str) -> None:
        self.children, self.http, self.machine, self.engine = children, http, machine, engine
        self.errand = Errand.in_office(machine.data / "office.sqlite")
        self.port = free_port()

    async def start(self) -> None:
        self.contracts = await start_agent(self.children, AGENTS / "contracts", free_port(), self.machine, self.engine)
        await self.start_procurement(self.contracts)

    async def start_procurement(self, contracts: Served) -> None:
        peers = {"contracts": contracts.url}
        folder = AGENTS / "procurement"
        self.agent = await start_agent(self.children, folder, self.port, self.machine, self.engine, peers)
        await wait_for_agents(self.http, [contracts, self.agent])

    def orders(self) -> int:
        with closing(self.errand.office.connect()) as database:
            (count,) = database.execute("SELECT count(*) FROM purchase_order").fetchone()
            return int(count)

    async def has_ordered(self) -> bool:
        return self.orders() > self.errand.orders_before

    async def call(self, method: str, params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = await self.http.post(self.agent.url, json=body, headers={"A2A-Version": "1.0"})
        return response.json()["result"]

    async def ended(self, task_id: str) -> Any:
        while True:
            task = await self.call("GetTask", {"id": task_id})
            if task["status"]["state"] not in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"):
                return task
            await asyncio.sleep(0.1)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("engine", ["tests.cli.actors:slow_office", pytest.param("vllm", marks=pytest.mark.model)])
async def test_one_order_and_the_right_answer(tmp_path: Path, engine: str) -> None:
    async with loud(Console()) as children, open_http() as http:
        agents = Killed(children, http, Machine(data=tmp_path), engine)
        await agents.start()
        params = {"message": say(agents.errand.question), "configuration": {"returnImmediately": True}}
        task = (await agents.call("SendMessage", params))["task"]
        await eventually(agents.has_ordered)
        os.killpg(agents.agent.child.process.pid, signal.SIGKILL)
        await agents.agent.child.process.wait()
        await agents.start_procurement(agents.contracts)
        done = await agents.ended(task["id"])
    assert done["status"]["state"] == "TASK_STATE_COMPLETED"
    answer = "".join(part["text"] for part in done["artifacts"][0]["parts"])
    assert all(right for right, _ in agents.errand.findings(answer)), answer
