"""Which training is which, and where an interrupted one goes on: with a model so small that a step takes no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from service.chat.inner import InnerFormat
from service.models.prepare import Prepared
from service.training import sft
from service.training.sft import Round, conversation_loss, train
from service.transcript import Origin, Span, Transcript


@dataclass(frozen=True)
class Training:
    """What a training is given."""

    base: Prepared
    batches: list[list[Transcript]]
    controls: frozenset[int]
    how: Round
    begin: Path | None = None

    def run(self, cache: Path, name: str = "tiny") -> Path:
        return train(name, self.base, self.begin, self.batches, self.controls, self.how, cache)


def conversation(chat: InnerFormat, said: str) -> Transcript:
    transcript = Transcript.of([Span(Origin.GIVEN, chat.begin("You count.", []))])
    transcript = transcript.append(*chat.ask(said, transcript))
    return transcript.append(Span(Origin.SAMPLED, chat.write_stretch(f"{said}!", [])))


@pytest.fixture
def training(tokenizer: Tokenizer, chat: InnerFormat, tmp_path: Path) -> Training:
    """Of two steps."""
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    base = Prepared(tmp_path / "base", "tiny@1")
    LlamaForCausalLM(LlamaConfig(vocab_size=tokenizer.get_vocab_size(), **sizes)).save_pretrained(base.folder)
    end = "<|im_end|>"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=end).save_pretrained(base.folder)
    batches = [[conversation(chat, said) for said in batch] for batch in (("one", "two"), ("three", "four"))]
    return Training(base, batches, frozenset(chat.controls), Round(batch=2))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """More would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry each, its number of conversations."""
    seen: list[int] = []

    def loss(model: Any, **inputs: Any) -> torch.Tensor:
        seen.append(len(inputs["rest"]))
        return conversation_loss(model, **inputs)

    monkeypatch.setattr(sft, "conversation_loss", loss)
    return seen


def unsampled(training: Training) -> list[list[Transcript]]:
    """The same tokens, but that the model is not to learn the last of each."""

    def but_the_last(transcript: Transcript) -> Transcript:
        *spans, last = transcript.spans
        cut = Span(last.origin, last.tokens[:-1]), Span(Origin.GIVEN, last.tokens[-1:])
        return Transcript.of([*spans, *cut])

    return [[but_the_last(transcript) for transcript in batch] for batch in training.batches]


def test_what_is_given_something_else_is_another_training(training: Training, steps: list[int], tmp_path: Path) -> None:
    first = training.run(tmp_path)
    assert (training.run(tmp_path), len(steps)) == (first, 2)
    one = replace(training, batches=training.batches[:1])
    further = replace(one, begin=first)
    others = [
        replace(training, base=replace(training.base, version="tiny@2")),
        replace(training, batches=unsampled(training)),
        replace(training, controls=frozenset()),
        replace(training, how=replace(training.how, seed=1)),
        one,
        further,
    ]
    outs = {first, *(other.run(tmp_path) for other in others)}
    config = first / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 32', '"lora_alpha": 16'))
    outs.add(further.run(tmp_path))
    assert len(outs) == 2 + len(others)
    assert len(steps) == 2 * 5 + 3


def test_a_checkpoint_that_is_not_whole_is_not_gone_on_from(
    training: Training, steps: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sft._SAVE_STEPS, "cpu", 1)
    monkeypatch.setitem(sft._SAVE_STEPS, "gpu", 1)
    save = sft._Trainer._save_rng_state

    def killed(self: Any, checkpoint: str) -> None:
        if checkpoint.endswith("-2"):
            raise KeyboardInterrupt
        save(self, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(sft._Trainer, "_save_rng_state", killed)
        with pytest.raises(KeyboardInterrupt):
            training.run(tmp_path)
    assert len(steps) == 2
    out = training.run(tmp_path)
    assert len(steps) == 3  # the second again
    assert (out / "adapter_model.safetensors").is_file()
