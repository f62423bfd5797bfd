"""vLLM's own spans are below those of the stretches that they are of, and its log has the form of all others."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.telemetry.collector import Collector, Span
from service.models.prepare import Prepared

pytestmark = pytest.mark.model

GENERATE = """
import asyncio, logging, sys
from contextlib import aclosing
from pathlib import Path
from service.engine.base import Sampling
from service.engine.traced import TracedEngine
from service.engine.vllm import EngineConfig, VllmEngine
from service.telemetry import logs, traces

async def main():
    async with VllmEngine.open(EngineConfig(Path(sys.argv[1]), "v", window=256), lambda _: None) as engine:
        logging.getLogger("vllm.engine").error("from vLLM")
        with traces.span("turn"):
            async with aclosing(TracedEngine(engine, "m").generate((100, 101), Sampling(8, ()))) as stream:
                async for _ in stream:
                    pass

if __name__ == "__main__":
    logs.set_up()
    with traces.exported("agent", "1"):
        asyncio.run(main())
"""


@pytest.mark.timeout(300)
def test_its_spans_are_below_ours(collector: Collector, weights: Prepared) -> None:
    process = subprocess.run(
        [sys.executable, "-c", GENERATE, str(weights.folder)], stderr=subprocess.PIPE, check=True, env=os.environ
    )

    def has_come(spans: list[Span]) -> bool:
        return {"chat m", "llm_request"} <= {span.name for span in spans}

    spans = {span.name: span for span in collector.wait(has_come)}
    assert spans["llm_request"].parent_id == spans["chat m"].id
    assert spans["chat m"].parent_id == spans["turn"].id
    assert spans["llm_request"].service == "agent"
    assert spans["llm_request"].attributes["gen_ai.usage.completion_tokens"] == 8
    assert spans["chat m"].attributes["gen_ai.usage.output_tokens"] == 8
    told = [json.loads(line) for line in process.stderr.splitlines()]
    assert [record["message"] for record in told] == ["from vLLM"]
