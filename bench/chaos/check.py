"""What must be true in the end, whatever happened: by the tasks, the transcripts and the ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from a2a.types import Role, Task, TaskState
from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.chaos.clients import Client, difference, numbers_of, text_of
from bench.chaos.plan import ASK, EFFECTS, KEYED, PEER, Call, Plan, draw
from service.chat.inner import InnerFormat
from service.endpoint.tasks import Tasks
from service.extension import events_of
from service.sessions.database import open_database
from service.sessions.session import read_conversation
from service.sessions.tables import answers, messages, results, turns
from service.transcript import Origin, Transcript

_UNKNOWN = "error: interrupted: it may or may not have been done"
_UNANSWERED = "error: nobody answered in time"
_DECLINED = "error: not done, since the user did not agree but said: "
_NOT_ASKED = ("error: peer cannot be reached", "error: peer refused")
"""What is said of a peer that did not get the message."""
_LOST = (
    "error: peer cannot be reached, and may or may not",
    "error: peer stopped without an answer",
    "error: peer failed",
    "error: peer gave no result within",
)
"""What is said of one of which nobody knows what it has done."""
_GIVEN_UP = "it is given up"


@dataclass(slots=True)
class Said:
    """What a transcript has of one turn."""

    sampled: tuple[int, ...] = ()
    results: dict[str, str] = field(default_factory=dict)
    """By call id."""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """As it is stored."""

    task: Task
    said: Said
    chat: InnerFormat
    """In which it was said."""

    @property
    def ask(self) -> str:
        return text_of(self.task.history[0])

    @property
    def is_peers(self) -> bool:
        """Whether another agent asked."""
        return self.ask.count("/") > 1

    @property
    def completed(self) -> bool:
        return self.task.status.state == TaskState.TASK_STATE_COMPLETED

    @property
    def answers(self) -> dict[str, str]:
        """By question, in the order asked."""
        said = self.task.history
        return {text_of(one): text_of(next_one) for one, next_one in pairwise(said) if one.role == Role.ROLE_AGENT}


@dataclass(slots=True)
class Findings:
    """What was counted, and what is wrong."""

    states: Counter[str] = field(default_factory=Counter)
    """Of the tasks that clients began."""
    peers_states: Counter[str] = field(default_factory=Counter)
    """Of those that agents began."""
    calls: Counter[str] = field(default_factory=Counter)
    """By tool, what their turn was told, and how often they were done."""
    again: int = 0
    """Attempts at keyed calls beyond each one's first."""
    holders: Counter[int] = field(default_factory=Counter)
    """Turns, by how many leases they had."""
    wrong: list[str] = field(default_factory=list)


async def check(
    clients: Sequence[Client], agents: Mapping[str, InnerFormat], folder: Path, patience_seconds: float
) -> Findings:
    """After all clients have rested. `agents` are their databases' URLs and formats; `folder` has the ledger.

    What agents were asked by agents may take some seconds longer to end, if whoever asked has not waited for it.
    """
    found = Findings()
    by_ask: dict[str, StoredTurn] = {}
    for url, chat in agents.items():
        async with open_database(url) as database:
            await _wait_for_ends(database, patience_seconds)
            stored = await _read_turns(database, chat, found)
            await _check_database(database, stored, found)
        for turn in stored:
            if turn.ask in by_ask:
                found.wrong.append(f"{turn.ask}: has two tasks")
            by_ask[turn.ask] = turn
    for client in clients:
        _check_client(client, by_ask.get(client.ask), found)
    cancelled = {client.ask for client in clients if client.cancels}
    for turn in by_ask.values():
        _check_turn(turn, turn.is_peers or turn.ask in cancelled, found)
    _check_calls(by_ask, folder, found)
    return found


async def _wait_for_ends(database: AsyncEngine, seconds: float) -> None:
    until = time.monotonic() + seconds
    async with database.connect() as connection:
        while time.monotonic() < until:
            if not await connection.scalar(select(func.count()).where(not_(turns.c.ended))):
                return
            await connection.commit()
            await asyncio.sleep(0.5)


async def _read_turns(database: AsyncEngine, chat: InnerFormat, found: Findings) -> list[StoredTurn]:
    async with database.connect() as connection:
        contexts = dict((await connection.execute(select(turns.c.id, turns.c.conversation_id))).all())
    tasks = {id: task for id, (task, _) in (await Tasks(database).read(contexts.keys())).items()}
    read: list[StoredTurn] = []
    for context_id in set(contexts.values()):
        said = list(_read_said(await read_conversation(database, context_id), chat, found))
        there = [StoredTurn(task, Said(), chat) for id, task in tasks.items() if contexts[id] == context_id]
        if Counter(ask for ask, _ in said) - Counter(turn.ask for turn in there):
            found.wrong.append(f"the conversation {context_id} has {[ask for ask, _ in said]}")
        read += [StoredTurn(turn.task, dict(said).get(turn.ask, turn.said), chat) for turn in there]
    return read


def _read_said(transcript: Transcript, chat: InnerFormat, found: Findings) -> Iterator[tuple[str, Said]]:
    """By what was asked, in order."""
    ask, said = "", Said()
    for span in transcript.spans:
        text = chat.read(span.tokens)
        if span.origin is Origin.GIVEN and "<|im_start|>user\n" in text:
            if ask:
                yield ask, said
            ask, said = text.split("<|im_start|>user\n")[1].split("<|im_end|>")[0], Said()
        elif span.origin is Origin.SAMPLED:
            said.sampled += span.tokens
        elif span.origin is Origin.RETURNED:
            texts = [each.split("<|result|>")[1] for each in text.split("<|end_result|>")[:-1]]
            for arrival, result in zip(span.arrivals, texts, strict=True):
                if arrival.call_id in said.results:
                    found.wrong.append(f"{ask}: two results of {arrival.call_id}")
                said.results[arrival.call_id] = result.removeprefix(f"{arrival.call_id} " if chat.live else "")
    if ask:
        yield ask, said


def _check_client(client: Client, turn: StoredTurn | None, found: Findings) -> None:
    """It knows one task, heard all that this has, and the task has all that it has said."""
    wrong = list(client.wrong)
    if len(client.task_ids) != 1:
        wrong.append(f"has the tasks {sorted(client.task_ids)}")
    if not client.ended:
        wrong.append(f"has not ended: {client.task.status}")
    elif turn is None or _without_record(turn.task) != _without_record(client.task):
        wrong.append(f"was told what is not stored: {difference(client.task, turn.task if turn else Task())}")
    else:
        wrong += _check_events(client, turn)
    said = {message.message_id for message in client.task.history if message.role == Role.ROLE_USER}
    if lost := [each for each in client.answers.values() if each.message_id not in said]:
        wrong.append(f"answers were accepted, and are not there: {lost}")
    found.wrong += [f"{client.ask}: {each}" for each in wrong]


def _without_record(task: Task) -> Task:
    copy = Task()
    copy.CopyFrom(task)
    copy.ClearField("metadata")
    return copy


def _check_events(client: Client, turn: StoredTurn) -> Iterator[str]:
    """All are in the task in the end, and whoever has followed it has heard them all, and its text."""
    events = events_of(client.task.metadata)
    numbers, text = numbers_of(events), text_of(*client.task.artifacts)
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"has events with the numbers {numbers}"
    if client.heard not in (None, (text, numbers)):
        yield f"a follower heard {client.heard!r} of {text!r}, {numbers}"
    said = [(event.struct_value["kind"], event.struct_value.fields.get("call_id")) for event in events]
    for kind in ("call_started", "call_finished"):
        told = [call_id.string_value for each, call_id in said if each == kind and call_id]
        if turn.completed and sorted(told) != sorted(turn.said.results):
            yield f"tells {kind} of {told}"


def _check_turn(turn: StoredTurn, may_be_cancelled: bool, found: Findings) -> None:
    """It has ended, and says what the script says, to the last or, where it was ended, as far as it came."""
    status, text, plan = turn.task.status, text_of(*turn.task.artifacts), draw(turn.ask)
    state = TaskState.Name(status.state).removeprefix("TASK_STATE_").lower()
    (found.peers_states if turn.is_peers else found.states)[state] += 1
    said, script = turn.said.sampled, plan.tokens(turn.chat)
    if turn.chat.live:  # which ends again, when a result comes in after it has ended
        script += (script[-1],) * max(0, len(said) - len(script))
    if said != script[: len(said)] or not plan.answer.startswith(text):
        found.wrong.append(f"{turn.ask}: says {text!r}, from {turn.chat.read(said)!r}")
    if turn.completed:
        if text != plan.answer or len(said) < len(script) or len(turn.said.results) != len(plan.calls):
            found.wrong.append(f"{turn.ask}: has completed, but is not whole: {turn.chat.read(said)!r}")
    elif status.state != TaskState.TASK_STATE_CANCELED:
        if _GIVEN_UP not in text_of(status.message):
            found.wrong.append(f"{turn.ask}: {state}: {text_of(status.message)}")
    elif not may_be_cancelled:
        found.wrong.append(f"{turn.ask}: was cancelled by nobody")
    expected = _questions(plan)
    if not all(question in expected for question in turn.answers):  # as an iterator: in this order
        found.wrong.append(f"{turn.ask}: has asked {list(turn.answers)}")


def _questions(plan: Plan) -> Iterator[str]:
    """In the order in which they are asked, if all are."""
    for call in plan.calls:
        if call.question:
            yield call.question
        elif call.tool == PEER:
            yield from (f"{PEER} asks: {question}" for question in _questions(draw(call.message)))


def _check_calls(by_ask: Mapping[str, StoredTurn], folder: Path, found: Findings) -> None:
    """Of each call that was made, what was done is what its turn was told; and nothing else was done."""
    attempts = _lines(folder / "attempts")
    found.again = attempts.total() - len(attempts)
    reserved = (f"{path.name.replace('.', '/')} {path.read_text()}" for path in (folder / "reserved").iterdir())
    done = _lines(folder / "ledger") + Counter(reserved)
    strange = (done + attempts).keys() | {turn.ask for turn in by_ask.values() if turn.is_peers}
    for turn in by_ask.values():
        made = turn.chat.read(turn.said.sampled).count("<|end_call|>")
        for index, call in enumerate(draw(turn.ask).calls[:made]):
            result, effect = turn.said.results.get(f"c{index}"), f"{turn.task.id}/c{index} {call.amount}"
            if not _is_right(turn, call, result, done[effect], by_ask.get(call.message)):
                found.wrong.append(f"{turn.ask}: {call} {effect}: told {result!r}, done {done[effect]} times")
            strange -= {effect, call.message}
            told = "nothing" if result is None else (result.partition("error: ")[2].split(":")[0] or "that it is done")
            found.calls[f"{call.tool}, done {done[effect]} times, told {told}"] += 1
    if strange:
        found.wrong.append(f"nobody has asked for {strange}")


def _is_right(turn: StoredTurn, call: Call, result: str | None, times: int, peers: StoredTurn | None) -> bool:
    """Whether a turn was told what came of a call, or that nobody knows. `peers` is the turn that it asked for."""
    answer = turn.answers.get(call.question) if call.question else "yes"
    if times > (answer == "yes"):
        return False
    if result is None or (result == _UNKNOWN and not turn.completed):
        return not turn.completed
    if call.tool == PEER:
        if result == draw(call.message).answer:
            return peers is not None and peers.completed
        return result.startswith((_UNANSWERED, *_LOST)) or (peers is None and result.startswith(_NOT_ASKED))
    if answer is None:
        return result == _UNANSWERED
    if call.tool == ASK:
        return result == answer
    if answer != "yes":  # what came too late for the question before may be taken for the answer to this one
        return result == _DECLINED + answer
    if result == _UNKNOWN:
        return call.tool not in KEYED
    return times == 1 and result == f"{EFFECTS[call.tool]} {call.amount}"


async def _check_database(database: AsyncEngine, stored: Sequence[StoredTurn], found: Findings) -> None:
    said = sum(message.role == Role.ROLE_USER for turn in stored for message in turn.task.history)
    async with database.connect() as connection:

        async def count(table: object, *where: object) -> int:
            rows = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return int(await connection.scalar(rows) or 0)

        expected = {
            "turns that have not ended": (await count(turns, not_(turns.c.ended)), 0),
            "messages": (await count(messages), said),
            "results": (await count(results), 0),
            "answers": (await count(answers), 0),
        }
        found.wrong += [f"{has} {what} and not {wants}" for what, (has, wants) in expected.items() if has != wants]
        found.holders += Counter((await connection.scalars(select(turns.c.fence))).all())


def _lines(path: Path) -> Counter[str]:
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()
