"""Our side of the comparison, as a process of its own: one engine, and on it agents in the live and in the turn form.

    python -m bench.overlap.serve FOLDER

Of each form there is a chain of agents. What the engine can do by itself is measured here too, on request. Once all are
ready, a line of JSON says where they are.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tokenizers import Tokenizer

from bench.overlap import jobs
from bench.overlap.agents import DEPTH, INSTRUCTIONS, TOKENS
from bench.overlap.engine import Bare, Watched, configure
from service.agent import make_chat
from service.app import Service
from service.engine.vllm import VllmEngine
from service.models.prepare import prepare
from service.process.server import EmbeddedServer, listen, url_of
from service.settings import AgentConfig, Machine, ModelSection

FORMS = {"live": "inner-live", "turn": "inner"}


async def main(folder: Path) -> None:
    prepared = prepare(ModelSection(), Path(), Machine().cache, lambda _: None)
    async with (
        VllmEngine.open(configure(prepared.folder, prepared.version), lambda _: None) as engine,
        AsyncExitStack() as stack,
    ):
        vocabulary = Tokenizer.from_file(str(prepared.folder / "tokenizer.json")).get_vocab()
        watched = Watched(engine, vocabulary["<|end_call|>"])
        places: dict[str, str] = {}
        for name, form in FORMS.items():
            url = ""
            for level in reversed(range(DEPTH)):
                home = folder / f"{name}-{level}"
                home.mkdir()
                shutil.copy(jobs.__file__, home / "jobs.py")
                agent = describe(home.name, form, url)
                listener = listen("127.0.0.1", 0)
                url = url_of(listener)
                chat = make_chat(agent.chat, prepared.folder)
                service = Service(agent, Machine(data=folder), home, nullcontext(watched), chat, url)
                server = EmbeddedServer(service, drain_seconds=0, log_level="warning")
                await stack.enter_async_context(server.running(listener))
            places[name] = url
        listener = listen("127.0.0.1", 0)
        print(json.dumps({**places, "engine": url_of(listener), "weights": str(prepared.folder)}), flush=True)
        await uvicorn.Server(uvicorn.Config(answers(Bare(engine), watched), log_level="warning")).serve([listener])


def describe(name: str, form: str, peer: str) -> AgentConfig:
    """An agent that runs jobs, and asks the peer if it has one."""
    return AgentConfig.model_validate(
        {
            "name": name,
            "description": "Runs jobs.",
            "instructions": INSTRUCTIONS,
            "chat": {"format": form},
            "tools": [{"use": "jobs.py:run_job", "limits": {"seconds": 60, "concurrency": 1_000}}],
            "peers": [{"name": "peer", "url": peer}] if peer else [],
            "limits": {"tokens": TOKENS, "calls": 50},
            "skills": [{"id": "jobs", "name": "Jobs", "description": "Runs jobs.", "tags": ["jobs"]}],
        }
    )


def answers(bare: Bare, watched: Watched) -> Starlette:
    """What can be asked about the engine."""

    async def speed(_: Request) -> JSONResponse:
        return JSONResponse(await bare.speed())

    async def seconds(request: Request) -> JSONResponse:
        asked = await request.json()
        return JSONResponse(await bare.seconds(asked["prompt"], asked["count"]))

    async def gaps(request: Request) -> JSONResponse:
        asked = await request.json()
        measure = bare.least_gaps if asked["least"] else bare.gaps
        return JSONResponse(await measure(asked["context"], asked["others"]))

    async def peer_answers(request: Request) -> JSONResponse:
        asked = await request.json()
        return JSONResponse(await bare.answers(asked["prefilled"]))

    async def watched_since(_: Request) -> JSONResponse:
        return JSONResponse(watched.tell())

    post = ["POST"]
    return Starlette(
        routes=[
            Route("/speed", speed, methods=post),
            Route("/seconds", seconds, methods=post),
            Route("/gaps", gaps, methods=post),
            Route("/peer_answers", peer_answers, methods=post),
            Route("/watched", watched_since, methods=post),
        ]
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
