"""`innerloop eval`, but for the real model."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from tokenizers import Tokenizer

from service.chat.inner import InnerFormat
from service.cli.evaluate import Trial, show
from service.settings import Machine
from service.training.task import Split
from tests.conftest import ActorEngine, echo

AGENTS = Path(__file__).resolve().parents[2] / "agents"


@pytest.mark.parametrize("agent", ["contracts", "procurement"])
async def test_a_model_that_cannot_do_it(
    agent: str, tokenizer: Tokenizer, chat: InnerFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    trial = Trial(
        AGENTS / agent, Machine(), limit=10, seed=1, console=Console(file=log), engine="tests.cli.actors:idle"
    )
    score = await trial.score("parrot", Split.ENTITIES, ActorEngine(tokenizer, chat, echo), chat)
    assert log.getvalue().splitlines()[-1] == "parrot: 10 of 10"
    show({"entities": {"tuned": score}}, as_json=True)
    figures = json.loads(capsys.readouterr().out)["entities"]["tuned"]
    assert (figures["total"], figures["schema_errors"]) == (10, 0)
    assert figures["solved"] <= 2  # a greeting may do for a greeting
    show({"entities": {"tuned": score}}, as_json=False)
    assert f"{figures['solved'] * 10}.0% of 10" in capsys.readouterr().out
