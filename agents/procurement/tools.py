"""What the procurement agent can do itself: find offers, place orders, find people."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import closing

from agents.office.company import Office
from agents.office.lookup import Lookup, NotFound

OFFERS_SHOWN = 4
MOST = 1_000_000


def euros(cents: int) -> str:
    """1250 as "12.50 EUR"."""
    return f"{cents // 100}.{cents % 100:02} EUR"


def singular(item: str) -> str:
    """Undoes the English plurals that `Lookup` does not know: "shelves", "batteries", "boxes", "mice"."""
    for several, one in _PLURALS:
        item = several.sub(one, item)
    return item


_PLURALS = tuple(
    (re.compile(several, re.IGNORECASE), one)
    for several, one in (
        (r"\bshelves\b", "shelf"),
        (r"\bmice\b", "mouse"),
        (r"(?<=[^aeiou])ies\b", "y"),
        (r"(x|ss|ch|sh)es\b", r"\1"),
    )
)


class Procurement:
    """The tools of the procurement agent over one office's database.

    A call that cannot be served raises ValueError with a message written for the model.
    """

    def __init__(self, database: str, seed: int = 7, held_out: bool = False, suppliers: int = 60) -> None:
        self._office = Office.open(database, seed, held_out, suppliers)
        self._suppliers = Lookup(supplier.name for supplier in self._office.suppliers)
        self._offers = {
            supplier.name: {offer.item: offer.price_cents for offer in supplier.offers}
            for supplier in self._office.suppliers
        }
        self._items = Lookup(sorted({item for offers in self._offers.values() for item in offers}))
        self._items_of = {name: Lookup(offers) for name, offers in self._offers.items()}
        people = self._office.people
        heads = {person.department: person for person in reversed(people)}  # a department's head is its first
        self._subjects = heads | {name: person for person in people for name in (person.responsible_for, person.name)}
        self._subject_names = Lookup(self._subjects)

    def find_offers(self, item: str) -> str:
        """Find which suppliers offer an item, cheapest first.

        Args:
            item: The item, as the user wrote it.
        """
        try:
            name = self._items.find(singular(item))
        except NotFound as error:
            raise ValueError(f'Nobody offers "{item}".{_listed("Similar", error.similar)}') from None
        offers = sorted((prices[name], supplier) for supplier, prices in self._offers.items() if name in prices)
        return f"{name}: " + "; ".join(f"{supplier} {euros(price)}" for price, supplier in offers[:OFFERS_SHOWN])

    def place_order(self, supplier: str, item: str, quantity: int) -> str:
        """Order an item from a supplier.

        Args:
            supplier: The supplier's name.
            item: The item, as the user wrote it.
            quantity: How many, at least 1.
        """
        if not 1 <= quantity <= MOST:
            raise ValueError(f"The quantity must be from 1 to {MOST}.")
        try:
            seller = self._suppliers.find(supplier)
        except NotFound as error:
            meant = f" Did you mean {' or '.join(error.similar)}?" if error.similar else ""
            raise ValueError(f'No supplier "{supplier}".{meant}') from None
        try:
            name = self._items_of[seller].find(singular(item))
        except NotFound:
            raise ValueError(f'{seller} does not offer "{item}".{_listed("It offers", self._offers[seller])}') from None
        price = self._offers[seller][name]
        with closing(self._office.connect()) as connection:
            (number,) = connection.execute(
                "INSERT INTO purchase_order (supplier, item, quantity, unit_price_cents, total_cents)"
                " VALUES (?, ?, ?, ?, ?) RETURNING number",
                (seller, name, quantity, price, price * quantity),
            ).fetchone()
        return f"{number}: {quantity} x {name}, {seller}, {euros(price * quantity)}"

    def find_contact(self, subject: str) -> str:
        """Find who in our company is responsible for something, or a person by name.

        Args:
            subject: What the contact is needed for, or the person's name.
        """
        try:
            person = self._subjects[self._subject_names.find(subject)]
        except NotFound as error:
            raise ValueError(f'Nobody is responsible for "{subject}".{_listed("Similar", error.similar)}') from None
        manager = f", reports to {person.manager}" if person.manager else ""
        return f"{person.name}, {person.title}, {person.email}{manager}"


def _listed(before: str, names: Collection[str]) -> str:
    """The names as a further sentence, or nothing where there are no names."""
    return f" {before}: {', '.join(names)}." if names else ""
