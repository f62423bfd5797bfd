"""Conversations of several turns: what was said before is mostly left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

from agents.office.clauses import Topic
from agents.office.company import Supplier
from agents.procurement import phrasings as say
from agents.procurement import turns
from agents.procurement.answers import THANKS
from agents.procurement.check import Expected
from agents.procurement.desk import Desk, Wish
from agents.procurement.turns import turn_of
from service.training.task import ExpertTurn


class Talk:
    """Begins with an order, a question or offers, and goes on as often as it is told to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.turns: list[ExpertTurn] = []
        self.expected: list[Expected] = []
        """Of each turn."""
        self._supplier: Supplier | None = None
        """Who "they" are, if somebody is."""
        self._name = ""
        """As they were called."""
        self._topic: Topic | None = None
        """What was asked about them last."""
        self._wish: Wish | None = None
        """What there can be more of."""
        self._offered: Wish | None = None
        """What can be taken from the cheapest."""
        desk.rng.choices((self._order, self._ask, self._offers), (3, 2, 2))[0]()

    def go_on(self) -> None:
        moves: list[tuple[Callable[[], None], float]] = [
            (self._order, 1),
            (self._ask, 1),
            (self._contact, 2),
            (self._order_and_ask, 1),
            (self._thank, 0.5),
        ]
        if self._offered:
            moves += [(self._take_cheapest, 12)]
        if self._supplier:
            moves += [(self._ask_again, 4), (self._order_there, 3)]
        if self._wish:
            moves += [(self._more, 3), (self._past, 1)]
        choices, weights = zip(*moves, strict=True)
        self._desk.rng.choices(choices, weights)[0]()

    def _say(self, turn: ExpertTurn, **expected: Unpack[Expected]) -> None:
        self.turns.append(turn)
        self.expected.append(expected)
        self._offered = None

    def _about(self, wish: Wish) -> None:
        self._supplier, self._name, self._topic, self._wish = wish.supplier, wish.name, None, wish

    def _about_nobody(self) -> None:
        self._supplier = self._topic = self._wish = None

    # Turns that say all.

    def _order(self) -> None:
        wish = self._desk.wish(self._desk.supplier())
        self._say(turns.order(self._desk, wish), orders=(wish.order,))
        self._about(wish)

    def _ask(self) -> None:
        supplier = self._desk.supplier()
        name, question = self._desk.name(supplier), self._desk.question(supplier)
        self._say(turns.ask(self._desk, question, name), facts=(question.fact,))
        self._supplier, self._name, self._topic, self._wish = supplier, name, question.topic, None

    def _order_and_ask(self) -> None:
        wish = self._desk.wish(self._desk.supplier())
        question = self._desk.question(wish.supplier)
        turn = turns.order_and_ask(self._desk, wish, question)
        self._say(turn, orders=(wish.order,), facts=(question.fact,))
        self._about(wish)
        self._topic = question.topic

    def _contact(self) -> None:
        person = self._desk.person()
        self._say(turns.find_contact(self._desk, person.responsible_for), words=(person.email,))
        self._about_nobody()

    def _offers(self) -> None:
        drawn = self._desk.cheapest()
        turn, written = turns.compare_offers(self._desk, drawn.offer.item)
        self._say(turn, words=(drawn.supplier.name,))
        self._about_nobody()
        self._offered = replace(drawn, item=written)

    def _thank(self) -> None:
        self._say(turn_of(self._desk.write(self._desk.of(say.THANKS)), closing=THANKS), words=("welcome",))

    def _past(self) -> None:
        self._say(turns.ask_past(self._desk), words=("cannot",))

    # Turns that leave out what was said.

    def _take_cheapest(self) -> None:
        wish = self._offered
        assert wish
        said = self._desk.write(self._desk.of(say.TAKE_CHEAPEST), wish)
        self._say(turn_of(said, (wish.call,)), orders=(wish.order,))
        self._about(wish)

    def _more(self) -> None:
        wish = self._wish
        assert wish
        more = replace(self._desk.wish(wish.supplier, wish.name, wish.offer), item=wish.item)
        self._say(turn_of(self._desk.write(self._desk.of(say.MORE), more), (more.call,)), orders=(more.order,))

    def _order_there(self) -> None:
        assert self._supplier
        wish = self._desk.wish(self._supplier, self._name)
        self._say(turn_of(self._desk.write(self._desk.of(say.ORDER_THEM), wish), (wish.call,)), orders=(wish.order,))
        self._about(wish)

    def _ask_again(self) -> None:
        assert self._supplier
        question = self._desk.question(self._supplier, avoid=self._topic)
        said = self._desk.write(self._desk.again_ask(question.topic))
        self._say(turn_of(said, (question.call(self._name),)), facts=(question.fact,))
        self._topic, self._wish = question.topic, None
