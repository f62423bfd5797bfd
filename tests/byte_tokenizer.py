"""A tokenizer small enough to build."""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from service.chat.inner import MARKERS


def byte_tokenizer() -> Tokenizer:
    """One token per byte, and the markers of the `inner` format."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={char: index for index, char in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(marker, special=True) for marker in MARKERS])
    return tokenizer


MESSAGES = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
CALLS = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>")
OTHERS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<|fim_prefix|>")


def qwen_tokenizer() -> Tokenizer:
    """One token per byte, and Qwen's control tokens, of which only some are called special."""
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (*MESSAGES, *OTHERS)])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in CALLS])
    return tokenizer
