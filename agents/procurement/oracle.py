"""What the contracts agent would say, for training without it."""

from __future__ import annotations

from zlib import crc32

from agents.office.clauses import Topic, read_question
from agents.office.company import Office, Supplier
from agents.office.lookup import Lookup, NotFound


def oracle(office: Office, question: str) -> str:
    """What the contracts agent would answer to a canonical question.

    Raises:
        ValueError: The agent "fails": it always does for a few suppliers' topics, so that failures can be trained.
    """
    read = read_question(question)
    if read is None:
        return "I can only answer questions about supplier contracts."
    topic, name = read
    supplier = next((supplier for supplier in office.suppliers if supplier.name == name), None)
    if supplier is None:
        try:
            found = Lookup(supplier.name for supplier in office.suppliers).find(name)
        except NotFound as error:
            return f'No contract with "{name}".{error.question}'
        supplier = next(supplier for supplier in office.suppliers if supplier.name == found)
    if failure := peer_failure(supplier, topic):
        raise ValueError(failure)
    clause = supplier.contract.find(topic.key)
    if clause is None or clause.value is None:
        return topic.absent(name)
    return topic.fact(name, clause.value, clause.number)


def peer_failure(supplier: Supplier, topic: Topic) -> str | None:
    """How asking about this topic fails, or None if it does not."""
    draw = crc32(f"{supplier.name} {topic.key}".encode())
    return _PEER_FAILURES[draw // 12 % len(_PEER_FAILURES)] if draw % 12 == 0 else None


_PEER_FAILURES = (
    "the contracts agent did not answer within 30 seconds",
    "the contracts agent cannot be reached",
    "the contracts agent is busy, try again later",
    "contracts timed out after 20 s",
    "contracts failed",
    "connection refused",
)
