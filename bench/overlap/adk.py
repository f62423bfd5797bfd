"""An agent framework of the day around the same server: Google's ADK over LiteLLM.

    python -m bench.overlap.adk URL PORT

A process in an environment of its own (`adk.lock`), since its pins are not ours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import asdict
from functools import wraps
from typing import Any

import uvicorn
from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.overlap.agents import DEPTH, INSTRUCTIONS, MODEL, TOKENS, Step
from bench.overlap.jobs import run_job

Tool = Callable[..., Coroutine[Any, Any, str]]

steps: list[Step] = []
"""Of what is being asked."""


class Model(LiteLlm):  # type: ignore[misc]  # it is not in our environment
    """Notes when it was at work."""

    async def generate_content_async(self, llm_request: Any, stream: bool = False) -> AsyncGenerator[Any]:
        step = Step("decode", time.perf_counter())
        async for response in super().generate_content_async(llm_request, stream):
            step.ended = time.perf_counter()
            used = response.usage_metadata
            step.sampled = used.candidates_token_count
            step.computed = used.total_token_count - (used.cached_content_token_count or 0)
            yield response
        steps.append(step)


def noted(tool: Tool) -> Tool:
    """The same, noting when it was at work."""

    @wraps(tool)
    async def run(*args: Any, **kwargs: Any) -> str:
        step = Step(tool.__name__, time.perf_counter())
        result = await tool(*args, **kwargs)
        step.ended = time.perf_counter()
        steps.append(step)
        return result

    return run


def runner(url: str, level: int = 0) -> InMemoryRunner:
    """The agent at this level of the chain, which has the next one as a tool."""
    tools: list[Tool] = [run_job]
    if level < DEPTH - 1:
        following = runner(url, level + 1)

        async def peer(message: str) -> str:
            """Asks the next agent.

            message: What it is to do.
            """
            return await ask(following, message)

        tools.append(peer)
    model = Model(model=f"openai/{MODEL}", api_base=f"{url}/v1", api_key="none", temperature=0, max_tokens=TOKENS)
    return InMemoryRunner(LlmAgent(name="jobs", model=model, instruction=INSTRUCTIONS, tools=[*map(noted, tools)]))


async def ask(agent: InMemoryRunner, text: str) -> str:
    session = await agent.session_service.create_session(app_name=agent.app_name, user_id="bench")
    message = types.Content(role="user", parts=[types.Part(text=text)])
    answer = ""
    async for event in agent.run_async(user_id="bench", session_id=session.id, new_message=message):
        if event.is_final_response():
            answer = "".join(part.text or "" for part in event.content.parts)
    return answer


def main(url: str, port: int) -> None:
    agent = runner(url)

    async def answer(request: Request) -> JSONResponse:
        """One question at a time: the answer, and the steps it took."""
        steps.clear()
        return JSONResponse(
            {"answer": await ask(agent, await request.json()), "steps": [asdict(step) for step in steps]}
        )

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[Route("/ask", answer, methods=["POST"]), Route("/health", health)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
