"""An agent's configuration made into its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from service.agent import make_chat, peer_config
from service.chat.inner import InnerFormat
from service.errors import ConfigError
from service.settings import ChatSection, PeerSection
from tests.keys import write_key, write_pins


def test_a_format_fits_its_model(tmp_path: Path, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    inner, live = (make_chat(ChatSection.model_validate({"format": f}), tmp_path) for f in ("inner", "inner-live"))
    assert [inner.live, live.live] == [False, True]
    with pytest.raises(ConfigError, match="this model is not of the family qwen3"):
        make_chat(ChatSection.model_validate({"format": "qwen3", "thinking": False}), tmp_path)


def test_texts_are_encoded_whole_whatever_the_tokenizer_was_left_at(tmp_path: Path, tokenizer: Tokenizer) -> None:
    saved = Tokenizer.from_str(tokenizer.to_str())
    saved.enable_truncation(8)
    saved.enable_padding(length=64, pad_token="!", pad_id=0)
    saved.save(str(tmp_path / "tokenizer.json"))
    chat = make_chat(ChatSection(), tmp_path)
    assert chat.begin("You help with orders.", []) == InnerFormat(tokenizer).begin("You help with orders.", [])


@pytest.mark.parametrize("content", [b"\xff", b"{}", b"version https://git-lfs.github.com/spec/v1"])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"tokenizer\.json: "):
        make_chat(ChatSection(), tmp_path)


def test_a_model_without_a_fast_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tokenizer\.json: No such file.*: a model needs a fast tokenizer"):
        make_chat(ChatSection(), tmp_path)


def peer(**section: object) -> PeerSection:
    return PeerSection.model_validate({"name": "helper", "url": "https://helper.example", **section})


def test_a_peer_s_files_are_in_the_agent_s_folder_or_anywhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    write_pins(tmp_path / "pins.json", write_key(tmp_path / "key.pem"))
    for folder, place in ((tmp_path, ""), (tmp_path / "agent", f"{tmp_path}/")):
        section = peer(keys=f"{place}pins.json", credential={"file": f"{place}token", "header": "X-API-Key"})
        config = peer_config(section, folder, "https://asks.example")
        assert (config.name, config.url, config.asked_by) == (
            "helper",
            "https://helper.example",
            "https://asks.example",
        )
        assert config.keys
        assert config.credential
        assert (config.credential.url, config.credential.header) == (config.url, "X-API-Key")


@pytest.mark.parametrize("content", [None, b"", b" \n", b"sec\nret", b"secr\xe9t", b"sec\x00ret"])
def test_a_file_without_a_secret(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(ConfigError) as error:
        peer_config(peer(credential={"file": "token"}), tmp_path, "https://asks.example")
    why = "No such file or directory" if content is None else "not one line of ASCII text"
    assert str(error.value) == f"{tmp_path}/token: {why}"
