"""What people do today: a loop around vLLM's OpenAI server, which renders, tokenises and parses anew at every step."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from bench.overlap.agents import DEPTH, INSTRUCTIONS, MODEL, TOKENS, Step
from bench.overlap.engine import configure
from bench.overlap.jobs import run_job
from service.engine.vllm import engine_arguments
from service.tools.base import ToolSpec
from service.tools.functions import FunctionTool

_NAMES = {
    "<|call|>": "<tool_call>",
    "<|end_call|>": "</tool_call>",
    "<|result|>": "<tool_response>",
    "<|end_result|>": "</tool_response>",
}


def rename_markers(weights: Path, folder: Path) -> None:
    """The same weights with Hermes' markers as single tokens, as models trained for that format have them."""
    shutil.copytree(weights, folder)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    for token in tokenizer["added_tokens"]:
        token["content"] = _NAMES.get(token["content"], token["content"])
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {_NAMES.get(text, text): id for text, id in vocabulary.items()}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False))
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"clean_up_tokenization_spaces": False}))


def command(weights: Path, port: int) -> list[str]:
    """vLLM's server, its engine set up as our service sets up its own."""
    arguments = engine_arguments(configure(weights))
    return [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--served-model-name", MODEL),
        *("--host", "127.0.0.1", "--port", str(port), "--disable-uvicorn-access-log", "--enable-prompt-tokens-details"),
        *("--chat-template", str(Path(__file__).with_name("hermes.jinja"))),
        *("--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
        *(word for name, value in arguments.items() for word in _option(name, value)),
    ]


def _option(name: str, value: object) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    match value:
        case None:
            return []
        case bool():
            return [flag if value else f"--no-{flag.removeprefix('--')}"]
        case list():
            return [flag, *map(str, value)]
    return [flag, str(value)]


async def peer(message: str) -> str:
    """Asks the next agent.

    message: What it is to do.
    """
    raise NotImplementedError  # it is a loop of its own


def _described(spec: ToolSpec) -> dict[str, Any]:
    function = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
    return {"type": "function", "function": function}


_TOOLS: list[Any] = [_described(FunctionTool(function).spec) for function in (run_job, peer)]


@dataclass(slots=True)
class Outer:
    """Asks the server, runs the calls of its answer, all `at_once` or one after the other, and asks again."""

    client: AsyncOpenAI
    at_once: bool
    steps: list[Step] = field(default_factory=list)

    async def ask(self, text: str, level: int = 0) -> str:
        messages: list[Any] = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": text}]
        tools = _TOOLS if level < DEPTH - 1 else _TOOLS[:1]
        while True:
            step = Step("decode", time.perf_counter())
            response = await self.client.chat.completions.create(
                model=MODEL, messages=messages, tools=tools, temperature=0, max_tokens=TOKENS
            )
            step.ended = time.perf_counter()
            assert response.usage
            details = response.usage.prompt_tokens_details
            step.sampled = response.usage.completion_tokens
            step.computed = response.usage.total_tokens - ((details.cached_tokens if details else None) or 0)
            self.steps.append(step)
            message = response.choices[0].message
            if not message.tool_calls:
                return message.content or ""
            messages.append(message.model_dump(exclude_none=True))
            calls = [call for call in message.tool_calls if call.type == "function"]
            runs = [self._call(call.function.name, call.function.arguments, level) for call in calls]
            results = await asyncio.gather(*runs) if self.at_once else [await run for run in runs]
            messages += [
                {"role": "tool", "tool_call_id": call.id, "content": result}
                for call, result in zip(calls, results, strict=True)
            ]

    async def _call(self, name: str, arguments: str, level: int) -> str:
        values = json.loads(arguments)
        step = Step(name, time.perf_counter())
        result = await (self.ask(values["message"], level + 1) if name == "peer" else run_job(**values))
        step.ended = time.perf_counter()
        self.steps.append(step)
        return result
