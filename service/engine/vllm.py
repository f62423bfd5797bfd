"""vLLM in this process: `AsyncLLM`, with its model in a child process.

The only file that knows vLLM. It is imported when an engine is opened, since that takes ten seconds and reads the
environment that is set here.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import shutil
import signal
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from service.engine.base import Chunk, Finish, Sampling
from service.engine.cpu import cpu_problem, emulates_bfloat16
from service.engine.stall import StallWatch
from service.engine.worker import OWNER, WorkerExtension
from service.errors import EngineError, ModelError
from service.telemetry import traces

if TYPE_CHECKING:
    from vllm import RequestOutput, SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM
    from vllm.v1.metrics.loggers import StatLoggerBase

_FINISH = {"stop": Finish.STOP, "length": Finish.LENGTH}


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What to load."""

    folder: Path
    """Config, safetensors and tokenizer."""
    weights: str
    """Their version."""
    window: int | None = None
    """Tokens per conversation; the model's own limit if not given."""
    kv_cache_bytes: int = 1 << 30
    """For all conversations together, on a CPU. On a GPU vLLM takes what is free."""
    logits_processors: tuple[str, ...] = ()
    """Classes, as `module:Class`, with which vLLM changes what may be sampled."""
    stats: bool = False
    """Whether vLLM counts what it does, for Prometheus: `vllm:*` in `prometheus_client.REGISTRY`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """By vLLM's own names, over those that are chosen here."""


class VllmEngine:
    """One model, loaded by vLLM. Conversations that share a prefix share its KV cache."""

    def __init__(self, llm: AsyncLLM, weights: str, stall: StallWatch) -> None:
        self._llm = llm
        self._weights = weights
        self._requests = count()
        self._stall = stall
        self._traced = llm.observability_config.otlp_traces_endpoint is not None
        self._resident = 0
        """Tokens of the streams that it generates now."""

    @classmethod
    @asynccontextmanager
    async def open(cls, config: EngineConfig, progress: Callable[[str], None]) -> AsyncIterator[Self]:
        """Loads the model and, on leaving, unloads it. `progress` hears of the start, which takes 15 to 45 s,
        and on a GPU a minute or two the first time: vLLM compiles the model.

        Raises ModelError if vLLM cannot start.
        """
        progress(f"starting vLLM on {config.folder.name} (15 to 45 s; the first time on a GPU, two minutes)")
        begun = time.monotonic()
        # By itself: libraries keep some errors of their imports, with the frames they came through. Were the engine in
        # one of these, it would live on until Python is half gone.
        await asyncio.to_thread(_import_vllm)
        stall = StallWatch()
        llm = await asyncio.to_thread(_start, config, stall)
        try:
            progress(f"vLLM is ready after {time.monotonic() - begun:.0f} s")
            yield cls(llm, config.weights, stall)
        finally:
            if llm.output_handler:
                llm.output_handler.cancel()  # or it would report the end as a failure
            # Its process has nothing to put in order, and would take seconds, up to five, to end by itself.
            await asyncio.to_thread(llm.shutdown, timeout=0)

    @property
    def window(self) -> int:
        window: int = self._llm.model_config.max_model_len
        return window

    @property
    def weights(self) -> str:
        return self._weights

    @property
    def alive(self) -> bool:
        return not self._llm.errored

    @property
    def pressure(self) -> float:
        """Without what conversations share: that makes it less."""
        cache = self._llm.vllm_config.cache_config
        room: int = (cache.num_gpu_blocks or 1) * cache.block_size
        return self._resident / room

    @property
    def stalled(self) -> float:
        return self._stall.stalled

    @property
    def llm(self) -> AsyncLLM:
        """The engine itself, for what only vLLM can do."""
        return self._llm

    async def generate(self, tokens: Sequence[int], sampling: Sampling) -> AsyncGenerator[Chunk]:
        """As `Engine.generate`. Tokens that were sampled while the reader was busy come as one chunk."""
        from vllm.exceptions import VLLMError
        from vllm.inputs import tokens_input

        prompt, params = tokens_input(list(tokens)), sampling_params(sampling)
        request, within = f"r{next(self._requests)}", traces.kept() if self._traced else None
        resident = len(tokens)
        self._resident += resident
        try:
            async with aclosing(self._llm.generate(prompt, params, request, trace_headers=within)) as outputs:
                while True:
                    with self._stall:
                        output = await anext(outputs, None)
                    if output is None:
                        break
                    first = resident == len(tokens)
                    chunk = _chunk(output, (output.num_cached_tokens or 0) if first else 0)
                    resident += len(chunk.tokens)
                    self._resident += len(chunk.tokens)
                    yield chunk
        except (VLLMError, ValueError) as error:
            raise EngineError(f"vLLM: {str(error) or repr(error.__cause__)}") from error
        finally:
            self._resident -= resident

    async def warm_up(self, tokens: Sequence[int], sampling: Sampling) -> None:
        """As `Engine.warm_up`, by sampling: vLLM compiles the grammar, and what it counts ranks for logprobs with."""
        async with aclosing(self.generate(tokens, sampling)) as stream:
            async for _ in stream:
                pass

    async def prefill(self, tokens: Sequence[int]) -> None:
        """As `Engine.prefill`, by sampling one token, which is thrown away."""
        await self.warm_up(tokens, Sampling(max_tokens=1, stop=()))


@cache
def _import_vllm() -> None:
    _set_environment(_QUIET)
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        # However it is told to run, vLLM has parts of its sampler compiled. They run as they are written, too.
        _set_environment({"TORCHDYNAMO_DISABLE": "1"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecated things that vLLM uses
        import vllm.v1.engine.async_llm  # noqa: F401
    # What was imported stays. Python's collector would go through all of it every now and then, half a million objects,
    # and every stream would stand still for the third of a second that takes.
    gc.collect()
    gc.freeze()


def _start(config: EngineConfig, stall: StallWatch) -> AsyncLLM:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.v1.engine.async_llm import AsyncLLM

    if current_platform.is_cpu() and (problem := cpu_problem()):
        raise ModelError(problem)
    _set_environment(engine_environment())
    os.environ[OWNER] = str(os.getpid())
    if traces.endpoint():
        os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = traces.protocol()  # else its own choice would be another
    worker = f"{WorkerExtension.__module__}.{WorkerExtension.__qualname__}"
    try:
        args = AsyncEngineArgs(**engine_arguments(config), use_tqdm_on_load=False, worker_extension_cls=worker)
    except (TypeError, ValueError) as error:
        raise ModelError(f"vLLM does not take the engine's arguments: {' '.join(str(error).split())}") from error
    # Ctrl-C goes to every process of the terminal. The engine must outlive it, so that running turns can end well;
    # a child inherits the mask of the thread that starts it. Python's resource tracker lifts the mask when it starts.
    resource_tracker.ensure_running()
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # vLLM would have spans sent by itself. What sends ours sends them too, as it was there first, which is warned of.
    warned = logging.getLogger("opentelemetry.trace")
    warned.disabled = True
    try:
        return AsyncLLM.from_engine_args(args, stat_loggers=[_hears_of_steps(stall)] if config.stats else None)
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"vLLM cannot load {config.folder}: {' '.join(str(error).split())}") from error
    finally:
        warned.disabled = False
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _hears_of_steps(stall: StallWatch) -> type[StatLoggerBase]:
    """What vLLM tells of each of its steps, also of one that gives nobody a token: a long prompt takes many."""
    from vllm.v1.metrics.loggers import StatLoggerBase

    class Steps(StatLoggerBase):
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def record(self, *_: object, **__: object) -> None:
            stall.moved()

        def log_engine_initialized(self) -> None:
            pass

    return Steps


def engine_arguments(config: EngineConfig) -> dict[str, Any]:
    """How vLLM is set up for this model on this machine, by the names of its own engine arguments."""
    from vllm.platforms import current_platform

    arguments: dict[str, Any] = {
        "model": str(config.folder),
        "tokenizer": str(config.folder),
        "max_model_len": config.window,
        "served_model_name": config.folder.name,  # in its metrics: else it would be the path
        "disable_log_stats": not config.stats,
        "logits_processors": list(config.logits_processors),
    }
    if current_platform.is_cpu():
        arguments |= {
            "distributed_executor_backend": "uni",
            "enforce_eager": True,  # compiling takes minutes here and gains nothing
            "block_size": 32,  # a spliced-in result recomputes at most one block
            "kv_cache_memory_bytes": config.kv_cache_bytes,
            "dtype": "float32" if emulates_bfloat16() else "auto",
        }
    if where := traces.endpoint():  # its spans have times of its statistics in them
        arguments |= {"otlp_traces_endpoint": where, "disable_log_stats": False}
    return {**arguments, **config.arguments}


def engine_environment() -> dict[str, str]:
    """What vLLM reads from the environment beside its arguments."""
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        # How its child process starts. Forked, as vLLM would have it, it would be a copy of a process with threads, and
        # would not import anew what has it end with its owner.
        return _QUIET | {"VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
    # The scheduler and the model in one process, and a core left for everything else. With vLLM's own choice, a
    # scheduler of its own that spins while it waits, two cores decode a quarter slower.
    return _QUIET | {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "OMP_NUM_THREADS": str(max(1, _cores() - 1))}


_QUIET = {
    "PYTHONWARNINGS": "ignore",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "TORCH_LOGS": "-all",
    "TQDM_DISABLE": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
}


def _set_environment(values: Mapping[str, str]) -> None:
    """For vLLM and its child process, except where the user has set something else."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def sampling_params(sampling: Sampling) -> SamplingParams:
    """In vLLM's words."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        max_tokens=sampling.max_tokens,
        stop_token_ids=list(sampling.stop),
        ignore_eos=True,  # the chat format alone says what stops
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        logit_bias=dict.fromkeys(sampling.banned, -math.inf) or None,
        logprobs=0 if sampling.logprobs else None,  # 0: of the sampled token only
        structured_outputs=StructuredOutputsParams(structural_tag=sampling.constraint) if sampling.constraint else None,
        detokenize=False,
        output_kind=RequestOutputKind.DELTA,
    )


def _chunk(output: RequestOutput, cached: int) -> Chunk:
    completion = output.outputs[0]
    tokens = tuple(completion.token_ids)
    logprobs = None
    if completion.logprobs is not None:
        logprobs = tuple(entry[token].logprob for token, entry in zip(tokens, completion.logprobs, strict=True))
    if completion.finish_reason in ("abort", "error"):
        raise EngineError(f"the engine gave up the request: {completion.finish_reason}")
    finish = _FINISH[completion.finish_reason] if completion.finish_reason else None
    return Chunk(tokens, logprobs, finish, cached)
