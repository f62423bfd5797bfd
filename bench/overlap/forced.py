"""The script, forced on the engine: every contender decodes the same work, and only time is measured.

A logits processor reads each prompt and lets nothing be sampled but what the script says next. The weights compute
every token as ever.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from vllm.v1.sample.logits_processor import LogitsProcessor, MoveDirectionality

from bench.overlap.script import say

if TYPE_CHECKING:
    from vllm.config import VllmConfig
    from vllm.v1.sample.logits_processor import BatchUpdate


class Forced(LogitsProcessor):  # type: ignore[misc]  # vLLM has no types
    """For `AsyncEngineArgs(logits_processors=...)` and `vllm serve --logits-processors`."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        folder = Path(vllm_config.model_config.tokenizer)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._given: dict[int, tuple[list[int], list[int]]] = {}
        """By row of the batch: what is to be said, and what was said, which vLLM appends to."""

    def is_argmax_invariant(self) -> bool:
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        if batch_update is None:
            return
        for row in batch_update.removed:
            self._given.pop(row, None)
        for row, _, prompt, said in batch_update.added:
            self._given.pop(row, None)
            if words := self._words(prompt or []):
                self._given[row] = (words, said)
        for one, other, direction in batch_update.moved:
            first, second = self._given.pop(one, None), self._given.pop(other, None)
            if first:
                self._given[other] = first
            if second and direction is MoveDirectionality.SWAP:
                self._given[one] = second

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        for row, (words, said) in self._given.items():
            token = words[min(len(said), len(words) - 1)]
            logits[row] = -torch.inf
            logits[row, token] = 0.0
        return logits

    def _words(self, prompt: list[int]) -> list[int]:
        words = say(self._tokenizer.decode(prompt, skip_special_tokens=False))
        return self._tokenizer.encode(words, add_special_tokens=False).ids if words else []
