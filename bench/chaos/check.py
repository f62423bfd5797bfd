"""What must be true in the end, whatever happened: by the tasks, the transcripts and the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.chaos.clients import Client, text_of
from bench.chaos.plan import ONCE, draw
from service.chat.inner import InnerFormat
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.sessions.tables import answers, messages, results, turns
from service.transcript import Origin, Transcript

_UNKNOWN = "error: interrupted: it may or may not have been done"
_GIVEN_UP = "it is given up"
_COMPLETED, _CANCELED = "TASK_STATE_COMPLETED", "TASK_STATE_CANCELED"


@dataclass(slots=True)
class Turn:
    """As a transcript has it."""

    ask: str
    stretches: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    results: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """What was counted, and what is wrong."""

    states: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    """Of calls that do more when made twice, by what their turn was told."""
    again: int = 0
    """Attempts at keyed calls beyond each one's first."""
    holders: Counter[int] = field(default_factory=Counter)
    """Turns, by how many leases they had."""
    wrong: list[str] = field(default_factory=list)


async def check(clients: Sequence[Client], url: str, folder: Path, chat: InnerFormat) -> Findings:
    """After all clients have rested. `folder` has the ledger."""
    found = Findings()
    for client in clients:
        _check_task(client, found)
    ended = [client for client in clients if client.task]
    told: dict[str, Turn] = {}
    async with open_database(url) as database:
        for context_id in {client.task["contextId"] for client in ended}:
            there = {client.ask: client for client in ended if client.task["contextId"] == context_id}
            for turn in read_turns(await read_conversation(database, context_id), chat):
                if turn.ask in told or turn.ask not in there:
                    found.wrong.append(f"{turn.ask}: stands twice, or in a conversation that is not its own")
                told[turn.ask] = turn
                _check_said(turn, there.get(turn.ask), chat, found)
        await _check_database(database, len(clients), found)
    for client in ended:
        if client.task["status"]["state"] == _COMPLETED and client.ask not in told:
            found.wrong.append(f"{client.ask}: has completed, and its conversation does not have it")
    _check_effects(ended, told, folder, found)
    return found


def read_turns(transcript: Transcript, chat: InnerFormat) -> list[Turn]:
    """What was said and returned in each turn of a conversation."""
    read: list[Turn] = []
    for span in transcript.spans:
        text = chat.read(span.tokens)
        if span.origin is Origin.GIVEN and "<|im_start|>user\n" in text:
            read.append(Turn(text.split("<|im_start|>user\n")[1].split("<|im_end|>")[0]))
        elif span.origin is Origin.SAMPLED:
            read[-1].stretches[-1] += span.tokens
        elif span.origin is Origin.RETURNED:
            read[-1].results += [each.split("<|result|>")[1] for each in text.split("<|end_result|>")[:-1]]
            read[-1].stretches.append(())
    return read


def _check_task(client: Client, found: Findings) -> None:
    """It has ended once, and whoever followed it heard all that it has."""
    found.wrong += [f"{client.ask}: {each}" for each in client.wrong]
    if len(client.task_ids) != 1:
        found.wrong.append(f"{client.ask}: has the tasks {sorted(client.task_ids)}")
    if not client.task:
        found.states["never ended"] += 1
        found.wrong.append(f"{client.ask}: has not ended")
        return
    status, text, answer = client.task["status"], text_of(client.task), draw(client.ask).answer
    state = status["state"]
    found.states[state.removeprefix("TASK_STATE_").lower()] += 1
    if state == _COMPLETED and text != answer:
        found.wrong.append(f"{client.ask}: says {text!r} and not {answer!r}")
    if state == _CANCELED and not (client.cancels and answer.startswith(text)):
        found.wrong.append(f"{client.ask}: was cancelled by nobody, or says {text!r}")
    given_up = _GIVEN_UP in text_of({"artifacts": [status.get("message", {"parts": []})]})
    if state not in (_COMPLETED, _CANCELED) and not given_up:
        found.wrong.append(f"{client.ask}: {state}: {status.get('message')}")
    if client.heard not in (None, text):
        found.wrong.append(f"{client.ask}: a follower heard {client.heard!r} of {text!r}")


def _check_said(turn: Turn, client: Client | None, chat: InnerFormat, found: Findings) -> None:
    """Its tokens are those of the script, to the last or, where it was ended, as far as it came."""
    script, said = draw(turn.ask).tokens(chat), [stretch for stretch in turn.stretches if stretch]
    begun = len(said) <= len(script) and said[:-1] == script[: len(said) - 1]
    begun = begun and (not said or said[-1] == script[len(said) - 1][: len(said[-1])])
    completed = client is not None and client.task["status"]["state"] == _COMPLETED
    if not begun or (completed and said != script):
        found.wrong.append(f"{turn.ask}: its transcript is not what the script says")


def _check_effects(ended: Sequence[Client], told: dict[str, Turn], folder: Path, found: Findings) -> None:
    ledger, attempts = _lines(folder / "ledger"), _lines(folder / "attempts")
    reserved = {path.name.replace(".", "/"): path.read_text() for path in (folder / "reserved").iterdir()}
    found.again = attempts.total() - len(attempts)
    known: set[str] = set()
    for client in ended:
        results = told[client.ask].results if client.ask in told else []
        completed = client.task["status"]["state"] == _COMPLETED
        calls = [call for stretch in draw(client.ask).stretches for call in stretch.calls]
        if completed and len(results) != len(calls):
            found.wrong.append(f"{client.ask}: {len(results)} results of {len(calls)} calls")
        for index, (tool, amount, _) in enumerate(calls):
            key = f"{client.task['id']}/c{index}"
            result = results[index] if index < len(results) else None
            if tool == ONCE:
                known.add(line := f"{key} {amount}")
                times = ledger[line]
                right = times == 1 if result == f"paid {amount}" else result in (None, _UNKNOWN) and times <= 1
                found.calls[f"{result if result in (None, _UNKNOWN) else 'paid'}, done {times} times"] += 1
            else:
                right = result == f"reserved {amount}" if completed else True
                right = right and (result != f"reserved {amount}" or reserved.get(key) == str(amount))
                right = right and reserved.get(key) in (None, str(amount))
                known.add(f"{key} {amount}")
            if not right:
                found.wrong.append(f"{client.ask}: {tool} {key}: told {result!r}, ledger {ledger[f'{key} {amount}']}")
    for line in (ledger | attempts).keys() - known:
        found.wrong.append(f"the ledger has {line!r}, which nobody asked for")


async def _check_database(database: AsyncEngine, accepted: int, found: Findings) -> None:
    async with database.connect() as connection:

        async def count(table: object, *where: object) -> int:
            rows = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return int(await connection.scalar(rows) or 0)

        expected = {
            "turns that have not ended": (await count(turns, not_(turns.c.ended)), 0),
            "turns": (await count(turns), accepted),
            "messages": (await count(messages), accepted),
            "results": (await count(results), 0),
            "answers": (await count(answers), 0),
        }
        found.wrong += [f"{has} {what} and not {wants}" for what, (has, wants) in expected.items() if has != wants]
        found.holders += Counter((await connection.scalars(select(turns.c.fence))).all())


def _lines(path: Path) -> Counter[str]:
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()
