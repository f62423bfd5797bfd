"""The script, forced on the engine: every contender decodes the same work, and only time is measured.

A logits processor reads each prompt and lets nothing be sampled but what the script says next. The weights compute
every token as ever. vLLM has two model runners, each with processors of its own kind: V1, on CPUs, and V2, on GPUs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from vllm.v1.sample.logits_processor import LogitsProcessor, MoveDirectionality
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as LogitsProcessorV2

from bench.overlap.agents import TOKENS
from bench.overlap.script import say

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig
    from vllm.v1.sample.logits_processor import BatchUpdate
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcRequestState


class Script:
    """What is to be said, in tokens."""

    def __init__(self, vllm_config: VllmConfig) -> None:
        folder = Path(vllm_config.model_config.tokenizer)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def after(self, prompt: list[int]) -> list[int]:
        """Nothing if the prompt is not about jobs."""
        words = say(self._tokenizer.decode(prompt, skip_special_tokens=False))
        return self._tokenizer.encode(words, add_special_tokens=False).ids if words else []


class Forced(LogitsProcessor):  # type: ignore[misc]  # vLLM has no types
    """For `AsyncEngineArgs(logits_processors=...)` and `vllm serve --logits-processors`."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        self._script = Script(vllm_config)
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
            if words := self._script.after(prompt or []):
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


class ForcedV2(LogitsProcessorV2):  # type: ignore[misc]
    """The same. Only the GPU knows which token a row is at: a step is set up before the last one has ended."""

    def __init__(self, vllm_config: VllmConfig, req_states: LogitsProcRequestState) -> None:
        from vllm.v1.worker.gpu.buffer_utils import StagedWriteTensor  # needs Triton

        self._script = Script(vllm_config)
        self._requests = req_states
        rows, device = req_states.max_num_reqs, req_states.device
        self._words = StagedWriteTensor((rows, TOKENS), dtype=torch.int32, device=device)
        self._lengths = StagedWriteTensor(rows, dtype=torch.int32, device=device)
        self._forced = [False] * rows

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        # The prompt was staged just before. Reading it back from the GPU would wait for the step that is on its way.
        length = int(self._requests.prefill_len.np[req_idx])
        staged = self._requests.all_token_ids._staged_write_contents[-length:]
        words = self._script.after(staged[: int(self._requests.prompt_len.np[req_idx])])
        self._words.stage_write(req_idx, 0, words)
        self._lengths.stage_write_elem(req_idx, len(words))
        self._forced[req_idx] = bool(words)
        return bool(words)

    def apply_staged_writes(self) -> None:
        self._words.apply_write()
        self._lengths.apply_write()

    def apply(self, logits: torch.Tensor, ctx: LogitsContext) -> torch.Tensor:
        if not any(self._forced[index] for index in ctx.idx_mapping_np):
            return logits
        index = ctx.expanded_idx_mapping.long()
        length = self._lengths.gpu[index]
        at = ctx.pos + 1 - self._requests.prompt_len.gpu[index]
        token = self._words.gpu[index, at.clamp(min=0).minimum(length - 1).clamp(min=0)].long()[:, None]
        return force(logits, token, length > 0)


def force(logits: torch.Tensor, token: torch.Tensor, forced: torch.Tensor) -> torch.Tensor:
    """Leaves nothing but `token` [rows, 1] in those rows of `logits` [rows, vocabulary] that are `forced` [rows]."""
    kept = torch.where(forced[:, None], 0.0, logits.gather(1, token))
    return logits.masked_fill_(forced[:, None], -torch.inf).scatter_(1, token, kept)
