"""The trainer's two shortcuts change nothing, and what it trains is what is served."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModelForCausalLM

from service.chat.inner import InnerFormat
from service.messages import ToolCall, ToolResult
from service.models.adapter import merge
from service.models.prepare import Prepared, prepare
from service.settings import ChatSection, Machine, ModelSection
from service.training import sft
from service.training.data import batches, demonstrations
from service.training.sft import Collator, Round, conversation_loss, read_recipe, train, write_recipe
from service.transcript import Origin, Span, Transcript

pytestmark = pytest.mark.model

AGENTS = Path(__file__).resolve().parents[2] / "agents"


def conversation(inner: InnerFormat, supplier: str, quantity: int) -> Transcript:
    transcript = Transcript.of([Span(Origin.GIVEN, inner.begin("You order.", []))])
    transcript = transcript.append(*inner.ask(f"Order {quantity} nuts from {supplier}.", transcript))
    call = ToolCall("c0", "place_order", f'{{"supplier": "{supplier}", "quantity": {quantity}}}')
    transcript = transcript.append(Span(Origin.SAMPLED, inner.write_stretch("", [call])))
    transcript = transcript.append(*inner.write_results([ToolResult("c0", "PO-1")], transcript))
    return transcript.append(Span(Origin.SAMPLED, inner.write_stretch(f"Ordered {quantity} (PO-1).", [])))


def test_the_shared_head_and_the_narrow_lm_head(weights: Prepared, inner: InnerFormat) -> None:
    model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32)
    batch = [conversation(inner, "Norvik Metals", 40), conversation(inner, "The Very Long Name Company of Ulm", 7)]
    losses, counts = [], []
    for transcript in batch:
        tokens, mask = torch.tensor([transcript.tokens]), torch.tensor(transcript.sampled_mask)
        logits = model(input_ids=tokens).logits[0, :-1]
        targets = tokens[0, 1:][mask[1:]]
        losses.append(functional.cross_entropy(logits[mask[1:]], targets, reduction="none"))
        counts.append(torch.tensor([5.0 if int(token) in inner.controls else 1.0 for token in targets]))
    row = {
        "head": len(batch[0].spans[0].tokens),
        "tokens": [list(t.tokens) for t in batch],
        "sampled": [list(t.sampled_mask) for t in batch],
    }
    inputs = Collator(inner.controls, 5.0)([row])
    shortcut = conversation_loss(model, **inputs)
    loss, weight = torch.cat(losses), torch.cat(counts)
    assert (weight == 5).sum() == 2 * len(["call", "end_call", "wait", "end"])
    assert shortcut.item() == pytest.approx(((loss * weight).sum() / weight.sum()).item(), rel=1e-4)
    shortcut.backward()
    # The head has no loss of its own, but what follows reads it: its gradient must come through the cache.
    assert model.model.embed_tokens.weight.grad[inner.begin("You order.", [])[3]].abs().sum() > 0


@dataclass(frozen=True)
class Trained:
    base: Prepared
    batches: list[list[Transcript]]
    recipe: Round
    adapter: Path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, inner: InnerFormat) -> Trained:
    """Two steps."""
    folder = tmp_path_factory.mktemp("trained")
    base = prepare(ModelSection(), folder, Machine().cache, print)
    recipe = Round(demonstrations=8, batch=4, learning_rate=0.05)  # which a warm-up of twenty steps makes small
    form = ChatSection(format="inner")
    shown = demonstrations(AGENTS / "contracts", form, base.folder, recipe.demonstrations, recipe.seed, lambda _: None)
    batched = batches([shown], recipe.batch, recipe.seed)
    return Trained(base, batched, recipe, train("a base", base, None, batched, inner.controls, recipe, folder))


@pytest.mark.timeout(300)
def test_merging_changes_nothing_about_what_was_learnt(trained: Trained, tmp_path: Path) -> None:
    merge(trained.base.folder, trained.adapter, tmp_path, print)
    untuned = AutoModelForCausalLM.from_pretrained(trained.base.folder, dtype=torch.float32)
    served = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    transcript = trained.batches[0][0]
    tokens, mask = torch.tensor([transcript.tokens]), torch.tensor(transcript.sampled_mask)

    def loss(model: Any) -> float:
        with torch.no_grad():
            logits = model(input_ids=tokens).logits[0, :-1][mask[1:]]
        return float(functional.cross_entropy(logits, tokens[0, 1:][mask[1:]]))

    before, after = loss(untuned), loss(served)
    assert after < before - 0.2
    unmerged = loss(PeftModel.from_pretrained(untuned, str(trained.adapter)))
    assert unmerged == pytest.approx(after, abs=0.1 * (before - after))  # merged, it is rounded to bfloat16


@pytest.mark.timeout(300)
def test_an_interrupted_training_goes_on_to_the_same_adapter(
    trained: Trained, inner: InnerFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def interrupted(model: Any, **inputs: Any) -> Any:
        steps.append(len(inputs["rest"]))
        if len(steps) == 2:
            raise KeyboardInterrupt
        return conversation_loss(model, **inputs)

    monkeypatch.setitem(sft._SAVE_STEPS, "cpu", 1)
    monkeypatch.setattr(sft, "conversation_loss", interrupted)

    def go() -> Path:
        return train("a base", trained.base, None, trained.batches, inner.controls, trained.recipe, tmp_path)

    with pytest.raises(KeyboardInterrupt):
        go()
    out = go()
    assert len(steps) == 3  # the second step again, and only that
    assert out == go()
    assert len(steps) == 3  # what is done is done
    assert [path.name for path in out.parent.iterdir()] == ["adapter"]
    ours, theirs = (load_file(path / "adapter_model.safetensors") for path in (out, trained.adapter))
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-3) for name in ours)


@pytest.mark.timeout(300)
def test_a_round_begins_where_the_last_one_ended(trained: Trained, inner: InnerFormat, tmp_path: Path) -> None:
    still = replace(trained.recipe, learning_rate=0.0)
    out = train("a base", trained.base, trained.adapter, trained.batches[:1], inner.controls, still, tmp_path)
    ours, theirs = (load_file(path / "adapter_model.safetensors") for path in (out, trained.adapter))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_recipe_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_recipe(tmp_path) == ()
    rounds = (Round(demonstrations=10, control_weight=5.0), Round(seed=1))
    write_recipe(tmp_path, rounds)
    assert read_recipe(tmp_path) == rounds
