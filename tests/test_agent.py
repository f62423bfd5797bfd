"""An agent's configuration made into its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from service.agent import make_chat
from service.errors import ConfigError
from service.settings import ChatSection


def test_a_format_fits_its_model(tmp_path: Path, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    inner, live = (make_chat(ChatSection.model_validate({"format": f}), tmp_path) for f in ("inner", "inner-live"))
    assert [inner.live, live.live] == [False, True]
    with pytest.raises(ConfigError, match="this model is not of the family qwen3"):
        make_chat(ChatSection.model_validate({"format": "qwen3", "thinking": False}), tmp_path)


@pytest.mark.parametrize("content", [b"\xff", b"{}", b"version https://git-lfs.github.com/spec/v1"])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"tokenizer\.json: "):
        make_chat(ChatSection(), tmp_path)


def test_a_model_without_a_fast_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tokenizer\.json: No such file.*: a model needs a fast tokenizer"):
        make_chat(ChatSection(), tmp_path)
