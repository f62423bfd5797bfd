"""The card that is served is the template with the agent's own facts."""

from __future__ import annotations

from a2a.client import A2ACardResolver

from service import extension
from tests.conftest import RunServer

PATH = "/.well-known/agent-card.json"


async def test_the_card_says_what_the_agent_is_and_where(run_server: RunServer) -> None:
    agent = await run_server(name="adder", description='Adds "numbers" for $5.', version="2.3.4")
    card = await A2ACardResolver(agent.http, agent.url).get_agent_card()
    assert (card.name, card.description, card.version) == ("adder", 'Adds "numbers" for $5.', "2.3.4")
    assert [skill.name for skill in card.skills] == ["Help"]
    spoken = {(interface.protocol_binding, interface.protocol_version) for interface in card.supported_interfaces}
    assert spoken == {(binding, version) for binding in ("JSONRPC", "HTTP+JSON") for version in ("1.0", "0.3")}
    assert {interface.url for interface in card.supported_interfaces} == {agent.url}
    assert [declared.uri for declared in card.capabilities.extensions] == [extension.URI]
    assert card.capabilities.streaming
    assert card.capabilities.push_notifications


async def test_a_v0_3_client_finds_its_fields(run_server: RunServer) -> None:
    agent = await run_server()
    card = (await agent.http.get(agent.url + PATH)).json()
    assert (card["url"], card["preferredTransport"], card["protocolVersion"]) == (agent.url, "JSONRPC", "0.3")


async def test_the_card_can_be_cached(run_server: RunServer) -> None:
    agent = await run_server()
    response = await agent.http.get(agent.url + PATH)
    again = await agent.http.get(agent.url + PATH, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
