"""What the procurement agent can do itself: find offers, place orders, find people."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import closing

from agents.office.company import Office, Person, connect
from agents.office.lookup import Lookup, NotFound
from service.tools.base import CallKey

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
    """The tools of the procurement agent over one office's database, as it is at each call.

    A call that cannot be served raises ValueError with a message written for the model. One that is made again, because
    nobody knows what came of it, does no more than once: an order knows the call that it was placed by.
    """

    def __init__(self, database: str) -> None:
        self._database = Office.open(database).database

    def find_offers(self, item: str) -> str:
        """Find which suppliers offer an item, cheapest first.

        Args:
            item: The item, as the user wrote it.
        """
        with closing(connect(self._database)) as database:
            items = Lookup(name for (name,) in database.execute("SELECT DISTINCT item FROM offer ORDER BY item"))
            try:
                name = items.find(singular(item))
            except NotFound as error:
                raise ValueError(f'Nobody offers "{item}".{_listed("Similar", error.similar)}') from None
            offers = database.execute(
                "SELECT supplier, price_cents FROM offer WHERE item = ? ORDER BY price_cents, supplier LIMIT ?",
                (name, OFFERS_SHOWN),
            ).fetchall()
        return f"{name}: " + "; ".join(f"{supplier} {euros(price)}" for supplier, price in offers)

    def place_order(self, supplier: str, item: str, quantity: int, key: CallKey) -> str:
        """Order an item from a supplier.

        Args:
            supplier: The supplier's name.
            item: The item, as the user wrote it.
            quantity: How many, at least 1.
        """
        if not 1 <= quantity <= MOST:
            raise ValueError(f"The quantity must be from 1 to {MOST}.")
        with closing(connect(self._database)) as database:
            suppliers = Lookup(name for (name,) in database.execute("SELECT name FROM supplier ORDER BY rowid"))
            try:
                seller = suppliers.find(supplier)
            except NotFound as error:
                raise ValueError(f'No supplier "{supplier}".{error.question}') from None
            offers = "SELECT item, price_cents FROM offer WHERE supplier = ? ORDER BY rowid"
            prices: dict[str, int] = dict(database.execute(offers, (seller,)))
            try:
                name = Lookup(prices).find(singular(item))
            except NotFound:
                raise ValueError(f'{seller} does not offer "{item}".{_listed("It offers", prices)}') from None
            price = prices[name]
            (number,) = database.execute(
                "INSERT INTO purchase_order (call_key, supplier, item, quantity, unit_price_cents, total_cents)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (call_key) DO UPDATE SET call_key = call_key RETURNING number",
                (key, seller, name, quantity, price, price * quantity),
            ).fetchone()
        return f"{number}: {quantity} x {name}, {seller}, {euros(price * quantity)}"

    def find_contact(self, subject: str) -> str:
        """Find who in our company is responsible for something, or a person by name.

        Args:
            subject: What the contact is needed for, or the person's name.
        """
        columns = "name, title, department, responsible_for, email, manager"
        with closing(connect(self._database)) as database:
            people = [Person(*row) for row in database.execute(f"SELECT {columns} FROM person ORDER BY rowid")]
        heads = {person.department: person for person in reversed(people)}  # a department's head is its first
        subjects = heads | {name: person for person in people for name in (person.responsible_for, person.name)}
        try:
            person = subjects[Lookup(subjects).find(subject)]
        except NotFound as error:
            raise ValueError(f'Nobody is responsible for "{subject}".{_listed("Similar", error.similar)}') from None
        manager = f", reports to {person.manager}" if person.manager else ""
        return f"{person.name}, {person.title}, {person.email}{manager}"


def _listed(before: str, names: Collection[str]) -> str:
    """The names as a further sentence, or nothing where there are no names."""
    return f" {before}: {', '.join(names)}." if names else ""
