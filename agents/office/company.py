"""A made-up company, the same for the same seed: suppliers with catalogues and contracts, and its people."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from agents.office.clauses import TOPICS, Value
from agents.office.lookup import name_key
from agents.office.names import REAL, Names
from agents.office.pools import DEPARTMENTS
from agents.office.wordings import FILLERS

SEED = 7
"""Of the company that the agents work for, unless they are given another one's database."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one supplier asks for one item."""

    supplier: str
    item: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered clause of a contract."""

    number: int
    heading: str
    text: str
    topic: str | None
    """A key of `TOPICS`; None for boilerplate."""
    value: Value | None


@dataclass(frozen=True, slots=True)
class Contract:
    """The one contract with a supplier."""

    supplier: str
    clauses: tuple[Clause, ...]

    def find(self, topic: str) -> Clause | None:
        """The clause about a topic, or None."""
        return next((clause for clause in self.clauses if clause.topic == topic), None)


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier, what it sells and the contract with it."""

    name: str
    offers: tuple[Offer, ...]
    contract: Contract


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the organisation chart."""

    name: str
    title: str
    department: str
    responsible_for: str
    email: str
    manager: str | None


@dataclass(frozen=True, slots=True)
class Office:
    """The whole company as it was made. What is changed in its database later shows only there."""

    seed: int
    names: Names
    new_wordings: bool
    """Whether its contracts are worded as none in training is."""
    suppliers: tuple[Supplier, ...]
    people: tuple[Person, ...]
    first_order: int
    """The number of the first purchase order: a different one in every office, so that it has to be read."""
    path: Path | None = None

    @classmethod
    def generate(cls, seed: int = SEED, names: Names = REAL, new_wordings: bool = False, suppliers: int = 60) -> Office:
        """An office without a database."""
        rng = Random(f"office {seed} {names.held_out}")
        return cls(
            seed=seed,
            names=names,
            new_wordings=new_wordings,
            suppliers=tuple(_suppliers(names, new_wordings, rng, suppliers)),
            people=tuple(_people(names, rng)),
            first_order=rng.randrange(1001, 9800),
        )

    @classmethod
    def open(
        cls, path: str | Path, seed: int = SEED, names: Names = REAL, new_wordings: bool = False, suppliers: int = 60
    ) -> Office:
        """An office with its database at `path`. Several processes may open it at once.

        If the file is absent, it is made from the other arguments; if it is there, they do not count.

        Raises:
            ValueError: The file was made by another version of this.
        """
        path = Path(path)
        if not path.exists():
            replace(cls.generate(seed, names, new_wordings, suppliers), path=path)._create(path)
        try:
            with closing(sqlite3.connect(path)) as database:
                made = database.execute("SELECT seed, held_out, invents, new_wordings, suppliers FROM office")
                seed, held_out, invents, new, suppliers = made.fetchone()
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} is not an office of this version ({error}): move it out of the way") from error
        return replace(cls.generate(seed, Names(bool(held_out), bool(invents)), bool(new), suppliers), path=path)

    @property
    def database(self) -> Path:
        """Where the SQLite file is.

        Raises:
            ValueError: The office was generated, not opened.
        """
        if self.path is None:
            raise ValueError("a generated office has no database; use Office.open")
        return self.path

    def connect(self) -> sqlite3.Connection:
        return connect(self.database)

    def _create(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            draft = Path(folder) / "office.sqlite"
            with closing(sqlite3.connect(draft)) as database:
                database.execute("PRAGMA journal_mode = WAL")  # stays with the file
                database.executescript(_SCHEMA)
                self._fill(database)
                database.commit()
            with suppress(FileExistsError):  # another process was first, with the same content
                os.link(draft, path)

    def _fill(self, database: sqlite3.Connection) -> None:
        insert = database.executemany
        made = (self.seed, self.names.held_out, self.names.invents, self.new_wordings, len(self.suppliers))
        insert("INSERT INTO office VALUES (?, ?, ?, ?, ?)", [made])
        insert("INSERT INTO supplier VALUES (?)", [(supplier.name,) for supplier in self.suppliers])
        offers = (offer for supplier in self.suppliers for offer in supplier.offers)
        insert(
            "INSERT INTO offer VALUES (?, ?, ?)", [(offer.supplier, offer.item, offer.price_cents) for offer in offers]
        )
        contracts = [supplier.contract for supplier in self.suppliers]
        insert("INSERT INTO contract VALUES (?)", [(contract.supplier,) for contract in contracts])
        insert(
            "INSERT INTO clause VALUES (?, ?, ?, ?)",
            [(contract.supplier, c.number, c.heading, c.text) for contract in contracts for c in contract.clauses],
        )
        insert(
            "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?)",
            [(p.name, p.title, p.department, p.responsible_for, p.email, p.manager) for p in self.people],
        )
        insert("INSERT INTO sqlite_sequence VALUES ('purchase_order', ?)", [(self.first_order - 1,)])


def connect(database: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for other writers."""
    return sqlite3.connect(database, timeout=10, isolation_level=None)


_SCHEMA = """
CREATE TABLE office (seed INTEGER, held_out INTEGER, invents INTEGER, new_wordings INTEGER, suppliers INTEGER);
CREATE TABLE supplier (name TEXT PRIMARY KEY);
CREATE TABLE offer (supplier TEXT REFERENCES supplier, item TEXT, price_cents INTEGER, PRIMARY KEY (supplier, item));
CREATE TABLE contract (supplier TEXT PRIMARY KEY REFERENCES supplier);
CREATE TABLE clause (
    supplier TEXT REFERENCES contract, number INTEGER, heading TEXT, text TEXT, PRIMARY KEY (supplier, number)
);
CREATE TABLE person (
    name TEXT PRIMARY KEY, title TEXT, department TEXT, responsible_for TEXT, email TEXT, manager TEXT REFERENCES person
);
CREATE TABLE purchase_order (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT GENERATED ALWAYS AS ('PO-' || id) STORED UNIQUE,
    call_key TEXT UNIQUE,
    supplier TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""


def _suppliers(names: Names, new_wordings: bool, rng: Random, count: int) -> Iterator[Supplier]:
    """Distinct suppliers; about one item in four is one that an earlier supplier offers too."""
    taken: set[tuple[str, ...]] = set()
    shared: list[tuple[str, int]] = []
    while len(taken) < count:
        name = names.supplier(rng)
        if name_key(name) in taken:
            continue
        taken.add(name_key(name))
        prices: dict[str, int] = {}
        for _ in range(rng.randint(4, 6)):
            if shared and rng.random() < 0.3:
                item, usual = shared.pop(rng.randrange(len(shared)))
                prices[item] = names.number(rng, usual * 4 // 5, usual * 6 // 5 + 10)
            else:
                item, price = names.item(rng), names.number(rng, 40, rng.choice((500, 5_000, 50_000)))
                prices[item] = price
                shared.extend([(item, price)] * rng.choice((0, 1, 1, 2)))
        offers = tuple(Offer(name, item, price) for item, price in prices.items())
        yield Supplier(name, offers, _contract(name, names, new_wordings, rng))


def _contract(supplier: str, names: Names, new_wordings: bool, rng: Random) -> Contract:
    """Eight to eleven topics and three or four boilerplate clauses, shuffled."""
    drafts: list[tuple[str, str, str | None, Value | None]] = []
    for topic in rng.sample(list(TOPICS.values()), rng.randint(8, 11)):
        value = topic.draw(names, rng)
        drafts.append((rng.choice(topic.headings), topic.write(value, new_wordings, rng), topic.key, value))
    drafts += [(heading, text, None, None) for heading, text in rng.sample(FILLERS, rng.randint(3, 4))]
    rng.shuffle(drafts)
    return Contract(supplier, tuple(Clause(number, *draft) for number, draft in enumerate(drafts, start=1)))


def _people(names: Names, rng: Random) -> Iterator[Person]:
    """A managing director, a head for every department, and one person for each further subject."""
    taken: set[str] = set()

    def somebody() -> str:
        while (name := names.person(rng)) in taken:
            pass
        taken.add(name)
        return name

    director = somebody()
    yield Person(director, "Managing Director", "Management", "company strategy", _email(director), None)
    for department, subjects in DEPARTMENTS.items():
        head, *rest = rng.sample(subjects, rng.randint(3, 4))
        boss = somebody()
        yield Person(boss, f"Head of {department}", department, head, _email(boss), director)
        for subject in rest:
            name = somebody()
            title = f"{department} {rng.choice(('Manager', 'Specialist', 'Coordinator', 'Officer'))}"
            yield Person(name, title, department, subject, _email(name), boss)


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o")).encode("ascii", "ignore").decode()
    return plain.replace("'", "").replace(" ", ".") + "@example.com"
