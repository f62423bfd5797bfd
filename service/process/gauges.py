"""What of a running service is looked up whenever its metrics are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from opentelemetry.util.types import Attributes

from service.endpoint.worker import Worker
from service.engine.base import Engine
from service.process.health import Health, State
from service.sessions.backlog import BacklogWatch
from service.settings import TurnLimits
from service.telemetry import names
from service.telemetry.metrics import Look, Metrics


class Remote(Protocol):
    """A peer or an MCP server."""

    @property
    def up(self) -> bool: ...


def watch_health(metrics: Metrics, health: Health) -> None:
    """From the beginning: the state of the process."""

    def states() -> Iterable[tuple[float, Attributes]]:
        now = health.state
        return [(state is now, {names.STATE: state.value}) for state in State]

    metrics.look_up(names.PROCESS_STATE, "", "1 for the state that the process is in.", states)


def watch_service(
    metrics: Metrics,
    worker: Worker,
    engine: Engine,
    backlog: BacklogWatch,
    limits: TurnLimits,
    peers: Mapping[str, Remote],
    servers: Mapping[str, Remote],
) -> None:
    """From when it can be asked: what it works on, and what it works with."""
    look_up = metrics.look_up
    look_up(names.TURNS_RUNNING, "{turn}", "Turns that this process decodes now.", lambda: [(len(worker), None)])
    look_up(names.TURNS_ROOM, "{turn}", "Turns that this process may decode at once.", lambda: [(limits.running, None)])
    look_up(
        names.OLDEST_TURN,
        "s",
        "Seconds that this process has had its oldest turn.",
        lambda: [(worker.oldest_seconds, None)],
    )
    look_up(names.TURN_LIMIT, "s", "Seconds that a turn may take.", lambda: [(limits.seconds, None)])
    look_up(names.QUEUE_ROOM, "{turn}", "Turns that may wait, over all replicas.", lambda: [(limits.queued, None)])
    look_up(
        names.KV_USE,
        "1",
        "Share of the engine's room for conversations that is taken now.",
        lambda: [(engine.pressure, None)],
    )
    look_up(
        names.ENGINE_STALLED,
        "s",
        "Seconds in which the engine has given nothing to turns that wait for it.",
        lambda: [(engine.stalled, None)],
    )
    look_up(
        names.PEER_UP,
        "",
        "Whether a peer answered when it was last looked for or asked, 1 or 0.",
        _up(peers, names.PEER),
    )
    look_up(names.MCP_UP, "", "Whether there is a session with an MCP server, 1 or 0.", _up(servers, names.MCP_SERVER))

    def counted(*, of: str) -> Look:
        return lambda: [(getattr(backlog.newest, of), None)] if backlog.newest else []

    look_up(
        names.DATABASE_UP, "", "Whether the database answers, 1 or 0.", lambda: [(backlog.newest is not None, None)]
    )
    look_up(names.TURNS_QUEUED, "{turn}", "Turns that nobody decodes yet, over all replicas.", counted(of="turns"))
    look_up(
        names.WEBHOOKS_OWED,
        "{webhook}",
        "Webhooks that are still to be told, over all replicas.",
        counted(of="webhooks"),
    )
    look_up(
        names.WEBHOOK_LATE,
        "s",
        "Seconds that a webhook has taken nothing, the longest over all replicas.",
        counted(of="webhook_seconds"),
    )


def _up(these: Mapping[str, Remote], attribute: str) -> Look:
    return lambda: [(each.up, {attribute: name}) for name, each in these.items()]
