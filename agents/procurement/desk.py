"""Draws what a procurement task is about and words it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agents.office.clauses import TOPICS, Topic
from agents.office.company import Offer, Office, Person, Supplier
from agents.office.lookup import Lookup, NotFound
from agents.office.phrasings import PHRASINGS, spoken, vary
from agents.procurement import phrasings as say
from agents.procurement import quantities, questions
from agents.procurement.check import Fact, Order
from agents.procurement.oracle import peer_failure
from agents.procurement.phrasings import Bank
from agents.procurement.quantities import Quantity
from service.training.task import Call, Split

_WORDED_LEARNT, _WORDED_JUDGED = 0.2, 0.12
"""How many quantities are not in digits."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to order, as a user words it."""

    supplier: Supplier
    offer: Offer
    amount: Quantity
    name: str
    """The supplier as the user writes it."""
    item: str
    """The item as the user writes it."""
    what: str
    """Quantity and item."""

    @property
    def quantity(self) -> int:
        return self.amount.number

    @property
    def order(self) -> Order:
        return Order(self.supplier.name, self.offer.item, self.quantity, self.offer.price_cents * self.quantity)

    @property
    def call(self) -> Call:
        return self.call_to(self.name)

    def call_to(self, supplier: str) -> Call:
        return Call("place_order", {"supplier": supplier, "item": self.item, "quantity": self.quantity})


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a supplier's contract."""

    supplier: Supplier
    topic: Topic

    @property
    def fact(self) -> Fact:
        clause = self.supplier.contract.find(self.topic.key)
        return Fact(self.topic, clause.value if clause else None)

    @property
    def fails(self) -> bool:
        return peer_failure(self.supplier, self.topic) is not None

    def call(self, name: str) -> Call:
        return Call("contracts", {"message": self.topic.question(name)})


class Desk:
    """Draws what a task is about and words it."""

    def __init__(self, office: Office, split: Split, rng: Random) -> None:
        self.office = office
        self.split = split
        self.rng = rng
        self._ordered: set[tuple[str, str, int]] = set()
        self._suppliers = Lookup(supplier.name for supplier in office.suppliers)
        items = sorted({offer.item for supplier in office.suppliers for offer in supplier.offers})
        self._items = Lookup(items)
        self.items = items
        self.best_offers: dict[str, Offer] = {}
        for supplier in office.suppliers:
            for offer in supplier.offers:
                best = self.best_offers.setdefault(offer.item, offer)
                if (offer.price_cents, offer.supplier) < (best.price_cents, best.supplier):
                    self.best_offers[offer.item] = offer
        self._by_name = {supplier.name: supplier for supplier in office.suppliers}
        self._findable = [supplier for supplier in office.suppliers if self._finds(supplier.name, supplier)]

    # What a task is about.

    def supplier(self) -> Supplier:
        return self.rng.choice(self._findable)

    def name(self, supplier: Supplier) -> str:
        """The supplier's name as a user may write it, if it means only this one."""
        name = spoken(supplier.name, self.rng)
        return name if self._finds(name, supplier) else supplier.name

    def _finds(self, name: str, supplier: Supplier) -> bool:
        try:
            return self._suppliers.find(name) == supplier.name
        except NotFound:
            return False

    def wish(self, supplier: Supplier, name: str | None = None, offer: Offer | None = None) -> Wish:
        """An order nobody has made yet; the supplier is written as `name`, or as a user may write it."""
        offer = offer or self.rng.choice(supplier.offers)
        worded = _WORDED_LEARNT if self.split is Split.TRAIN else _WORDED_JUDGED
        while True:
            amount = quantities.draw(self.office.names, worded, self.rng)
            if (supplier.name, offer.item, amount.number) not in self._ordered:
                break
        self._ordered.add((supplier.name, offer.item, amount.number))
        what, item = self.amount(offer.item, amount)
        return Wish(supplier, offer, amount, name or self.name(supplier), item, what)

    def cheapest(self) -> Wish:
        """An order from the supplier that asks least; its name is as the catalogue writes it."""
        offer = self.best_offers[self.rng.choice(self.items)]
        return self.wish(self._by_name[offer.supplier], offer.supplier, offer)

    def question(self, supplier: Supplier, avoid: Topic | None = None) -> Question:
        """Mostly a topic the contract settles, tariffs more often than others; the peer will answer."""
        while True:
            topic = TOPICS["tariffs"] if self.rng.random() < 0.12 else self.rng.choice(list(TOPICS.values()))
            question = Question(supplier, topic)
            absent = question.fact.value is None and self.rng.random() < 0.5
            if topic is not avoid and not absent and not question.fails:
                return question

    def tariffs(self) -> Question:
        """A question about tariffs that the contract answers; every second time the supplier bears them."""
        bears = self.rng.random() < 0.5
        while True:
            question = Question(self.supplier(), TOPICS["tariffs"])
            value = question.fact.value
            if value is not None and not question.fails and (value == "supplier") is bears:
                return question

    def person(self) -> Person:
        return self.rng.choice(self.office.people)

    def stranger(self) -> str:
        """The name of a supplier that is not ours."""
        while True:
            name = self.office.names.supplier(self.rng)
            try:
                self._suppliers.find(name)
            except NotFound:
                return name

    def unknown_item(self, supplier: Supplier | None = None) -> str:
        """An item that nobody offers, or that this supplier does not."""
        lookup = Lookup(offer.item for offer in supplier.offers) if supplier else self._items
        while True:
            item = self.office.names.item(self.rng)
            try:
                lookup.find(item)
            except NotFound:
                return item

    # How it is worded.

    def of(self, bank: Bank) -> str:
        return self.rng.choice(bank.of(self.split))

    def amount(self, item: str, amount: Quantity) -> tuple[str, str]:
        """Quantity with item, and the item alone as it is written there."""
        item = item.lower() if self.rng.random() < 0.05 else item
        if amount.number == 1:
            article = "an" if item[0] in "aeiou" else "a"
            return f"{self.rng.choice(('1', '1', 'one', article))} {item}", item
        fitting = [template for template in say.AMOUNT.of(self.split) if amount.fits(template)]
        template = "{n} {items}" if self.rng.random() < 0.5 else self.rng.choice(fitting)
        written = plural(item) if "{items}" in template else item
        return amount.fill(template).replace("{items}", written).replace("{item}", written), written

    def part(self, item: str) -> tuple[str, str]:
        """A quantity that cannot be ordered, with item, and the item alone as it is written there."""
        template = quantities.part(self.split is Split.PHRASINGS, self.rng)
        written = plural(item) if "{items}" in template else item
        if item[0].lower() in "aeiou":
            template = template.replace("a {item}", "an {item}")
        return template.replace("{items}", written).replace("{item}", written), written

    def asked(self, topic: Topic) -> str:
        """A whole question with a slot for the supplier."""
        known = PHRASINGS[topic.key]
        return sentence(self.rng.choice(known.held_out if self.split is Split.PHRASINGS else known.train))

    def clause(self, topic: Topic) -> str:
        """An indirect question, mostly about "them"."""
        known = PHRASINGS[topic.key]
        kind = self.rng.random()
        if kind < 0.7:
            return self.of(questions.THEIR_CLAUSE[topic.key])
        return self.rng.choice(known.held_out_clauses if self.split is Split.PHRASINGS else known.clauses)

    def noun(self, topic: Topic) -> str:
        known = PHRASINGS[topic.key]
        return self.rng.choice(known.held_out_nouns if self.split is Split.PHRASINGS else known.nouns)

    def then_ask(self, order: str, topic: Topic) -> str:
        """An order followed by a question about the same supplier."""
        if self.rng.random() < 0.65:
            return join(self.of(say.THEN_ASK), order, clause=self.clause(topic))
        question = self.of(questions.THEIR_QUESTION[topic.key]) if self.rng.random() < 0.7 else self.asked(topic)
        return join(self.of(say.THEN_QUESTION), order, question=question)

    def then_who(self, order: str) -> str:
        """An order followed by a question about a contact."""
        if self.rng.random() < 0.7:
            while "contract" in (template := self.of(say.THEN_ASK)):
                pass
            return join(template, order, clause=self.of(say.CONTACT_CLAUSE))
        return join(self.of(say.THEN_QUESTION), order, question=sentence(self.of(say.CONTACT)))

    def again_ask(self, topic: Topic) -> str:
        """A question about the supplier of the turn before."""
        kind = self.rng.random()
        if kind < 0.3:
            return f"And {self.noun(topic)}?" if self.rng.random() < 0.6 else f"What about {self.noun(topic)}?"
        if kind < 0.6:
            return self.of(questions.THEIR_QUESTION[topic.key])
        return self.of(say.AND_CLAUSE).replace("{clause}", self.of(questions.THEIR_CLAUSE[topic.key]))

    def write(self, template: str, wish: Wish | None = None, **slots: str) -> str:
        """Fills a template's slots after a little noise on its words."""
        if wish:
            slots = {"what": wish.what, "supplier": wish.name} | slots
        text = sentence(template)
        text = vary(text[0].upper() + text[1:], self.rng)
        if wish:
            text = wish.amount.fill(text)
        for slot, filling in slots.items():
            text = text.replace("{" + slot + "}", filling)
        if wish and text.startswith(wish.amount.alone) and self.rng.random() < 0.5:
            text = text[0].upper() + text[1:]
        return text


def sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."


def join(template: str, order: str, clause: str = "", question: str = "", verb: str = "") -> str:
    """Puts the parts into a joining template; the mark of an order that asks moves to the end of its sentence."""
    asks = order.endswith("?")
    order = order.rstrip(".?!")
    if asks and "{order}. " in template:
        template = template.replace("{order}. ", "{order}? ")
    elif asks and "{order}" in template and template.endswith("{clause}"):
        template += "?"
    lower = question if question[:2] in ("I ", "I'") else question[:1].lower() + question[1:]
    upper = question[:1].upper() + question[1:]
    for slot, filling in (
        ("{order}", order),
        ("{clause}", clause),
        ("{question}", lower),
        ("{Question}", upper),
        ("{verb}", verb),
        ("{Verb}", verb[:1].upper() + verb[1:]),
    ):
        template = template.replace(slot, filling)
    return template


def plural(item: str) -> str:
    """ "oak desk 160 cm" as "oak desks 160 cm"; what has no plural stays."""
    noun, size = item, ""
    words = item.split(" ")
    if len(words) > 2 and words[-2].isdigit():
        noun, size = " ".join(words[:-2]), " " + " ".join(words[-2:])
    if noun.endswith(_UNCOUNTED):
        return item
    if noun.endswith("shelf"):
        noun = noun[:-1] + "ves"
    elif noun.endswith(("x", "ch", "sh", "ss")):
        noun += "es"
    elif noun.endswith("y") and noun[-2] not in "aeiou":
        noun = noun[:-1] + "ies"
    else:
        noun += "s"
    return noun + size


_UNCOUNTED = (
    "paper",
    "wrap",
    "film",
    "goggles",
    "grease",
    "coolant",
    "lubricant",
    "detergent",
    "disinfectant",
    "primer",
    "varnish",
    "sealant",
    "tape",
)
