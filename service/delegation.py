"""The A2A extension by which agents that ask each other come to an end: what a question has come through, and what it
may still cost.

An agent that asks another while it answers puts a record under `URI` into the message's metadata, as
`delegation.schema.json` has it:

    {"root": "7f3c", "depth": 1, "chain": ["https://a.example"],
     "deadline": "2026-11-26T12:00:00Z", "budget": {"tokens": 300, "calls": 7}}

An agent that is in the chain already, or at too great a depth, refuses the question before it does anything for it. On
the way the record only gets narrower: an agent keeps to the least of what it was given and of its own limits, and gives
on what is left. A message that answers what an agent has asked has a record of its own, or none.

The budget is for a turn and all that is done for it by the agents that it asks, as far as they say what they use. It is
not divided among those that are asked side by side: when one is asked nobody knows whether another will be, and what
was held back for that would be missing where it is not, once more at each step of the way. So each may use what was
left when it was asked, which bounds n of them by n times that, and what they say that they have used counts against all
that is sampled or asked after it is known.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from google.protobuf.json_format import MessageToJson
from google.protobuf.struct_pb2 import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

URI = "https://innerloop.dev/extensions/delegation/v1"

MAX_DEPTH = 8
"""How many agents a question may come through on its way, and events on their way back."""
_MOST = 2**53 - 1
"""Of what JSON's numbers tell apart."""

_LATEST = datetime.max.replace(tzinfo=UTC).timestamp() // 1
"""Of the times that have a date."""

_Name = Annotated[str, Field(pattern="^[!-~]{1,256}$")]
_Count = Annotated[int, Field(ge=0, le=_MOST)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, use_attribute_docstrings=True)


class Budget(_Record):
    """What an agent and those that it asks may still use. Nothing is said of what is not in it."""

    tokens: _Count | None = None
    """Sampled."""
    calls: _Count | None = None
    """Of tools and agents."""


class Delegation(_Record):
    """What a question carries from agent to agent. All that is not in it is unknown, or without a limit."""

    root: _Name | None = None
    """Names the turn in which the first question was asked."""
    depth: _Count = 0
    """How many agents the question has come through."""
    chain: tuple[_Name, ...] = Field(default=(), max_length=64)
    """Those of them that have a name, the first one first: the URLs where their cards are found."""
    deadline: AwareDatetime | None = None
    """When nobody will wait for the answer any more."""
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _depth_counts_the_chain(self) -> Self:
        if self.depth < len(self.chain):
            raise ValueError(f"a chain of {len(self.chain)} agents is at least as deep, not {self.depth}")
        return self

    def refusal(self, agent: str) -> str | None:
        """Why the agent at this URL does not take the question; None if it does."""
        if agent in self.chain:
            return "this question has come through this agent already: agents ask each other in a circle"
        if self.depth > MAX_DEPTH:
            return f"this question has come through {self.depth} agents; at most {MAX_DEPTH} may ask each other"
        if self.deadline and self.deadline.timestamp() <= time.time():
            return "the deadline of this question has passed"
        if self.budget.tokens == 0:
            return "nothing is left of the tokens that this question may cost"
        return None

    def within(self, budget: Budget) -> Delegation:
        """With no more in its budget than in this one."""
        tokens, calls = _least(self.budget.tokens, budget.tokens), _least(self.budget.calls, budget.calls)
        return self._with(Budget(tokens=tokens, calls=calls))

    def spent(self, tokens: int, calls: int) -> Delegation:
        """With so much less in its budget, if it has one."""
        return self._with(Budget(tokens=_less(self.budget.tokens, tokens), calls=_less(self.budget.calls, calls)))

    def during(self, turn: str, deadline: float) -> Delegation:
        """In a turn that ends at `deadline` (seconds since 1970). It is the root if the question began in it."""
        until = datetime.fromtimestamp(min(deadline, _LATEST), UTC)
        return self.model_copy(update={"root": self.root or turn, "deadline": until})

    def through(self, agent: str | None) -> Delegation:
        """The same once the agent at this URL, if it has one, asks on."""
        return self.model_copy(update={"depth": self.depth + 1, "chain": (*self.chain, *([agent] if agent else []))})

    def _with(self, budget: Budget) -> Delegation:
        return self if budget == self.budget else self.model_copy(update={"budget": budget})

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)

    @classmethod
    def from_json(cls, data: object) -> Delegation:
        """Raises ValueError, in one line, for what is no record."""
        try:
            return cls.model_validate_json(json.dumps(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f".{part}" for part in first["loc"])
            raise ValueError(f"metadata[{URI}]{where}: {first['msg']}") from None

    @classmethod
    def of(cls, metadata: Struct) -> Delegation:
        """What a message's metadata say. Raises ValueError if it is no record."""
        if URI not in metadata.fields:
            return cls()
        return cls.from_json(json.loads(MessageToJson(metadata.fields[URI]), parse_float=_number))


def _least(one: int | None, other: int | None) -> int | None:
    return min((count for count in (one, other) if count is not None), default=None)


def _less(count: int | None, spent: int) -> int | None:
    return None if count is None else max(0, count - spent)


def _number(text: str) -> float:
    """All numbers of protocol buffers' JSON are floats, also those that were written as whole ones."""
    number = float(text)
    return int(number) if number.is_integer() else number
