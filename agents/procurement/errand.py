"""One errand that takes both agents: what is asked, and how to tell whether it was done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agents.office.clauses import TOPICS
from agents.office.company import Clause, Offer, Office
from agents.procurement.check import Fact
from agents.procurement.desk import plural

_QUANTITY = 40
_TOPIC = TOPICS["tariffs"]


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked for, and how to tell whether it was done."""

    office: Office
    offer: Offer
    clause: Clause
    """What the contract with the same supplier says about tariffs."""
    orders_before: int

    @classmethod
    def in_office(cls, database: Path) -> Errand:
        """With the first supplier that bears the tariffs and sells something of a plain name."""
        office = Office.open(database)
        for supplier in office.suppliers:
            plain = [offer for offer in supplier.offers if offer.item.replace(" ", "").isalpha()]
            clause = supplier.contract.find(_TOPIC.key)
            if plain and clause and clause.value == "supplier":
                return cls(office, plain[0], clause, len(_orders(office)))
        raise AssertionError("some supplier bears the tariffs")

    @property
    def question(self) -> str:
        goods = f"{_QUANTITY} {plural(self.offer.item)}"
        return f"Order {goods} from {self.offer.supplier} and tell me whether they bear the tariffs."

    def findings(self, answer: str) -> Iterator[tuple[bool, str]]:
        """What was looked at, and whether it is right."""
        orders = _orders(self.office)[self.orders_before :]
        wanted = f"{_QUANTITY} x {self.offer.item} from {self.offer.supplier}"
        made = ", ".join(f"{number}: {what}" for number, what in orders) or "nothing"
        ordered = [what for _, what in orders] == [wanted]
        yield ordered, f"ordered in the database: {made}{'' if ordered else f'; asked for: {wanted}'}"
        yield bool(orders) and orders[0][0] in answer, "the answer names the order's number"
        stated = Fact(_TOPIC, self.clause.value).stated_in(answer)
        yield stated, f'the answer agrees with clause {self.clause.number} of the contract: "{self.clause.text}"'


def _orders(office: Office) -> list[tuple[str, str]]:
    """Numbers and contents of all purchase orders, the oldest first."""
    with closing(office.connect()) as database:
        rows = database.execute("SELECT number, quantity, item, supplier FROM purchase_order ORDER BY id")
        return [(number, f"{quantity} x {item} from {supplier}") for number, quantity, item, supplier in rows]
