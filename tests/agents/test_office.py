from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from agents.office.clauses import TOPICS, Topic, Value, read_question
from agents.office.company import Office
from agents.office.lookup import Lookup, NotFound
from agents.office.names import Names, number_is_held_out
from agents.office.phrasings import PHRASINGS, spoken, vary
from agents.office.questions import HELD_OUT, TRAINING
from agents.office.wordings import HELD_OUT_WORDINGS, WORDINGS
from agents.office.worlds import open_office
from service.training.task import Split


def test_the_same_seed_gives_the_same_office() -> None:
    assert Office.generate(3) == Office.generate(3)
    assert Office.generate(3).suppliers != Office.generate(4).suppliers


def test_held_out_names_items_and_numbers_never_occur_in_training() -> None:
    train, held_out = (
        Office.generate(1, Names(invents=True), suppliers=400),
        Office.generate(2, Names(held_out=True), suppliers=400),
    )

    def facts(office: Office) -> tuple[set[str], set[str], set[str]]:
        suppliers = {supplier.name for supplier in office.suppliers}
        items = {offer.item for supplier in office.suppliers for offer in supplier.offers}
        return suppliers, items, {person.name for person in office.people}

    for ours, theirs in zip(facts(train), facts(held_out), strict=True):
        assert not ours & theirs
    for office in (train, held_out):
        values = [clause.value for supplier in office.suppliers for clause in supplier.contract.clauses]
        assert all(number_is_held_out(value) == office.names.held_out for value in values if isinstance(value, int))


@pytest.mark.parametrize("split", Split)
def test_contracts_are_worded_as_in_training_but_where_phrasings_are_held_out(split: Split, tmp_path: Path) -> None:
    wordings = HELD_OUT_WORDINGS if split is Split.PHRASINGS else WORDINGS
    for supplier in open_office(tmp_path, 1, split, suppliers=20).suppliers:
        for clause in supplier.contract.clauses:
            if clause.topic:
                texts = [text for kind in wordings[clause.topic].values() for text in kind]
                patterns = (re.escape(text).replace(r"\{value\}", ".+") for text in texts)
                assert any(re.fullmatch(pattern, clause.text) for pattern in patterns)


def test_names_are_diverse_and_no_two_suppliers_are_alike_to_a_reader() -> None:
    names = [supplier.name for supplier in Office.generate(1, Names(invents=True), suppliers=2000).suppliers]
    lookup = Lookup(names)
    assert all(lookup.find(name) == name for name in names)
    assert all(lookup.find(name.upper()) == name for name in names)
    rng = Random(0)
    assert all(lookup.find(spoken(name, rng)) == name for name in names)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("norvik metals", "Norvik Metals GmbH"),
        ("Norvik", "Norvik Metals GmbH"),
        ("Norvick Metals", "Norvik Metals GmbH"),
        ("OBriens tools", "O'Brien's Tools"),
        ("Müller and Sons", "Müller & Sons"),
        ("muller & son", "Müller & Sons"),
        ("steel brackets", "steel bracket"),
    ],
)
def test_a_name_is_found_as_people_write_it(text: str, name: str) -> None:
    names = ["Norvik Metals GmbH", "O'Brien's Tools", "Müller & Sons", "Halden Supply", "steel bracket"]
    assert Lookup(names).find(text) == name


def test_a_name_that_could_be_two_is_not_found_but_both_are_offered() -> None:
    with pytest.raises(NotFound) as caught:
        Lookup(["Halden Supply", "Halden Paper"]).find("Halden")
    assert set(caught.value.similar) == {"Halden Supply", "Halden Paper"}


def test_a_contract_settles_eight_to_eleven_topics_and_states_each_value() -> None:
    for supplier in Office.generate(5, suppliers=100).suppliers:
        clauses = supplier.contract.clauses
        assert [clause.number for clause in clauses] == list(range(1, len(clauses) + 1))
        assert 8 <= sum(clause.topic is not None for clause in clauses) <= 11
        for clause in clauses:
            if isinstance(clause.value, int):
                assert clause.text.count(f"{clause.value:,}") == 1


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.key)
def test_a_topic_recognises_its_own_question_and_facts(topic: Topic) -> None:
    assert read_question(topic.question("O'Brien & Co.")) == (topic, "O'Brien & Co.")
    values = {topic.draw(Names(held_out=False), Random(seed)) for seed in range(12)}
    for value in values:
        for other in values:
            assert topic.holds(value, topic.fact("Norvik Metals", other, 4)) == (value == other)


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        ("tariffs", "supplier", "Norvik pays all tariffs."),
        ("tariffs", "supplier", "Norvik bears the tariffs, not the buyer."),
        ("tariffs", "supplier", "We do not pay the tariffs, Norvik covers them."),
        ("tariffs", "buyer", "Norvik does not bear the tariffs."),
        ("tariffs", "buyer", "You pay the tariffs."),
        ("tariffs", "shared", "The tariffs are split 50/50."),
        ("payment", 30, "Within thirty (30) days."),
        ("liability", 250_000, "Up to 250,000 euros."),
        ("liability", 250_000, "Up to EUR 250000."),
        ("price_increase", "fixed", "Norvik may not raise its prices."),
        ("law", "New York", "It is new york law."),
    ],
)
def test_a_value_is_recognised_in_other_words(key: str, value: Value, answer: str) -> None:
    assert TOPICS[key].holds(value, answer)


def test_held_out_wordings_never_occur_in_training() -> None:
    for key in TOPICS:
        phrasings = PHRASINGS[key]
        for ours, theirs in (
            (phrasings.train, phrasings.held_out),
            (phrasings.clauses, phrasings.held_out_clauses),
            (phrasings.nouns, phrasings.held_out_nouns),
            (TRAINING[key].questions, HELD_OUT[key].questions),
        ):
            assert not {text.casefold() for text in ours} & {text.casefold() for text in theirs}
        assert len(set(phrasings.train)) >= 40
        assert len(set(phrasings.held_out)) >= 12
        for kind, texts in WORDINGS[key].items():
            assert not set(texts) & set(HELD_OUT_WORDINGS[key][kind])


def test_no_phrasing_belongs_to_two_topics() -> None:
    texts = [text for phrasings in PHRASINGS.values() for text in {*phrasings.train, *phrasings.held_out}]
    assert len(texts) == len(set(texts))
    assert all(text.count("{supplier}") >= 1 for text in texts)


def test_noise_leaves_slots_whole() -> None:
    rng = Random(1)
    assert all("{supplier}" in vary("What is the warranty of {supplier}?", rng) for _ in range(500))


def test_many_may_open_one_database_at_once_and_order_from_it(tmp_path: Path) -> None:
    path = tmp_path / "office.sqlite"

    def order(quantity: int) -> str:
        with closing(Office.open(path, seed=7, suppliers=5).connect()) as database:
            (number,) = database.execute(
                "INSERT INTO purchase_order (supplier, item, quantity, unit_price_cents, total_cents) "
                "VALUES ('a', 'b', ?, 1, 1) RETURNING number",
                (quantity,),
            ).fetchone()
            return str(number)

    with ThreadPoolExecutor(8) as threads:
        numbers = set(threads.map(order, range(20)))
    first = Office.open(path, seed=7, suppliers=5).first_order
    assert numbers == {f"PO-{number}" for number in range(first, first + 20)}


def test_a_database_that_is_there_decides_which_office_it_is(tmp_path: Path) -> None:
    made = open_office(tmp_path, 7, Split.ENTITIES, suppliers=5)
    assert Office.open(tmp_path / "office.sqlite", seed=8) == made


def test_a_database_of_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "office.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE office (seed INTEGER, held_out INTEGER, suppliers INTEGER)")
    with pytest.raises(ValueError, match="move it out of the way"):
        Office.open(path, seed=7)
