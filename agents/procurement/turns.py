"""Turns of a conversation: what is said, and the calls that answer it, told in the agent's sentences."""

from __future__ import annotations

from functools import partial

from agents.procurement import phrasings as say
from agents.procurement.answers import PLACED, sentence_of
from agents.procurement.desk import Desk, Question, Wish, plural
from service.training.task import Call, ExpertTurn, Step


def turn_of(said: str, *rounds: tuple[Call, ...], closing: str = "", silent: bool = False) -> ExpertTurn:
    """Calls in rounds, each of which needs what the one before came to; `silent`: nothing is said of the first."""
    steps: list[Step] = []
    for number, calls in enumerate(rounds):
        before = steps[-1] if steps else None
        steps += [Step(call, None if silent and not number else partial(sentence_of, call), before) for call in calls]
    return ExpertTurn(said, tuple(steps), closing)


def order(desk: Desk, wish: Wish) -> ExpertTurn:
    return turn_of(desk.write(desk.of(say.ORDER), wish), (wish.call,))


def ask(desk: Desk, question: Question, name: str) -> ExpertTurn:
    """About the contract of a supplier that is called `name`."""
    return turn_of(desk.write(desk.asked(question.topic), supplier=name), (question.call(name),))


def order_and_ask(desk: Desk, wish: Wish, question: Question) -> ExpertTurn:
    """Both in one stretch."""
    said = desk.write(desk.then_ask(desk.of(say.ORDER), question.topic), wish)
    return turn_of(said, (wish.call, question.call(wish.name)))


def compare_offers(desk: Desk, item: str) -> tuple[ExpertTurn, str]:
    """Also the item as it is written there."""
    template = desk.of(say.OFFERS)
    written = plural(item) if "{items}" in template else item
    said = desk.write(template, items=written, item=written)
    return turn_of(said, (Call("find_offers", {"item": written}),)), written


def find_contact(desk: Desk, subject: str) -> ExpertTurn:
    said = desk.write(desk.of(say.CONTACT), subject=subject)
    return turn_of(said, (Call("find_contact", {"subject": subject}),))


def ask_past(desk: Desk) -> ExpertTurn:
    """About an order that was made before, for which there is no tool."""
    supplier = desk.supplier()
    several = plural(desk.rng.choice(supplier.offers).item)
    number = f"PO-{desk.rng.randrange(1001, 9999)}"
    said = desk.write(desk.of(say.PAST), supplier=desk.name(supplier), items=several, number=number)
    return turn_of(said, closing=PLACED)
