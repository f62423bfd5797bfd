"""A conversation in the hands of the process that has its turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Self

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import LeaseLost
from service.journal import Begun, Finished
from service.messages import Answer, ToolResult
from service.sessions.database import upsert
from service.sessions.outages import through_outages
from service.sessions.tables import answers, results, spans, turns
from service.sessions.writes import Lease, Statement, Writes
from service.to_the_end import to_the_end
from service.transcript import Arrival, Transcript
from service.usage import Usage


async def read_conversation(database: AsyncEngine, conversation_id: str) -> Transcript:
    """What is stored now, whoever holds it. Empty for an unknown conversation."""
    return await to_the_end(_read_spans(database, conversation_id))


_EMPTY = Transcript()
_INSERT_SPANS = insert(spans)


class Session:
    """The journal of one turn: one row a span, so that keeping writes only what is new."""

    def __init__(
        self,
        writes: Writes,
        database: AsyncEngine,
        lease: Lease,
        conversation_id: str,
        transcript: Transcript = _EMPTY,
        noted: Mapping[str, Finished | Begun] = MappingProxyType({}),
        said: Mapping[str, tuple[Answer, ...]] = MappingProxyType({}),
        *,
        begun: bool = False,
        stop: str | None = None,
    ) -> None:
        self._writes = writes
        self._lease = lease
        self._conversation_id = conversation_id
        self._database = database
        self._upsert_results = upsert(database, results)
        self.transcript = transcript
        """What is stored, or on its way."""
        self.noted = noted
        self.answers = said
        self.stop = stop
        self.begun = begun
        """Whether it holds the message that the turn answers."""
        self.lost = False
        """Whether it is known that the turn is another process's."""
        self._grown = False

    @classmethod
    async def open(
        cls, writes: Writes, database: AsyncEngine, lease: Lease, conversation_id: str, *, begun: bool
    ) -> Self:
        """The conversation with all that is known of a turn in it, once the database is there to tell."""
        return await through_outages(lambda: cls._open(writes, database, lease, conversation_id, begun=begun))

    @classmethod
    async def _open(
        cls, writes: Writes, database: AsyncEngine, lease: Lease, conversation_id: str, *, begun: bool
    ) -> Self:
        transcript = await read_conversation(database, conversation_id)
        if not begun:
            return cls(writes, database, lease, conversation_id, transcript)
        noted = await to_the_end(_read_results(database, lease.turn_id))
        said = await to_the_end(_read_answers(database, lease.turn_id))
        stop = await to_the_end(_read_stop(database, lease.turn_id))
        return cls(writes, database, lease, conversation_id, transcript, noted, said, begun=True, stop=stop)

    async def keep(self, transcript: Transcript, stop: str | None = None) -> None:
        """Raises ValueError if it does not continue what is stored, and LeaseLost if the turn is another process's.

        Raises IntegrityError, and leaves what is stored as it is, if somebody else has written to the conversation.
        """
        known = self.transcript.spans
        if transcript.spans[: len(known)] != known:
            raise ValueError("a transcript only grows: this one does not continue what is stored")
        grown = Transcript.of(transcript.spans[len(known) :]).to_json()["spans"]
        statements: list[Statement] = []
        progress: dict[str, Any] = {"stop": stop} if stop and stop != self.stop else {}
        if grown:
            rows = [
                {"conversation_id": self._conversation_id, "position": len(known) + index, "span": span}
                for index, span in enumerate(grown)
            ]
            statements.append((_INSERT_SPANS, rows))
            if not self._grown:  # who gets on with a turn has not failed over it
                progress |= {"begun": True, "attempts": 1}
            self.transcript, self.begun, self._grown = transcript, True, True
        if progress:
            self.stop = stop or self.stop
            statements.append((update(turns).where(turns.c.id == self._lease.turn_id).values(progress), None))
        if not statements:
            return
        try:
            await self._write(*statements)
        except IntegrityError:
            # Written twice, for want of an answer. Else somebody has written here whom no lease has kept out.
            stored = await through_outages(lambda: read_conversation(self._database, self._conversation_id))
            if stored.spans[: len(transcript.spans)] != transcript.spans:
                raise

    async def begin(self, call_id: str, answers: int) -> None:
        """Raises LeaseLost if the turn is another process's."""
        await self._write_result(call_id, answers)

    async def note(self, finished: Finished) -> None:
        """Raises LeaseLost if the turn is another process's."""
        result, arrival = finished
        data = {"text": result.text, "is_error": result.is_error, "arrival": asdict(arrival)}
        data |= {"usage": result.usage.model_dump(), "below": result.below}
        await self._write_result(result.call_id, data)

    async def _write_result(self, call_id: str, result: dict[str, Any] | int) -> None:
        row = {"turn_id": self._lease.turn_id, "call_id": call_id, "result": result}
        await self._write((self._upsert_results, [row]))

    async def _write(self, *statements: Statement) -> None:
        try:
            await self._writes.write(*statements, lease=self._lease)
        except LeaseLost:
            self.lost = True
            raise


async def _read_spans(database: AsyncEngine, conversation_id: str) -> Transcript:
    rows = select(spans.c.span).where(spans.c.conversation_id == conversation_id).order_by(spans.c.position)
    async with database.connect() as connection:
        return Transcript.from_json({"version": 1, "spans": (await connection.scalars(rows)).all()})


async def _read_stop(database: AsyncEngine, turn_id: str) -> str | None:
    async with database.connect() as connection:
        return await connection.scalar(select(turns.c.stop).where(turns.c.id == turn_id))


async def _read_results(database: AsyncEngine, turn_id: str) -> dict[str, Finished | Begun]:
    rows = select(results.c.call_id, results.c.result).where(results.c.turn_id == turn_id)
    async with database.connect() as connection:
        return {call_id: _noted(call_id, result) for call_id, result in await connection.execute(rows)}


def _noted(call_id: str, result: Any) -> Finished | Begun:
    if isinstance(result, int):
        return Begun(result)
    usage = Usage.model_validate(result["usage"])
    text, is_error, below = result["text"], result["is_error"], result.get("below", 0)
    return Finished(ToolResult(call_id, text, is_error, usage, below), Arrival(**result["arrival"]))


async def _read_answers(database: AsyncEngine, turn_id: str) -> dict[str, tuple[Answer, ...]]:
    rows = (
        select(answers.c.call_id, answers.c.text, answers.c.memo)
        .where(answers.c.turn_id == turn_id)
        .order_by(answers.c.number)
    )
    said: dict[str, tuple[Answer, ...]] = {}
    async with database.connect() as connection:
        for call_id, text, memo in await connection.execute(rows):
            said[call_id] = (*said.get(call_id, ()), Answer(text, memo))
    return said
