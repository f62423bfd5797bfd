"""`innerloop eval`, but for the real model."""

from __future__ import annotations

import io
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.cli import evaluate
from service.cli.evaluate import Trial, note, note_failures, show
from service.engine.vllm import EngineConfig
from service.errors import EngineError
from service.events import CallStarted
from service.models.prepare import Prepared
from service.settings import ChatSection, Machine, ModelSection
from service.tools.base import ToolSpec
from service.training.evaluate import Score
from service.training.rollout import Episode
from service.training.task import Call, ExpertTurn, Split, Step, Task
from service.transcript import Transcript
from tests.conftest import ActorEngine, echo

SPEC = ToolSpec("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})


def episode(*arguments: str, problem: str | None = None, invented: tuple[str, ...] = ()) -> Episode:
    """Of a task whose expert calls `add` once, with 1."""
    task = Task("sum", (ExpertTurn("1?", (Step(Call("add", {"a": 1})),)),), lambda answer, results: None)
    calls = tuple(CallStarted(call_id=f"c{n}", tool="add", arguments=text) for n, text in enumerate(arguments))
    return Episode(task, Transcript(), ("1",), calls, problem, invented, sampled=10, seconds=2.0)


def test_what_is_counted() -> None:
    tried = [
        episode('{"a": 1}'),
        episode('{"a": 2}', problem="wrong", invented=("3", "4")),
        episode('{"a": "1"}', "{", problem="bad"),
    ]
    score = Score([SPEC], tried)
    assert score.to_json() == {
        "solved": 1,
        "total": 3,
        "calls_exact": 1,
        "schema_errors": 2,
        "turns": 3,
        "invented": 2,
        "tokens": 10.0,
        "seconds": 2.0,
    }


@pytest.mark.parametrize(("in_order", "exact"), [(True, 1), (False, 2)])
def test_calls_are_exact_in_the_experts_order_unless_the_form_is_live(in_order: bool, exact: int) -> None:
    steps = tuple(Step(Call("add", {"a": n})) for n in (1, 2))
    task = Task("sums", (ExpertTurn("1, 2?", steps),), lambda answers, results: None)
    orders = ((1, 2), (2, 1), (1, 1))
    made = [tuple(CallStarted(call_id="c", tool="add", arguments=f'{{"a": {n}}}') for n in order) for order in orders]
    episodes = [Episode(task, Transcript(), ("3",), calls, None, (), sampled=10, seconds=2.0) for calls in made]
    assert Score([SPEC], episodes, in_order).to_json()["calls_exact"] == exact


def test_what_is_recorded(tmp_path: Path) -> None:
    scores = {"entities": {"tuned": Score([SPEC], [episode('{"a": 1}'), episode("{}", problem="wrong")])}}
    log, failed = tmp_path / "results.jsonl", tmp_path / "failed.jsonl"
    note(log, "innerloop eval agents/sums --seed 1", 1, {"tuned": "sums@1"}, scores)
    note_failures(failed, scores)
    (line,) = map(json.loads, log.read_text().splitlines())
    assert line["scores"]["entities"]["tuned"]["solved"] == 1
    assert (line["seed"], line["weights"]) == (1, {"tuned": "sums@1"})
    assert "torch" in line["versions"]
    (line,) = map(json.loads, failed.read_text().splitlines())
    assert (line["split"], line["problem"], line["calls"], line["expected"]) == (
        "entities",
        "wrong",
        ["add {}"],
        ['add {"a": 1}'],
    )


def test_what_was_measured_is_told_also_where_a_later_model_is_interrupted(
    tmp_path: Path,
    tokenizer: Tokenizer,
    chat: InnerFormat,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def prepare(model: ModelSection, *_: object) -> Prepared:
        return Prepared(tmp_path, "tuned@1" if model.adapter else "base@1")

    def load(config: EngineConfig, _: object) -> nullcontext[ActorEngine]:
        if config.weights == "base@1":
            raise KeyboardInterrupt
        return nullcontext(ActorEngine(tokenizer, chat, echo))

    monkeypatch.setattr("service.cli.evaluate.prepare", prepare)
    monkeypatch.setattr("service.cli.evaluate.VllmEngine.open", load)
    forms: list[ChatSection] = []

    def make(section: ChatSection, _: Path) -> InnerFormat:
        forms.append(section)
        return chat

    monkeypatch.setattr("service.cli.evaluate.make_chat", make)
    log, failed = tmp_path / "results.jsonl", tmp_path / "failed.jsonl"
    with pytest.raises(KeyboardInterrupt):
        evaluate.run(
            AGENTS / "contracts",
            limit=3,
            split="entities",
            with_base=True,
            live=False,
            seed=1,
            as_json=True,
            record=log,
            failures=failed,
        )
    shown = json.loads(capsys.readouterr().out)
    assert {split: list(models) for split, models in shown.items()} == {"entities": ["tuned"]}
    assert [form.live for form in forms] == [False]
    (line,) = map(json.loads, log.read_text().splitlines())
    assert line["command"].endswith("eval agents/contracts --limit 3 --seed 1 --split entities --turn")
    assert (line["scores"], line["weights"]) == (shown, {"tuned": "tuned@1"})
    figures = shown["entities"]["tuned"]
    assert len(failed.read_text().splitlines()) == figures["total"] - figures["solved"]


AGENTS = Path(__file__).resolve().parents[2] / "agents"


@pytest.mark.parametrize("agent", ["contracts", "procurement"])
@pytest.mark.parametrize("form", ["inner", "inner-live"])
async def test_a_model_that_cannot_do_it(
    agent: str,
    form: Literal["inner", "inner-live"],
    tokenizer: Tokenizer,
    chat: InnerFormat,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    log = io.StringIO()
    trial = Trial(
        AGENTS / agent,
        Machine(),
        ChatSection(format=form),
        limit=10,
        seed=1,
        console=Console(file=log),
        engine="tests.cli.actors:idle",
    )
    score = await trial.score("parrot", Split.ENTITIES, ActorEngine(tokenizer, chat, echo), tmp_path)
    assert log.getvalue().splitlines()[-1] == "parrot: 10 of 10"
    show({"entities": {"tuned": score}}, as_json=True)
    figures = json.loads(capsys.readouterr().out)["entities"]["tuned"]
    assert (figures["total"], figures["schema_errors"]) == (10, 0)
    assert figures["solved"] <= 2  # a greeting may do for a greeting
    show({"entities": {"tuned": score}}, as_json=False)
    assert f"{figures['solved'] * 10}.0% of 10" in capsys.readouterr().out


async def test_an_engine_that_fails_is_no_failure_of_the_model(
    tokenizer: Tokenizer, chat: InnerFormat, tmp_path: Path
) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    trial = Trial(
        AGENTS / "contracts",
        Machine(),
        ChatSection(format="inner"),
        limit=3,
        seed=1,
        console=Console(file=io.StringIO()),
    )
    engine = ActorEngine(tokenizer, chat, echo)
    engine.error, engine.alive = EngineError("vLLM: out of memory"), False
    with pytest.raises(EngineError, match="tuned, entities: the engine has failed"):
        await trial.score("tuned, entities", Split.ENTITIES, engine, tmp_path)
