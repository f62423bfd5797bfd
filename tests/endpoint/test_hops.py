"""A question says how many agents it has come through, and is refused after too many."""

from __future__ import annotations

from typing import Any

import pytest

from service import extension
from service.messages import MAX_HOPS
from tests.conftest import RunServer, echo

INVALID_PARAMS = -32602


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="nothing said"),
        pytest.param({"https://a.example/other": {"hops": 100}}, id="another's"),
        pytest.param({extension.URI: {}}, id="something else said"),
        pytest.param({extension.URI: {"hops": MAX_HOPS}}, id="as many as may be"),
    ],
)
async def test_a_question_that_has_not_come_far(run_server: RunServer, metadata: Any) -> None:
    agent = await run_server(echo)
    task = await agent.send("hello", metadata=metadata)
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_question_that_has_come_too_far(run_server: RunServer) -> None:
    agent = await run_server(echo)
    error = await agent.send("hello", metadata={extension.URI: {"hops": MAX_HOPS + 1}})
    assert error["code"] == INVALID_PARAMS
    assert error["message"].startswith("this question has come through 9 agents already")
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


@pytest.mark.parametrize("hops", [-1, 1.5, "3", True, None, [1], {}])
async def test_hops_that_are_no_number_of_agents(run_server: RunServer, hops: Any) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", metadata={extension.URI: {"hops": hops}}))["code"] == INVALID_PARAMS
    assert (await agent.rpc("ListTasks", {}))["result"]["totalSize"] == 0


@pytest.mark.parametrize("ours", ["3", 3, None, [{"hops": 3}]])
async def test_metadata_of_ours_that_are_no_object(run_server: RunServer, ours: Any) -> None:
    agent = await run_server(echo)
    assert (await agent.send("hello", metadata={extension.URI: ours}))["code"] == INVALID_PARAMS
