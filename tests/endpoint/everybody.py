"""An owner, and all who are not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.settings import AuthSection
from tests.conftest import Agent, say
from tests.endpoint.issuer import Issuer, bearer

KEY = "a key whose name is alice"


@dataclass(frozen=True)
class Asker:
    """Somebody, and for which tenant."""

    headers: Mapping[str, str]
    tenant: str = ""


@dataclass(frozen=True)
class Everybody:
    owner: Asker
    stranger: Asker
    namesake: Asker
    """By another way."""
    other_tenant: Asker
    anonymous: Asker
    auth: AuthSection


def make_everybody(folder: Path) -> Everybody:
    """With what makes them known in files there."""
    issuer, keys = Issuer(), folder / "keys"
    keys.write_text(f"alice {hashlib.sha256(KEY.encode()).hexdigest()}")
    alice = bearer(issuer.token())
    return Everybody(
        Asker(alice),
        Asker(bearer(issuer.token(sub="bob"))),
        Asker({"X-API-Key": KEY}),
        Asker(alice, "t"),
        Asker({}),
        issuer.publish(folder).model_copy(update={"api_keys": keys}),
    )


async def begin(agent: Agent, asker: Asker, **message: Any) -> dict[str, Any]:
    """A task."""
    params = {"message": say("begin", **message), "configuration": {"returnImmediately": True}, "tenant": asker.tenant}
    response = await agent.http.post(
        agent.url,
        json={"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params},
        headers={"A2A-Version": "1.0", **asker.headers},
    )
    task: dict[str, Any] = response.json()["result"]["task"]
    return task
