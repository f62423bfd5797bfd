"""Made-up conversations of the contracts agent: questions about clauses, with an expert and a check for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from agents.contracts import frames
from agents.office.clauses import TOPICS, Topic
from agents.office.company import Clause, Office, Supplier
from agents.office.lookup import Lookup, NotFound
from agents.office.phrasings import PHRASINGS, spoken, vary
from agents.office.worlds import open_office
from service.training.task import Call, ExpertTurn, Split, Step, Task, World


def world(split: Split, seed: int, data: Path) -> World:
    """An office in `data` and tasks about its contracts."""
    office = open_office(data, seed, split)
    return World(tasks(office, split, seed), peers={})


def tasks(office: Office, split: Split, seed: int) -> Iterator[Task]:
    """Endless tasks about the contracts of an office; the same seed gives the same ones."""
    maker = _Maker(office, split, Random(f"contracts {split} {seed}"))
    makers, learnt, judged = zip(*_KINDS, strict=True)
    weights = learnt if split is Split.TRAIN else judged
    while True:
        yield maker.rng.choices(makers, weights)[0](maker)


@dataclass(frozen=True, slots=True)
class _Point:
    """One thing the user wants to know."""

    name: str
    """The supplier as the user wrote it."""
    topic: Topic
    clause: Clause | None
    """Where it is settled; None if the contract says nothing."""

    @property
    def search(self) -> Call:
        return Call("search_contract", {"supplier": self.name, "query": self.topic.noun})

    @property
    def steps(self) -> tuple[Step, ...]:
        """Search for the clause, read it if there is one, and state what it says."""
        if self.clause is None:
            return (Step(self.search, lambda _: self.sentence),)
        search = Step(self.search)
        read = Call("read_clause", {"supplier": self.name, "clause": self.clause.number})
        return (search, Step(read, lambda _: self.sentence, after=search))

    @property
    def sentence(self) -> str:
        if self.clause is None or self.clause.value is None:
            return self.topic.absent(self.name)
        return self.topic.fact(self.name, self.clause.value, self.clause.number)

    def missing(self, answer: str, several: bool) -> str | None:
        """What an answer lacks. With several points, only parts that name the supplier count."""
        if self.clause is None or self.clause.value is None:
            silent = re.search(r"\b(nothing|no clause|not (mention|say|cover|settle)|silent)\b", answer, re.IGNORECASE)
            return None if silent else f"should say nothing is agreed on {self.topic.noun}"
        parts = [
            part
            for part in re.findall(r".*?clause \d+", answer, re.DOTALL)
            if part.endswith(f"clause {self.clause.number}")
        ]
        if not parts:
            return f"clause {self.clause.number} is not named"
        for part in parts:
            stated = part.casefold().replace(self.name.casefold(), "")
            if (not several or stated != part.casefold()) and self.topic.holds(self.clause.value, stated):
                return None
        return f"{self.topic.noun} should be {self.clause.value}"


@dataclass(frozen=True, slots=True)
class _Maker:
    """Draws tasks of one split."""

    office: Office
    split: Split
    rng: Random

    @property
    def held_out(self) -> bool:
        return self.split is Split.PHRASINGS

    def question(self) -> Task:
        point = self._point(self._supplier())
        return _task("question", [self._ask(point)], [[point]])

    def absent(self) -> Task:
        supplier = self._supplier()
        point = _Point(
            self._name(supplier),
            self.rng.choice([t for t in TOPICS.values() if not supplier.contract.find(t.key)]),
            None,
        )
        return _task("absent", [self._ask(point)], [[point]])

    def topics(self) -> Task:
        """Two topics of one contract, now and then three."""
        supplier = self._supplier()
        first = self._point(supplier)
        points = [first, self._point(supplier, besides=[first.topic], name=first.name, absent=0.1)]
        frame = self._frame(frames.TWO_TOPICS, frames.HELD_OUT_TWO_TOPICS)
        if "{noun1} and {noun2}" in frame and self.rng.random() < 0.3:
            frame = frame.replace("{noun1} and {noun2}", "{noun1}, {noun2} and {noun3}")
            points += [self._point(supplier, besides=[point.topic for point in points], name=first.name)]
        return _task("topics", [self._ask_all(frame, points)], [points])

    def two_suppliers(self) -> Task:
        one, other = self.rng.sample(self.office.suppliers, 2)
        first = self._point(one)
        second = _Point(self._name(other), first.topic, other.contract.find(first.topic.key))
        frame = self._frame(frames.TWO_SUPPLIERS, frames.HELD_OUT_TWO_SUPPLIERS)
        text = (
            frame.replace("{question}", self._template(first.topic))
            .replace("{supplier}", first.name)
            .replace("{other}", second.name)
        )
        return _task("two suppliers", [text.replace("{noun}", self._noun(first.topic))], [[first, second]])

    def follow_up(self) -> Task:
        """Two to four turns; all but the first leave out what has not changed."""
        supplier = self._supplier()
        point = self._point(supplier)
        said, points = [self._ask(point)], [[point]]
        for _ in range(self.rng.choices((1, 2, 3), (6, 3, 1))[0]):
            if len(points[-1]) > 1 or self.rng.random() < 0.75:
                frame = self._frame(frames.FOLLOW_UPS, frames.HELD_OUT_FOLLOW_UPS)
                asked = [self._point(supplier, besides=[point.topic], name=point.name, absent=0.1)]
                noun = self._noun(asked[0].topic)
                if self.rng.random() < 0.1:
                    besides = [point.topic, asked[0].topic]
                    asked += [self._point(supplier, besides=besides, name=point.name)]
                    noun += f" and {self._noun(asked[1].topic)}"
                text = frame.replace("{noun}", noun)
            else:
                supplier = self._supplier()
                asked = [_Point(self._name(supplier), point.topic, supplier.contract.find(point.topic.key))]
                frame = self._frame(frames.OTHER_SUPPLIERS, frames.HELD_OUT_OTHER_SUPPLIERS)
                text = frame.replace("{supplier}", asked[0].name)
            point = asked[-1]
            said, points = [*said, text], [*points, asked]
        return _task("follow-up", said, points)

    def unknown(self) -> Task:
        """A supplier without a contract: the tool says so, and the answer repeats it."""
        lookup = Lookup(supplier.name for supplier in self.office.suppliers)
        while True:
            name = self.office.names.supplier(self.rng)
            try:
                lookup.find(name)
            except NotFound:
                break
        point = _Point(name, self.rng.choice(list(TOPICS.values())), None)

        def check(answers: Sequence[str], _: Sequence[str]) -> str | None:
            (answer,) = answers
            said = name.casefold() in answer.casefold() and re.search(r"\bno\b|not|n't", answer, re.IGNORECASE)
            return None if said else f"should say that there is no contract with {name}"

        step = Step(point.search, lambda message: message.removeprefix("error: "))
        return Task("unknown supplier", (ExpertTurn(self._ask(point), (step,)),), check)

    def small_talk(self) -> Task:
        """What needs no tool: greetings, thanks, questions that lack the supplier or lie outside the contracts."""
        talk = self.rng.choices(frames.SMALL_TALK, weights=[talk.weight for talk in frames.SMALL_TALK])[0]
        text = self.rng.choice(talk.held_out if self.held_out else talk.train)
        text = vary(text.replace("{noun}", self._noun(self.rng.choice(list(TOPICS.values())))), self.rng)

        def check(answers: Sequence[str], _: Sequence[str]) -> str | None:
            (answer,) = answers
            return None if re.search(talk.sign, answer, re.IGNORECASE) else f"should be like: {talk.answer}"

        return Task("small talk", (ExpertTurn(text, closing=talk.answer),), check)

    def _supplier(self) -> Supplier:
        return self.rng.choice(self.office.suppliers)

    def _name(self, supplier: Supplier) -> str:
        return spoken(supplier.name, self.rng)

    def _point(
        self, supplier: Supplier, besides: Sequence[Topic] = (), name: str | None = None, absent: float = 0.0
    ) -> _Point:
        """A topic that a supplier's contract settles, or with some chance one that it leaves open, if there is any."""
        settled = self.rng.random() >= absent
        others = [t for t in TOPICS.values() if t not in besides]
        topics = [t for t in others if (supplier.contract.find(t.key) is not None) == settled] or others
        topic = self.rng.choices(topics, [_READING if t.key == "tariffs" else 1 for t in topics])[0]
        return _Point(name or self._name(supplier), topic, supplier.contract.find(topic.key))

    def _ask(self, point: _Point) -> str:
        return self._template(point.topic).replace("{supplier}", point.name)

    def _template(self, topic: Topic) -> str:
        """A question as another agent puts it or as people do."""
        if self.held_out:
            return vary(self.rng.choice(PHRASINGS[topic.key].held_out), self.rng)
        if self.rng.random() < 0.3:
            return topic.asking
        return vary(self.rng.choice(PHRASINGS[topic.key].train), self.rng)

    def _ask_all(self, frame: str, points: Sequence[_Point]) -> str:
        for number, point in enumerate(points, 1):
            frame = (
                frame.replace(f"{{question{number}}}", self._template(point.topic))
                .replace(f"{{clause{number}}}", self._clause(point.topic))
                .replace(f"{{noun{number}}}", self._noun(point.topic))
            )
        return frame.replace("{supplier}", points[0].name)

    def _frame(self, train: Sequence[str], held_out: Sequence[str]) -> str:
        return vary(self.rng.choice(held_out if self.held_out else train), self.rng)

    def _noun(self, topic: Topic) -> str:
        phrasings = PHRASINGS[topic.key]
        return self.rng.choice(phrasings.held_out_nouns if self.held_out else (*phrasings.nouns, topic.noun))

    def _clause(self, topic: Topic) -> str:
        phrasings = PHRASINGS[topic.key]
        return self.rng.choice(phrasings.held_out_clauses if self.held_out else phrasings.clauses)


_READING = 3
"""How much oftener than any other topic tariffs come: who bears them has to be understood, all else can be copied."""

_KINDS: tuple[tuple[Callable[[_Maker], Task], float, float], ...] = (
    (_Maker.question, 32, 49),
    (_Maker.topics, 29, 19),
    (_Maker.two_suppliers, 14, 8),
    (_Maker.absent, 9, 9),
    (_Maker.follow_up, 12, 7),
    (_Maker.unknown, 4, 4),
    (_Maker.small_talk, 5, 4),
)
"""How often each comes where an agent learns, and where it is judged: what is hard to learn is shown oftener."""


def _task(kind: str, said: Sequence[str], points: Sequence[Sequence[_Point]]) -> Task:
    """A task whose turns each ask for some points."""

    def check(answers: Sequence[str], _: Sequence[str]) -> str | None:
        for answer, asked in zip(answers, points, strict=True):
            for point in asked:
                if problem := point.missing(answer, several=len(asked) > 1):
                    return problem
        return None

    turns = zip(said, points, strict=True)
    return Task(
        kind, tuple(ExpertTurn(text, tuple(s for point in asked for s in point.steps)) for text, asked in turns), check
    )
