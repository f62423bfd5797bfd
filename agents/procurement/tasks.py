"""Tasks of the procurement agent: orders, contract questions for its peer, offers, contacts, and all of them joined.

Calls are made in the order asked, as many in one stretch as do not need each other's results, and the answer has one
sentence for each, in the same order. Everything the agent writes is copied from what it was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Unpack

from agents.office.clauses import TOPICS
from agents.office.company import Offer, Office
from agents.office.worlds import open_office
from agents.procurement import phrasings as say
from agents.procurement import questions, turns
from agents.procurement.answers import (
    GREETING,
    HOW_MANY,
    HOW_MANY_AND_WHERE,
    NOT_ORDERED,
    OUT_OF_SCOPE,
    THANKS,
    WHICH_SUPPLIER,
    WHOLE_ONLY,
)
from agents.procurement.check import Expected, check
from agents.procurement.desk import Desk, Question, Wish, join, plural, sentence
from agents.procurement.oracle import oracle, peer_failure
from agents.procurement.talk import Talk
from agents.procurement.tools import euros
from agents.procurement.turns import turn_of
from service.training.task import Call, ExpertTurn, Split, Task, World

__all__ = ["oracle", "tasks"]


def world(split: Split, seed: int, data: Path) -> World:
    """An office in `data`, tasks about it, and the contracts agent as the oracle plays it.

    The oracle fails now and then so that failures can be trained; the real agent does not, so no other split has them.
    """
    office = open_office(data, seed, split)
    drawn = (task for task in tasks(office, split, seed) if split is Split.TRAIN or task.kind != "peer failure")
    return World(drawn, peers={"contracts": lambda question: oracle(office, question)})


def tasks(office: Office, split: Split, seed: int) -> Iterator[Task]:
    """Endless tasks over an office that has a database. No two of one stream order the same thing.

    A task looks at the purchase orders made since it was drawn: draw it, run it once, check it.
    """
    desk = Desk(office, split, Random(f"procurement {split} {seed}"))
    kinds, learnt, judged = zip(*_KINDS, strict=True)
    weights = learnt if split is Split.TRAIN else judged
    while True:
        yield desk.rng.choices(kinds, weights)[0](desk)


def _task(desk: Desk, kind: str, *turns: ExpertTurn, **expected: Unpack[Expected]) -> Task:
    """Of the last turn something is expected."""
    before = [Expected() for _ in turns[1:]]
    return Task(kind, turns, check(desk.office, *before, expected))


def _order(desk: Desk) -> Task:
    wish = desk.wish(desk.supplier())
    return _task(desk, "order", turns.order(desk, wish), orders=(wish.order,))


def _contract(desk: Desk) -> Task:
    supplier = desk.supplier()
    question, name = desk.question(supplier), desk.name(supplier)
    return _task(desk, "contract", turns.ask(desk, question, name), facts=(question.fact,))


def _order_contract(desk: Desk) -> Task:
    """The order and the peer's question in one stretch."""
    wish = desk.wish(desk.supplier())
    question = desk.question(wish.supplier)
    if desk.rng.random() < 0.2:
        verb = desk.of(say.ORDER_VERB)
        if desk.rng.random() < 0.7:
            verb = verb.replace("{supplier}", "them")
        template = join(desk.of(say.QUESTION_FIRST), "", question=desk.asked(question.topic), verb=verb)
        turn = turn_of(desk.write(template, wish), (question.call(wish.name), wish.call))
    else:
        turn = turns.order_and_ask(desk, wish, question)
    return _task(desk, "order+contract", turn, orders=(wish.order,), facts=(question.fact,))


def _order_two_questions(desk: Desk) -> Task:
    wish = desk.wish(desk.supplier())
    first = desk.question(wish.supplier)
    second = desk.question(wish.supplier, avoid=first.topic)
    clauses = " and ".join(desk.of(questions.THEIR_CLAUSE[question.topic.key]) for question in (first, second))
    said = desk.write(join(desk.of(say.THEN_ASK), desk.of(say.ORDER), clause=clauses), wish)
    turn = turn_of(said, (wish.call, first.call(wish.name), second.call(wish.name)))
    return _task(desk, "order+contract+contract", turn, orders=(wish.order,), facts=(first.fact, second.fact))


def _offers(desk: Desk) -> Task:
    item = desk.rng.choice(desk.items)
    turn, _ = turns.compare_offers(desk, item)
    best = desk.best_offers[item]
    return _task(desk, "offers", turn, words=(best.supplier, euros(best.price_cents)))


def _cheapest(desk: Desk) -> Task:
    wish = desk.cheapest()
    said = desk.write(desk.of(say.CHEAPEST), wish)
    rounds = ((Call("find_offers", {"item": wish.item}),), (wish.call,))
    return _task(desk, "cheapest", turn_of(said, *rounds, silent=True), orders=(wish.order,))


def _cheapest_contract(desk: Desk) -> Task:
    wish = desk.cheapest()
    question = desk.question(wish.supplier)
    order = desk.of(say.CHEAPEST)
    if desk.rng.random() < 0.65:
        clause = desk.of(questions.THEIR_CLAUSE[question.topic.key])
        template = join(desk.of(say.THEN_ASK), order, clause=clause)
    else:
        asked = desk.of(questions.THEIR_QUESTION[question.topic.key])
        template = join(desk.of(say.THEN_QUESTION), order, question=asked)
    rounds = ((Call("find_offers", {"item": wish.item}),), (wish.call, question.call(wish.name)))
    turn = turn_of(desk.write(template, wish), *rounds, silent=True)
    return _task(desk, "cheapest+contract", turn, orders=(wish.order,), facts=(question.fact,))


def _conditional(desk: Desk) -> Task:
    """Orders only if the peer says that the supplier alone bears the tariffs."""
    question = desk.tariffs()
    wish = desk.wish(question.supplier)
    said, ask = _only_if(desk, wish), question.call(wish.name)
    if question.fact.value == "supplier":
        turn = turn_of(said, (ask,), (wish.call,))
        return _task(desk, "conditional", turn, orders=(wish.order,), facts=(question.fact,))
    turn = turn_of(said, (ask,), closing=NOT_ORDERED)
    return _task(desk, "conditional", turn, facts=(question.fact,), unwanted=(wish.order,))


def _only_if(desk: Desk, wish: Wish) -> str:
    verb = desk.of(say.ORDER_VERB)
    template = desk.of(say.CONDITIONAL).replace("{verb_them}", verb.replace("{supplier}", "them"))
    return desk.write(join(template, desk.of(say.ORDER), verb=verb), wish)


def _contact(desk: Desk) -> Task:
    person = desk.person()
    bank, subject = desk.rng.choices(
        (
            (say.CONTACT, person.responsible_for),
            (say.CONTACT, person.department.lower()),
            (say.PERSON, person.name),
        ),
        (6, 2, 2),
    )[0]
    if subject == person.department.lower():
        person = next(other for other in desk.office.people if other.department == person.department)
    said = desk.write(desk.of(bank), subject=subject)
    return _task(desk, "contact", turn_of(said, (Call("find_contact", {"subject": subject}),)), words=(person.email,))


def _order_contact(desk: Desk) -> Task:
    wish, person = desk.wish(desk.supplier()), desk.person()
    said = desk.write(desk.then_who(desk.of(say.ORDER)), wish, subject=person.responsible_for)
    calls = (wish.call, Call("find_contact", {"subject": person.responsible_for}))
    return _task(desk, "order+contact", turn_of(said, calls), orders=(wish.order,), words=(person.email,))


def _contact_contract(desk: Desk) -> Task:
    person, supplier = desk.person(), desk.supplier()
    question, name = desk.question(supplier), desk.name(supplier)
    calls = (Call("find_contact", {"subject": person.responsible_for}), question.call(name))
    who, asked = sentence(desk.of(say.CONTACT)), desk.asked(question.topic)
    if desk.rng.random() < 0.4:
        calls = (calls[1], calls[0])
        template = join(desk.of(say.THEN_QUESTION), asked, question=who)
    else:
        template = join(desk.of(say.THEN_QUESTION), who, question=asked)
    said = desk.write(template, supplier=name, subject=person.responsible_for)
    return _task(desk, "contact+contract", turn_of(said, calls), facts=(question.fact,), words=(person.email,))


def _two_questions(desk: Desk) -> Task:
    supplier = desk.supplier()
    name = desk.name(supplier)
    first = desk.question(supplier)
    second = desk.question(supplier, avoid=first.topic)
    said = desk.write(desk.then_ask(desk.asked(first.topic), second.topic), supplier=name)
    turn = turn_of(said, (first.call(name), second.call(name)))
    return _task(desk, "contract+contract", turn, facts=(first.fact, second.fact))


def _two_orders(desk: Desk) -> Task:
    first = desk.wish(desk.supplier())
    if desk.rng.random() < 0.4:
        offer = desk.rng.choice([offer for offer in first.supplier.offers if offer is not first.offer])
        second = desk.wish(first.supplier, first.name, offer)
        template = desk.of(say.TWO_ITEMS)
    else:
        second = desk.wish(desk.supplier())
        template = desk.of(say.TWO_ORDERS)
    said = desk.write(template, first, what2=second.what, supplier2=second.name)
    turn = turn_of(said, (first.call, second.call))
    return _task(desk, "order+order", turn, orders=(first.order, second.order))


def _follow_up(desk: Desk) -> Task:
    talk = Talk(desk)
    for _ in range(desk.rng.choices((1, 2, 3), (6, 3, 1))[0]):
        talk.go_on()
    return Task("follow-up", tuple(talk.turns), check(desk.office, *talk.expected))


def _failing(desk: Desk) -> Task:
    """Calls that cannot be served."""
    return desk.rng.choice((_unknown_supplier, _not_offered, _unknown_item, _unknown_subject, _unknown_contract))(desk)


def _unknown_supplier(desk: Desk) -> Task:
    wish = desk.wish(desk.supplier(), desk.stranger())
    if desk.rng.random() < 0.5:
        turn = turns.order(desk, wish)
    else:
        turn = turns.order_and_ask(desk, wish, Question(wish.supplier, desk.rng.choice(list(TOPICS.values()))))
    return _task(desk, "error", turn, words=("no supplier", wish.name), unwanted=(wish.order,))


def _not_offered(desk: Desk) -> Task:
    supplier = desk.supplier()
    wish = desk.wish(supplier, offer=Offer(supplier.name, desk.unknown_item(supplier), 0))
    return _task(desk, "error", turns.order(desk, wish), words=("not offer", wish.item), unwanted=(wish.order,))


def _unknown_item(desk: Desk) -> Task:
    item, supplier = desk.unknown_item(), desk.supplier()
    if desk.rng.random() < 0.5:
        wish = desk.wish(supplier, offer=Offer(supplier.name, item, 0))
        written = wish.item
        turn = turn_of(desk.write(desk.of(say.CHEAPEST), wish), (Call("find_offers", {"item": written}),))
    else:
        turn, written = turns.compare_offers(desk, item)
    return _task(desk, "error", turn, words=("nobody offers", written))


def _unknown_subject(desk: Desk) -> Task:
    subject = desk.rng.choice(_UNKNOWN_SUBJECTS)
    return _task(desk, "error", turns.find_contact(desk, subject), words=("nobody is responsible", subject))


_UNKNOWN_SUBJECTS = (
    "swimming lessons",
    "the choir",
    "astronomy",
    "beekeeping",
    "piano tuning",
    "the submarine",
    "elephants",
    "wedding cakes",
    "the zoo",
    "volcanoes",
    "horse racing",
    "karaoke",
)


def _unknown_contract(desk: Desk) -> Task:
    """A question, or an order that depends on it, about somebody with whom there is no contract."""
    wish = desk.wish(desk.supplier(), desk.stranger())
    if desk.rng.random() < 0.3:
        ask = Question(wish.supplier, TOPICS["tariffs"]).call(wish.name)
        turn = turn_of(_only_if(desk, wish), (ask,), closing=NOT_ORDERED)
    else:
        turn = turns.ask(desk, Question(wish.supplier, desk.rng.choice(list(TOPICS.values()))), wish.name)
    return _task(desk, "error", turn, words=("no contract", wish.name), unwanted=(wish.order,))


def _peer_fails(desk: Desk) -> Task:
    """What can be done is done; that the peer could not be asked is said."""
    kind = desk.rng.choices(("question", "order", "condition"), (3, 5, 2))[0]
    while True:
        topic = TOPICS["tariffs"] if kind == "condition" else desk.rng.choice(list(TOPICS.values()))
        question = Question(desk.supplier(), topic)
        if failure := peer_failure(question.supplier, question.topic):
            break
    wish = desk.wish(question.supplier)
    words = ("could not", failure)
    if kind == "question":
        return _task(desk, "peer failure", turns.ask(desk, question, wish.name), words=words)
    if kind == "condition":
        turn = turn_of(_only_if(desk, wish), (question.call(wish.name),), closing=NOT_ORDERED)
        return _task(desk, "peer failure", turn, words=words, unwanted=(wish.order,))
    return _task(desk, "peer failure", turns.order_and_ask(desk, wish, question), orders=(wish.order,), words=words)


def _missing(desk: Desk) -> Task:
    """An order that leaves something out: the agent asks, and orders once it knows."""
    wish = desk.wish(desk.supplier())
    kind = desk.rng.random()
    if kind < 0.25:
        said = desk.write(desk.of(say.NEITHER), items=plural(wish.offer.item))
        return _task(desk, "missing", turn_of(said, closing=HOW_MANY_AND_WHERE), words=("how many", "supplier"))
    if kind < 0.6:
        several = plural(wish.offer.item)
        wish = replace(wish, item=several)
        first = turn_of(desk.write(desk.of(say.NO_QUANTITY), wish, items=several), closing=HOW_MANY)
        second = turn_of(desk.write(desk.of(say.THE_QUANTITY), wish), (wish.call,))
        return _task(desk, "missing", first, second, orders=(wish.order,))
    first = turn_of(desk.write(desk.of(say.NO_SUPPLIER), wish), closing=WHICH_SUPPLIER)
    second = turn_of(desk.write(desk.of(say.THE_SUPPLIER), wish), (wish.call,))
    return _task(desk, "missing", first, second, orders=(wish.order,))


def _part(desk: Desk) -> Task:
    """An order of half a thing: the agent asks, and orders once it knows."""
    wish = desk.wish(desk.supplier())
    what, item = desk.part(wish.offer.item)
    wish = replace(wish, item=item, what=what)
    order = desk.of(say.ORDER)
    if desk.rng.random() < 0.7:
        expected = Expected(words=("how many",))
        first = turn_of(desk.write(order, wish), closing=WHOLE_ONLY)
    else:
        question = desk.question(wish.supplier)
        expected = Expected(words=("how many",), facts=(question.fact,))
        said = desk.write(desk.then_ask(order, question.topic), wish)
        first = turn_of(said, (question.call(wish.name),), closing=WHOLE_ONLY)
    second = turn_of(desk.write(desk.of(say.THE_QUANTITY), wish), (wish.call,))
    return Task("part", (first, second), check(desk.office, expected, Expected(orders=(wish.order,))))


def _past(desk: Desk) -> Task:
    return _task(desk, "past", turns.ask_past(desk), words=("cannot",))


def _chat(desk: Desk) -> Task:
    bank, answer, word = desk.rng.choice(
        ((say.GREETING, GREETING, "hello"), (say.THANKS, THANKS, "welcome"), (say.OUT_OF_SCOPE, OUT_OF_SCOPE, "only"))
    )
    return _task(desk, "chat", turn_of(desk.write(desk.of(bank)), closing=answer), words=(word,))


_KINDS: tuple[tuple[Callable[[Desk], Task], float, float], ...] = (
    (_order, 8, 11),
    (_contract, 7, 9),
    (_order_contract, 23, 42),
    (_order_two_questions, 4, 4),
    (_offers, 3.5, 5),
    (_cheapest, 5, 7),
    (_cheapest_contract, 9, 16),
    (_conditional, 10, 16),
    (_contact, 4, 5),
    (_order_contact, 4, 5),
    (_contact_contract, 5, 6),
    (_two_questions, 3, 4),
    (_two_orders, 4, 3),
    (_follow_up, 12, 12),
    (_failing, 2.5, 2.5),
    (_peer_fails, 1.5, 1.5),
    (_missing, 2.5, 2),
    (_part, 2, 1),
    (_past, 2, 1),
    (_chat, 2, 2),
)
"""How often each comes where an agent learns, and where it is judged: there, most take several calls, the peer's among
them."""
