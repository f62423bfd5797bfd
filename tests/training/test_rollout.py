"""A task run through the loop: what the model says is held against what it has read."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.decode import DecodeLoop, Limits
from service.tools.functions import FunctionTool
from service.tools.toolbox import Limited, Toolbox
from service.training.rollout import rollout
from service.training.task import ExpertTurn, Task
from tests.conftest import ActorEngine, Asked, Says


def order(item: str) -> str:
    """Orders.

    Args:
        item: What.
    """
    return f"{item}: PO-812 for 3.50 EUR. Ask ann@example.com."


@pytest.mark.parametrize(
    ("before", "after", "invented"),
    [
        ("", "Ordered 20 x M8 bolt for 3.50 EUR (PO-812). Ask ann@example.com.", ()),
        ("It will be PO-812. ", "Ordered (PO-812).", ("PO-812",)),
        (
            "",
            "Ordered 21 for 3.5 EUR, 2 or 20 each (PO-813). Ask bob@example.com!",
            ("21", "3.5", "2", "PO-813", "bob@example.com"),
        ),
    ],
)
async def test_figures_that_nobody_told_the_model_are_invented(
    tokenizer: Tokenizer, chat: InnerFormat, before: str, after: str, invented: tuple[str, ...]
) -> None:
    """What a result says counts from the time it is read."""

    def play(asked: Asked) -> Says:
        return Says(after) if asked.results else Says(before, (("order", '{"item": "M8 bolt"}'),))

    toolbox = Toolbox([Limited(FunctionTool(order))])
    loop = DecodeLoop(ActorEngine(tokenizer, chat, play), chat, toolbox, "You order.")
    task = Task("order", (ExpertTurn("20 x M8 bolts, please."),), lambda answers, results: None)
    assert (await rollout(task, loop)).invented == invented


async def test_a_call_beyond_the_limit_is_a_problem_of_its_episode(tokenizer: Tokenizer, chat: InnerFormat) -> None:
    calls = (("order", '{"item": "nut"}'),) * 2
    toolbox = Toolbox([Limited(FunctionTool(order))])
    engine = ActorEngine(tokenizer, chat, lambda asked: Says("", calls))
    loop = DecodeLoop(engine, chat, toolbox, "You order.", limits=Limits(calls=1))
    episode = await rollout(Task("order", (ExpertTurn("Nuts."),), lambda answers, results: None), loop)
    assert (episode.problem, episode.invented) == ("cut off: calls", ())
