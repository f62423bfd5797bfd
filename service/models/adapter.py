"""A LoRA adapter, as PEFT saves it, merged into the weights of its base model.

vLLM serves adapters unmerged too, but on a CPU that costs it nine tenths of its speed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from service.errors import ModelError

_FILES = ("adapter_config.json", "adapter_model.safetensors")


def digest(adapter: Path) -> str:
    """sha256 over the files that decide what the adapter does, in hexadecimal.

    Raises ModelError if the folder is not an adapter.
    """
    total = hashlib.sha256()
    for name in _FILES:
        try:
            with (adapter / name).open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ModelError(
                f"no adapter at {adapter}: {name}: {error.strerror or error}. `innerloop train sft` makes one"
            ) from error
    return total.hexdigest()


def merge(base: Path, adapter: Path, folder: Path, progress: Callable[[str], None]) -> None:
    """Writes the model of `base` with `adapter` merged in to `folder`, as bfloat16, with the base's tokenizer as it is.

    Raises ModelError if the base cannot be loaded or the adapter does not fit it.
    """
    progress(f"merging the adapter {adapter}")
    # Importing these takes seconds, and most starts find the work done.
    import torch
    from peft import PeftConfig, PeftModel
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    except (ValueError, RuntimeError, KeyError, OSError) as error:
        raise ModelError(f"the model {base} cannot be loaded: {' '.join(str(error).split())}") from error
    try:
        # Added in float32: rounding to bfloat16 first would lose most of a small update.
        adapted = PeftModel(model, PeftConfig.from_pretrained(str(adapter)))
        loaded = adapted.load_adapter(str(adapter), "default")
        if strange := [*loaded.missing_keys, *loaded.unexpected_keys]:  # PEFT goes on without these
            raise ValueError(f"only one of them has {strange[0]}")
        merged = adapted.merge_and_unload()
    except (ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(f"the adapter {adapter} does not fit {base.name}: {' '.join(str(error).split())}") from error
    merged.to(torch.bfloat16).save_pretrained(folder)
    for path in base.iterdir():
        # An index too: vLLM would look for the base's files, of which ours may be fewer or more.
        weights = any(kind in path.name for kind in (".safetensors", ".bin", ".gguf", ".pt"))
        hidden = path.name.startswith(".")
        if path.is_file() and not weights and not hidden and not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
