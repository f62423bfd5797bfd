"""The procurement agent's tools, and that its tasks teach and judge what they should."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from random import Random

import pytest

from agents.office.clauses import TOPICS
from agents.office.company import Office
from agents.office.lookup import Lookup
from agents.office.names import REAL, number_is_held_out
from agents.office.worlds import open_office
from agents.procurement import phrasings, quantities, questions
from agents.procurement.answers import sentence_of
from agents.procurement.check import Fact, Order, check
from agents.procurement.desk import plural
from agents.procurement.oracle import peer_failure
from agents.procurement.phrasings import Bank
from agents.procurement.tasks import oracle, tasks
from agents.procurement.tools import Procurement, euros, singular
from service.tools.base import CallKey
from service.training.task import Call, Split, Task

SUPPLIERS = 80
BANKS = {name: bank for name, bank in vars(phrasings).items() if isinstance(bank, Bank)}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office.open(tmp_path / "office.sqlite", seed=3, suppliers=SUPPLIERS)


@pytest.fixture
def procurement(office: Office) -> Procurement:
    return Procurement(str(office.database))


def new_key() -> CallKey:
    return CallKey(uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Played:
    """What an expert did."""

    task: Task
    answers: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def problem(self) -> str | None:
        return self.task.check(self.answers, self.results)


def play(task: Task, office: Office, procurement: Procurement) -> Played:
    """Lets the expert do the task with the real tools."""
    played = Played(task)
    tools: dict[str, Callable[..., str]] = {
        "find_offers": procurement.find_offers,
        "place_order": lambda **arguments: procurement.place_order(**arguments, key=new_key()),
        "find_contact": procurement.find_contact,
        "contracts": lambda message: oracle(office, message),
    }

    def result(call: Call) -> str:
        try:
            played.results.append(tools[call.tool](**call.arguments))
            return played.results[-1]
        except ValueError as error:
            return f"error: {error}"

    for turn in task.turns:
        steps = list(chain.from_iterable(turn.rounds))
        played.calls.extend(step.call for step in steps)
        played.answers.append(turn.answer({step: result(step.call) for step in steps}))
    return played


def draw(office: Office, kind: str) -> Task:
    return next(task for task in tasks(office, Split.TRAIN, seed=1) if task.kind == kind)


def only_order(office: Office) -> tuple[str, str, str, int]:
    with closing(office.connect()) as database:
        ((number, supplier, item, quantity),) = database.execute(
            "SELECT number, supplier, item, quantity FROM purchase_order"
        ).fetchall()
    return number, supplier, item, quantity


def test_offers_come_cheapest_first(office: Office, procurement: Procurement) -> None:
    offers = [offer for supplier in office.suppliers for offer in supplier.offers]
    item = max((offer.item for offer in offers), key=lambda item: sum(offer.item == item for offer in offers))
    prices = sorted((offer.price_cents, offer.supplier) for offer in offers if offer.item == item)
    shown = "; ".join(f"{supplier} {euros(price)}" for price, supplier in prices[:4])
    assert len(prices) > 1
    assert procurement.find_offers(plural(item)) == f"{item}: {shown}"


def test_an_order_is_a_row(office: Office, procurement: Procurement) -> None:
    offer = office.suppliers[0].offers[0]
    told = procurement.place_order(offer.supplier.upper(), plural(offer.item), 40, new_key())
    number, *rest = only_order(office)
    assert rest == [offer.supplier, offer.item, 40]
    assert told == f"{number}: 40 x {offer.item}, {offer.supplier}, {euros(40 * offer.price_cents)}"


def test_an_order_that_is_placed_again_is_the_same(office: Office, procurement: Procurement) -> None:
    offer, key = office.suppliers[0].offers[0], new_key()
    first, second = [procurement.place_order(offer.supplier, offer.item, 40, key) for _ in range(2)]
    assert first == second
    assert only_order(office)[0] == first.split(":")[0]
    assert procurement.place_order(offer.supplier, offer.item, 40, new_key()) != first


def test_failures_say_what_there_is(office: Office, procurement: Procurement) -> None:
    supplier = office.suppliers[0]
    with pytest.raises(ValueError, match='No supplier "Nobody At All"'):
        procurement.place_order("Nobody At All", supplier.offers[0].item, 1, new_key())
    with pytest.raises(ValueError, match=f'does not offer "moon rock". It offers: {supplier.offers[0].item}'):
        procurement.place_order(supplier.name, "moon rock", 1, new_key())
    with pytest.raises(ValueError, match="from 1 to"):
        procurement.place_order(supplier.name, supplier.offers[0].item, 0, new_key())
    with pytest.raises(ValueError, match='Nobody offers "moon rock"'):
        procurement.find_offers("moon rock")
    with pytest.raises(ValueError, match='Nobody is responsible for "astrology"'):
        procurement.find_contact("astrology")


def test_a_contact_is_found_by_subject_department_and_name(office: Office, procurement: Procurement) -> None:
    director, head = office.people[:2]
    told = f"{head.name}, {head.title}, {head.email}, reports to {director.name}"
    for subject in (head.responsible_for, head.department.lower(), head.name):
        assert procurement.find_contact(subject) == told
    assert procurement.find_contact(director.name) == f"{director.name}, {director.title}, {director.email}"


def test_a_changed_price_is_offered_and_ordered_at_by_the_next_call(office: Office, procurement: Procurement) -> None:
    offer = office.suppliers[0].offers[0]
    procurement.find_offers(offer.item)
    with closing(office.connect()) as database:
        database.execute(
            "UPDATE offer SET price_cents = 1 WHERE supplier = ? AND item = ?",
            (offer.supplier, offer.item),
        )
    assert procurement.find_offers(offer.item).startswith(f"{offer.item}: {offer.supplier} 0.01 EUR")
    assert procurement.place_order(offer.supplier, offer.item, 40, new_key()).endswith(f"{offer.supplier}, 0.40 EUR")


def test_a_changed_address_is_told_by_the_next_call(office: Office, procurement: Procurement) -> None:
    head = office.people[1]
    assert head.email in procurement.find_contact(head.department)
    with closing(office.connect()) as database:
        database.execute("UPDATE person SET email = 'new@example.com' WHERE name = ?", (head.name,))
    for subject in (head.responsible_for, head.department, head.name):
        assert procurement.find_contact(subject).startswith(f"{head.name}, {head.title}, new@example.com")


@pytest.mark.parametrize("item", ["steel bracket", "oak shelf", "battery", "toolbox 20 cm", "wrench", "A4 tray 2 m"])
def test_plurals_are_undone(item: str) -> None:
    assert plural(item) != item
    assert Lookup([item]).find(singular(plural(item))) == item


@pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)
def test_held_out_phrasings_are_not_trained(bank: Bank) -> None:
    trained = {text.casefold().rstrip(".?!") for other in BANKS.values() for text in other.train}
    assert not trained & {text.casefold().rstrip(".?!") for text in bank.held_out}


def test_held_out_parts_are_not_trained() -> None:
    rng = Random(1)
    trained, held_out = ({quantities.part(held_out, rng) for _ in range(500)} for held_out in (False, True))
    assert len(trained) > 20
    assert len(held_out) > 5
    assert not trained & held_out


@pytest.mark.parametrize("topic", TOPICS)
def test_held_out_questions_are_not_trained(topic: str) -> None:
    for bank in (questions.THEIR_CLAUSE[topic], questions.THEIR_QUESTION[topic]):
        assert len(set(bank.train)) >= 8
        assert not set(bank.train) & set(bank.held_out)


def test_tasks_repeat_by_seed(office: Office) -> None:
    first, again, other = ([task.said for task in islice(tasks(office, Split.TRAIN, seed), 50)] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("split", Split)
def test_the_expert_passes(split: Split, tmp_path: Path) -> None:
    office = open_office(tmp_path, 3, split, SUPPLIERS)
    procurement = Procurement(str(office.database))
    with closing(office.connect()):  # closing the last connection would tidy up the files after every order
        for task in islice(tasks(office, split, seed=1), 80):
            played = play(task, office, procurement)
            assert played.problem() is None, (task.said, played.answers)
            assert tuple(played.calls) == task.calls
            assert len(played.answers) == len(task.turns)


@pytest.mark.parametrize("split", [Split.ENTITIES, Split.PHRASINGS])
def test_an_agent_is_judged_mostly_by_tasks_with_several_calls_and_the_peer(split: Split, tmp_path: Path) -> None:
    office = open_office(tmp_path, 3, split, SUPPLIERS)
    calls = [[call.tool for call in task.calls] for task in islice(tasks(office, split, seed=99), 400)]
    assert sum(len(tools) > 1 and "contracts" in tools for tools in calls) > len(calls) / 2


@pytest.mark.parametrize(("split", "held_out"), [(Split.TRAIN, False), (Split.ENTITIES, True)])
def test_quantities_are_all_held_out_or_none_is(split: Split, held_out: bool, tmp_path: Path) -> None:
    office = open_office(tmp_path, 3, split, SUPPLIERS)
    calls = [call for task in islice(tasks(office, split, seed=1), 200) for call in task.calls]
    ordered = [call.arguments["quantity"] for call in calls if call.tool == "place_order"]
    assert len(ordered) > 100
    strange = {quantity for quantity in ordered if number_is_held_out(quantity) is not held_out}
    assert strange <= ({24, 108} if split is Split.TRAIN else set())  # in dozens


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1, {"one"}),
        (12, {"twelve"}),
        (25, {"twenty-five", "twenty five"}),
        (100, {"a hundred", "one hundred"}),
        (250, {"two hundred and fifty", "two hundred fifty"}),
        (1200, {"twelve hundred", "a thousand two hundred", "one thousand two hundred"}),
        (4007, {"four thousand and seven", "four thousand seven"}),
    ],
)
def test_numbers_in_words(number: int, written: set[str]) -> None:
    rng = Random(1)
    assert {quantities.in_words(number, rng) for _ in range(100)} == written


def test_some_quantities_are_in_words() -> None:
    rng = Random(1)
    drawn = [quantities.draw(REAL, 0.12, rng) for _ in range(2_000)]
    worded = [quantity for quantity in drawn if not quantity.alone[0].isdigit()]
    assert 0.09 < len(worded) / len(drawn) < 0.15
    assert {"two dozen", "a couple", "half a dozen"} <= {quantity.alone for quantity in worded}


def test_a_quantity_in_words_is_worded_as_people_do() -> None:
    dozen, pair = quantities.Quantity(12, "a dozen", "a dozen"), quantities.Quantity(2, "a pair", "a pair of")
    assert dozen.fill("Order another {n} please") == "Order another dozen please"
    assert pair.fill("{n} {items}") == "a pair of {items}"
    assert pair.fill("{n} units of {item}") == "a pair of units of {item}"
    assert pair.fill("{n} more please") == "a pair more please"
    assert [dozen.fits(template) for template in ("{n}x {item}", "{items}: {n}", "{n} more {items}")] == [0, 0, 1]


@pytest.mark.parametrize("kind", ["past", "part"])
def test_what_cannot_be_done_is_not_ordered(kind: str, office: Office, procurement: Procurement) -> None:
    task = draw(office, kind)
    assert [call for turn in task.turns[:1] for call in turn.steps if call.call.tool == "place_order"] == []
    played = play(task, office, procurement)
    assert played.problem() is None
    offer = office.suppliers[0].offers[0]
    played.results.append(procurement.place_order(offer.supplier, offer.item, 1, new_key()))
    assert "nobody asked for" in (played.problem() or "")


def test_arguments_are_copied_from_what_was_said(office: Office, procurement: Procurement) -> None:
    for task in islice(tasks(office, Split.TRAIN, seed=5), 300):
        said = " ".join(task.said)
        for call in task.calls:
            if call.tool == "place_order" and "cheapest" not in task.kind and task.kind != "follow-up":
                assert call.arguments["supplier"] in said
                assert call.arguments["item"] in said


def test_an_order_and_a_question_go_out_together(office: Office, procurement: Procurement) -> None:
    (turn,) = draw(office, "order+contract").turns
    assert [sorted(step.call.tool for step in steps) for steps in turn.rounds] == [["contracts", "place_order"]]


@pytest.mark.parametrize("kind", ["order", "order+contract", "cheapest", "order+order"])
def test_an_order_not_made_or_made_twice_is_wrong(kind: str, office: Office, procurement: Procurement) -> None:
    task = draw(office, kind)
    assert task.check(["Ordered 40 x steel bracket from Norvik Metals for 500.00 EUR (PO-1)."], []) is not None
    played = play(task, office, procurement)
    assert played.problem() is None
    assert task.check(["Done."], played.results) is not None
    play(task, office, procurement)
    assert played.problem() is not None


def test_each_answer_of_a_conversation_counts(office: Office, procurement: Procurement) -> None:
    for task in islice((task for task in tasks(office, Split.TRAIN, seed=6) if task.kind == "follow-up"), 40):
        played = play(task, office, procurement)
        assert played.problem() is None
        for turn in range(len(task.turns)):
            answers = [*played.answers[:turn], "Done.", *played.answers[turn + 1 :]]
            assert task.check(answers, played.results) is not None


def test_an_order_that_nobody_asked_for_is_wrong(office: Office, procurement: Procurement) -> None:
    played = play(draw(office, "order"), office, procurement)
    assert played.problem() is None
    offer = office.suppliers[0].offers[0]
    played.results.append(procurement.place_order(offer.supplier, offer.item, 77, new_key()))
    assert "nobody asked for" in (played.problem() or "")


def test_an_order_against_the_condition_is_wrong(office: Office, procurement: Procurement) -> None:
    supplier = next(s for s in office.suppliers if (c := s.contract.find("tariffs")) and c.value == "buyer")
    offer = supplier.offers[0]
    order = Order(supplier.name, offer.item, 5, 5 * offer.price_cents)
    judge = check(office, {"unwanted": (order,), "facts": (Fact(TOPICS["tariffs"], "buyer"),)})
    answer = TOPICS["tariffs"].fact(supplier.name, "buyer", 4)
    assert judge([answer], []) is None
    procurement.place_order(supplier.name, offer.item, 5, new_key())
    assert judge([answer], []) is not None


def test_a_wrong_fact_is_wrong(office: Office) -> None:
    judge = check(office, {"facts": (Fact(TOPICS["payment"], 30),)})
    assert judge(["Payment to Norvik Metals is due within 30 days (clause 4)."], []) is None
    assert judge(["Payment to Norvik Metals is due within 45 days (clause 4)."], []) is not None
    assert judge(["Ordered 30 x pen from Norvik Metals for 9.00 EUR (PO-1). I do not know."], []) is not None


def test_the_answer_copies_what_the_calls_told() -> None:
    calls = [Call("place_order", {}), Call("contracts", {}), Call("find_contact", {"subject": "returns"})]
    results = [
        "PO-4821: 40 x steel bracket, Norvik Metals, 500.00 EUR",
        "Norvik Metals bears the tariffs (clause 6).",
        "Mara Lindqvist, Head of Logistics, mara.lindqvist@example.com",
    ]
    assert " ".join(map(sentence_of, calls, results)) == (
        "Ordered 40 x steel bracket from Norvik Metals for 500.00 EUR (PO-4821)."
        " Norvik Metals bears the tariffs (clause 6)."
        " Contact for returns: Mara Lindqvist, Head of Logistics, mara.lindqvist@example.com."
    )


def test_the_oracle_answers_like_the_contracts_agent(office: Office) -> None:
    topic = TOPICS["warranty"]
    settled = [s for s in office.suppliers if s.contract.find("warranty") and not peer_failure(s, topic)]
    open_ = [s for s in office.suppliers if not s.contract.find("warranty") and not peer_failure(s, topic)]
    failing = [s for s in office.suppliers if peer_failure(s, topic)]
    clause = settled[0].contract.find("warranty")
    assert clause
    assert clause.value is not None
    assert oracle(office, topic.question(settled[0].name)) == topic.fact(settled[0].name, clause.value, clause.number)
    assert oracle(office, topic.question(open_[0].name)) == topic.absent(open_[0].name)
    assert oracle(office, topic.question("Nobody At All")).startswith('No contract with "Nobody At All".')
    with pytest.raises(ValueError, match=r"contracts|connection"):
        oracle(office, topic.question(failing[0].name))
