"""The trainer's two shortcuts change nothing, and what it trains is what is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch.nn import functional
from transformers import AutoModelForCausalLM

from service.chat.inner import InnerFormat
from service.messages import ToolCall, ToolResult
from service.models.adapter import merge
from service.models.prepare import Prepared, prepare
from service.settings import Machine, ModelSection
from service.training.data import batches, demonstrations
from service.training.sft import Collator, Recipe, conversation_loss, train
from service.transcript import Origin, Span, Transcript

pytestmark = pytest.mark.model

AGENTS = Path(__file__).resolve().parents[2] / "agents"


def conversation(inner: InnerFormat, supplier: str, quantity: int) -> Transcript:
    transcript = Transcript.of([Span(Origin.GIVEN, inner.begin("You order.", []))])
    for span in inner.ask(f"Order {quantity} nuts from {supplier}.", transcript):
        transcript = transcript.append(span)
    call = ToolCall("c0", "place_order", f'{{"supplier": "{supplier}", "quantity": {quantity}}}')
    for origin, tokens in (
        (Origin.SAMPLED, inner.write_stretch("", [call])),
        (Origin.RETURNED, inner.write_results([ToolResult("c0", "PO-1")])),
        (Origin.SAMPLED, inner.write_stretch(f"Ordered {quantity} (PO-1).", [])),
    ):
        transcript = transcript.append(Span(origin, tokens))
    return transcript


def test_the_shared_head_and_the_narrow_lm_head(weights: Prepared, inner: InnerFormat) -> None:
    model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32)
    batch = [conversation(inner, "Norvik Metals", 40), conversation(inner, "The Very Long Name Company of Ulm", 7)]
    losses = []
    for transcript in batch:
        tokens, mask = torch.tensor([transcript.tokens]), torch.tensor(transcript.sampled_mask)
        logits = model(input_ids=tokens).logits[0, :-1]
        losses.append(functional.cross_entropy(logits[mask[1:]], tokens[0, 1:][mask[1:]], reduction="none"))
    row = {"tokens": [list(t.tokens) for t in batch], "sampled": [list(t.sampled_mask) for t in batch]}
    inputs = Collator(len(batch[0].spans[0].tokens))([row])
    shortcut = conversation_loss(model, **inputs)
    assert shortcut.item() == pytest.approx(torch.cat(losses).mean().item(), rel=1e-4)
    shortcut.backward()
    # The head has no loss of its own, but what follows reads it: its gradient must come through the cache.
    assert model.model.embed_tokens.weight.grad[inner.begin("You order.", [])[3]].abs().sum() > 0


@pytest.mark.timeout(300)
async def test_what_is_trained_is_what_is_served(tmp_path: Path, inner: InnerFormat) -> None:
    """Two steps: the adapter learns, and merging it changes nothing about what it says."""
    base = prepare(ModelSection(), tmp_path, Machine().cache, print).folder
    shown = await demonstrations(AGENTS / "contracts", inner, 8, 0, lambda _: None)
    adapter, merged = tmp_path / "adapter", tmp_path / "merged"
    train("a base", base, batches(shown, 4, 0), Recipe(demonstrations=8, batch=4), adapter)
    assert json.loads((adapter / "recipe.json").read_text())["demonstrations"] == 8
    merged.mkdir()
    merge(base, adapter, merged, print)

    untuned = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    served = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
    transcript = shown[0]
    tokens, mask = torch.tensor([transcript.tokens]), torch.tensor(transcript.sampled_mask)

    def loss(model: Any) -> float:
        with torch.no_grad():
            logits = model(input_ids=tokens).logits[0, :-1][mask[1:]]
        return float(functional.cross_entropy(logits, tokens[0, 1:][mask[1:]]))

    before, after = loss(untuned), loss(served)
    assert after < before - 0.05
    assert loss(PeftModel.from_pretrained(untuned, str(adapter))) == pytest.approx(after, abs=0.02)
