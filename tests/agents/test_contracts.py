from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from random import Random

import pytest

from agents.contracts.tasks import tasks
from agents.contracts.tools import Contracts
from agents.office.clauses import TOPICS
from agents.office.company import Office
from agents.office.phrasings import PHRASINGS
from agents.office.worlds import open_office
from service.training.task import Call, Split, Step, Task

SUPPLIERS = 300


@pytest.fixture(scope="module", params=list(Split))
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder: Path = tmp_path_factory.mktemp("office")
    return open_office(folder, 7, request.param, SUPPLIERS)


@pytest.fixture(scope="module")
def contracts(office: Office) -> Contracts:
    return Contracts(str(office.database))


def played(task: Task, contracts: Contracts) -> tuple[list[Call], list[str]]:
    """The expert's calls and answers, with the real tools behind it."""
    calls: list[Call] = []
    answers: list[str] = []
    for turn in task.turns:
        results: dict[Step, str] = {}
        for step in chain.from_iterable(turn.rounds):
            calls.append(step.call)
            try:
                results[step] = str(getattr(contracts, step.call.tool)(**step.call.arguments))
            except ValueError as error:
                results[step] = f"error: {error}"
        answers.append(turn.answer(results))
    return calls, answers


def test_the_search_finds_every_clause_by_its_noun(office: Office, contracts: Contracts) -> None:
    for supplier in office.suppliers:
        for topic in TOPICS.values():
            if clause := supplier.contract.find(topic.key):
                found = contracts.search_contract(supplier.name, topic.noun).splitlines()
                assert f"{clause.number} {clause.heading}" in found
                assert len(found) <= 3


def test_the_search_finds_what_people_mean_by_their_words_or_nothing(office: Office, contracts: Contracts) -> None:
    """Some say it with none of the contract's words ("being late"). The model is there for these, and it is better
    served by nothing than by clauses about something else.
    """
    rng = Random(0)
    ranks: list[int | None] = []
    nothing = 0
    for supplier in office.suppliers:
        for topic in TOPICS.values():
            if clause := supplier.contract.find(topic.key):
                query = rng.choice(PHRASINGS[topic.key].nouns)
                found = contracts.search_contract(supplier.name, query).splitlines()
                meant = f"{clause.number} {clause.heading}"
                ranks.append(found.index(meant) if meant in found else None)
                nothing += found == ["No clause fits."]
    right = [rank for rank in ranks if rank is not None]
    assert len(right) / len(ranks) > 0.55  # 0.59 to 0.61; without stems 0.47
    assert len(right) / (len(ranks) - nothing) > 0.88  # 0.89 to 0.92; if words that say nothing counted, 0.86
    assert right.count(0) / len(right) > 0.95  # the best one first: 0.97 to 0.98


def test_the_search_seldom_finds_what_is_not_there(office: Office, contracts: Contracts) -> None:
    nothing = [
        contracts.search_contract(supplier.name, topic.noun) == "No clause fits."
        for supplier in office.suppliers
        for topic in TOPICS.values()
        if not supplier.contract.find(topic.key)
    ]
    assert sum(nothing) / len(nothing) > 0.8


def test_a_clause_is_read_with_its_number_and_heading(office: Office, contracts: Contracts) -> None:
    supplier = office.suppliers[0]
    clause = supplier.contract.clauses[2]
    assert contracts.read_clause(supplier.name.lower(), 3) == f"3 {clause.heading}: {clause.text}"


def test_a_changed_clause_is_found_and_read_by_the_next_call(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "office.sqlite", seed=7, suppliers=5)
    contracts = Contracts(str(office.database))
    name, clause = office.suppliers[0].name, office.suppliers[0].contract.clauses[2]
    assert contracts.search_contract(name, "zeppelins") == "No clause fits."
    with closing(office.connect()) as database:
        database.execute(
            "UPDATE clause SET text = 'Goods travel by zeppelin.' WHERE supplier = ? AND number = ?",
            (name, clause.number),
        )
    assert contracts.search_contract(name, "zeppelins") == f"{clause.number} {clause.heading}"
    assert contracts.read_clause(name, clause.number) == f"{clause.number} {clause.heading}: Goods travel by zeppelin."


def test_problems_are_told_so_that_a_model_can_read_them(office: Office, contracts: Contracts) -> None:
    supplier = office.suppliers[0]
    with pytest.raises(ValueError, match=r'^No contract with "Qqqqq"\.$'):
        contracts.search_contract("Qqqqq", "tariffs")
    with pytest.raises(ValueError, match=r"^The contract with .+ has clauses 1 to \d+\.$"):
        contracts.read_clause(supplier.name, 99)


@pytest.mark.parametrize("split", Split)
def test_the_experts_conversations_run_and_pass_their_own_checks(
    office: Office, contracts: Contracts, split: Split
) -> None:
    for task in islice(tasks(office, split, seed=1), 250):
        calls, answers = played(task, contracts)
        assert tuple(calls) == task.calls
        assert len(answers) == len(task.turns)
        assert task.check(answers, []) is None, (task.said, answers)


def test_the_check_refuses_a_wrong_value_a_wrong_clause_and_silence(office: Office, contracts: Contracts) -> None:
    for task in islice(tasks(office, Split.TRAIN, seed=2), 200):
        _, answers = played(task, contracts)
        for turn, right in enumerate(answers):

            def told(answer: str, turn: int = turn, answers: list[str] = answers) -> list[str]:
                return [*answers[:turn], answer, *answers[turn + 1 :]]

            assert task.check(told(""), []) is not None
            if "(clause " in right:
                assert task.check(told(re.sub(r"clause (\d+)", r"clause 9\1", right)), []) is not None
        if task.kind == "question":
            supplier = str(task.calls[0].arguments["supplier"])
            stated = re.compile(rf"{re.escape(supplier)}|clause \d+|\d+")
            wrong = stated.sub(lambda match: "1" + match[0] if match[0].isdigit() else match[0], right)
            assert wrong == right or task.check([wrong], []) is not None


def test_arguments_are_copied_from_the_conversation(office: Office) -> None:
    for task in islice(tasks(office, Split.TRAIN, seed=3), 300):
        assert all(str(call.arguments["supplier"]) in " ".join(task.said) for call in task.calls)


def test_the_same_seed_gives_the_same_tasks_and_they_vary(office: Office) -> None:
    first, again, other = ([task.said for task in islice(tasks(office, Split.TRAIN, seed), 300)] for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) > 280


def test_all_kinds_of_tasks_occur(office: Office) -> None:
    kinds = Counter(task.kind for task in islice(tasks(office, Split.TRAIN, seed=4), 1000))
    assert kinds["question"] > 250
    assert set(kinds) == {
        "question",
        "absent",
        "topics",
        "two suppliers",
        "follow-up",
        "unknown supplier",
        "small talk",
    }
