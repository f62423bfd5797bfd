"""Supervised fine-tuning of an agent's adapter on demonstrations: a LoRA over every linear layer, by TRL's trainer.

Two things make it fast enough for two CPU cores, and neither changes a gradient:
- every conversation of an agent begins with the same head (instructions and tools): it is computed once per batch and
  the gradient flows back through its key-value cache;
- the language-model head, as wide as the vocabulary, is applied only where there is loss: on sampled tokens.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, get_last_checkpoint
from trl import SFTConfig, SFTTrainer

from service.engine.cpu import emulates_bfloat16
from service.models.adapter import digest
from service.models.prepare import Prepared
from service.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Round:
    """One training: with the generator, and what it begins with, it reproduces what it ends with."""

    demonstrations: int = 5_000
    epochs: int = 1
    batch: int = 8
    """Conversations."""
    learning_rate: float = 1e-3
    """Falls linearly to zero, after a short warm-up."""
    rank: int = 16
    """Of the adapter; a round that goes on from one keeps that one's."""
    control_weight: float = 1.0
    """How much the loss of a control token counts, that of any other sampled token being 1. One control token decides
    whether a second call is made: by itself it is a hundredth of a conversation."""
    live: float = 0.0
    """The share of demonstrations in the live format; the others are in the turn format."""
    seed: int = 0
    """Of the demonstrations too."""


Recipe = tuple[Round, ...]
"""What an adapter has been through: the first round begins with the base weights, each other where the last ended."""

_RECIPE = "recipe.json"


def read_recipe(adapter: Path) -> Recipe:
    """What made the adapter in this folder; empty if there is none."""
    path = adapter / _RECIPE
    return tuple(Round(**fields) for fields in json.loads(path.read_text())) if path.is_file() else ()


def write_recipe(adapter: Path, recipe: Recipe) -> None:
    (adapter / _RECIPE).write_text(json.dumps([asdict(step) for step in recipe], indent=2) + "\n")


_SAVE_STEPS = {"cpu": 25, "gpu": 500}
"""Some minutes."""


def train(
    name: str,
    base: Prepared,
    begin: Path | None,
    batches: Sequence[Sequence[Transcript]],
    controls: Set[int],
    how: Round,
    cache: Path,
) -> Path:
    """One round for the model `name`, whose weights are `base`: an adapter, in bfloat16, in a folder in `cache`.

    It goes on from the adapter `begin`, if there is one. `controls` are the ids of the control tokens that a model
    samples. A round that was interrupted goes on from its last checkpoint, and one that was done is not done again.
    """
    rows = [_row(batch) for batch in batches]
    folder = cache / _key(name, base.version, begin, rows, controls, how)
    out, checkpoints = folder / "adapter", folder / "checkpoints"
    if out.is_dir():
        return out
    # The adapter itself is trained in float32; the rest in the precision it will be served in.
    gpu = torch.cuda.is_available()
    half = gpu or not emulates_bfloat16()
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.bfloat16 if half else torch.float32)
    if begin:
        model = PeftModel.from_pretrained(model, str(begin), is_trainable=True)
        # Where PEFT finds it without asking the hub.
        model.peft_config["default"].base_model_name_or_path = str(base.folder)
    fresh = LoraConfig(r=how.rank, lora_alpha=2 * how.rank, target_modules="all-linear", task_type="CAUSAL_LM")
    trainer = _Trainer(
        model=model,
        args=_settings(how, checkpoints, gpu=gpu, half=half),
        data_collator=Collator(controls, how.control_weight),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(base.folder),
        peft_config=None if begin else fresh,
    )
    trainer.train(resume_from_checkpoint=_last_whole(checkpoints))
    trained = trainer.model
    assert isinstance(trained, PeftModel)
    trained.peft_config["default"].base_model_name_or_path = name
    unfinished = folder / "unfinished"
    # Without the embeddings, for which PEFT would ask the hub.
    trained.to(torch.bfloat16).save_pretrained(unfinished, save_embedding_layers=False)
    (unfinished / "README.md").unlink(missing_ok=True)  # PEFT's, with blanks to fill in
    unfinished.rename(out)
    shutil.rmtree(checkpoints)
    return out


def _key(
    name: str, base: str, begin: Path | None, rows: Sequence[Mapping[str, Any]], controls: Set[int], how: Round
) -> str:
    """Tells rounds apart by all that they are given; `base` is a version."""
    given = name, base, begin and digest(begin), sorted(controls), how
    total = hashlib.sha256(repr(given).encode())
    for row in rows:
        total.update(repr(row).encode())
    return total.hexdigest()[:12]


def _last_whole(checkpoints: Path) -> str | None:
    """Where to go on; a checkpoint in whose midst the process ended, before the trainer's state, is removed."""
    for checkpoint in checkpoints.glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        if not (checkpoint / TRAINER_STATE_NAME).is_file():
            shutil.rmtree(checkpoint)
    last: str | None = get_last_checkpoint(checkpoints) if checkpoints.is_dir() else None
    return last


def _settings(how: Round, checkpoints: Path, *, gpu: bool, half: bool) -> SFTConfig:
    """The trainer's; `half` is for bfloat16."""
    return SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=how.epochs,
        per_device_train_batch_size=1,  # of our batches
        learning_rate=how.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=20,
        max_grad_norm=1.0,
        bf16=half,
        use_cpu=not gpu,
        gradient_checkpointing=False,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_steps=10,
        save_steps=_SAVE_STEPS["gpu" if gpu else "cpu"],
        save_total_limit=1,
        report_to="none",
        seed=how.seed,
    )


def _row(batch: Sequence[Transcript]) -> dict[str, Any]:
    return {
        "head": len(batch[0].spans[0].tokens),
        "tokens": [list(t.tokens) for t in batch],
        "sampled": [list(t.sampled_mask) for t in batch],
    }


class Collator:
    """One of our batches as tensors: the shared head [H], and right-padded rests [B, T] with the weights of their loss.

    A weight is 0 where nothing was sampled, `control_weight` where one of `controls` was, and 1 elsewhere.
    """

    def __init__(self, controls: Set[int], control_weight: float) -> None:
        self._controls = torch.tensor(sorted(controls))
        self._control_weight = control_weight

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        (row,) = rows
        heads = {tuple(tokens[: row["head"]]) for tokens in row["tokens"]}
        assert len(heads) == 1, "conversations of one batch begin alike"
        rests = [torch.tensor(tokens[row["head"] :]) for tokens in row["tokens"]]
        sampled = [torch.tensor(mask[row["head"] :]) for mask in row["sampled"]]
        weights = [
            torch.where(torch.isin(rest, self._controls), self._control_weight, 1.0) * mask
            for rest, mask in zip(rests, sampled, strict=True)
        ]
        pad = torch.nn.utils.rnn.pad_sequence
        return {
            "head": torch.tensor(heads.pop()),
            "rest": pad(rests, batch_first=True),
            "real": pad([torch.ones_like(rest) for rest in rests], batch_first=True),
            "weight": pad(weights, batch_first=True),
        }


class _Trainer(SFTTrainer):
    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor:
        return conversation_loss(self.accelerator.unwrap_model(model).get_base_model(), **inputs)


def conversation_loss(model: Any, head: Tensor, rest: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """The weighted mean cross entropy of the sampled tokens of a batch from `Collator`, in nats."""
    cache = DynamicCache()
    model.model(input_ids=head[None], past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(rest))
    attention = torch.cat([real.new_ones(len(rest), len(head)), real], dim=1)
    hidden = model.model(input_ids=rest, attention_mask=attention, past_key_values=cache).last_hidden_state
    weight = weight[:, 1:]
    target = weight > 0
    logits = model.lm_head(hidden[:, :-1][target])
    losses = functional.cross_entropy(logits.float(), rest[:, 1:][target], reduction="none")
    return (losses * weight[target]).sum() / weight.sum()
