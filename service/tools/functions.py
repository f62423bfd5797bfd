"""Python functions as tools: the schema comes from the signature, the descriptions from the docstring."""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import docstring_parser
from pydantic import ConfigDict, Field, PydanticUserError, ValidationError, create_model

from service.errors import ConfigError, ToolError
from service.tools.base import CallContext, CallKey, StillRuns, ToolSpec


class FunctionTool:
    """A plain or async function. A plain one runs in a thread; a ValueError of either is its answer to the model.

    A parameter of type `CallKey` is not the model's to give: the function gets the call's own key.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises ConfigError if a parameter has no type that JSON can say, or the function no docstring."""
        self._function = function
        try:
            self._arguments = _model(function)
            schema = self._arguments.model_json_schema()
        except PydanticUserError as error:
            raise ConfigError(f"{function.__qualname__}: {error.message}") from error
        except NameError as error:
            raise ConfigError(f"{function.__qualname__}: a type that cannot be found: {error}") from error
        self._keys = [name for name, hint in get_type_hints(function).items() if hint is CallKey]
        self.spec = ToolSpec(function.__name__, _summary(function), _plain(schema))

    async def __call__(self, arguments: dict[str, Any], context: CallContext) -> str:
        try:
            parsed = self._arguments.model_validate(arguments)
            values = {name: getattr(parsed, name) for name in self._arguments.model_fields}
            values |= dict.fromkeys(self._keys, context.key)
            if inspect.iscoroutinefunction(self._function):
                result = await self._function(**values)
            else:
                result = await _in_thread(self._function, values)
        except ValidationError as error:
            raise ToolError("; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())) from error
        except ValueError as error:
            raise ToolError(str(error)) from error
        return str(result)


async def _in_thread(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """What the function returns or raises, called in a thread of its own. Raises StillRuns if cancelled before.

    Not in asyncio's executor: what hangs would hold one of its few threads, which all share, and the process's end.
    """
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    outcome: Future[Any] = Future()
    over: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        try:
            outcome.set_result(context.run(function, **arguments))
        except BaseException as error:
            outcome.set_exception(error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(over.set_result, None)

    threading.Thread(target=run, name=function.__qualname__, daemon=True).start()
    try:
        await asyncio.shield(over)
    except asyncio.CancelledError as error:
        raise StillRuns(over) from error
    return outcome.result()


def load_tools(folder: Path, use: str, options: Mapping[str, Any]) -> list[FunctionTool]:
    """The tools `use` names: `file.py:function`, or `file.py:Class`, whose public methods are tools.

    Raises ConfigError for a file or name that is not there, something that is neither, a class that refuses its
    options, or a function that cannot be described.
    """
    file, _, name = use.partition(":")
    target = getattr(_import(folder / file), name, None)
    if target is None:
        raise ConfigError(f"{folder / file} has no {name!r}")
    if not inspect.isclass(target):
        if not inspect.isfunction(target):
            raise ConfigError(f"{use} is neither a function nor a class")
        if options:
            raise ConfigError(f"{use}: options are for classes; this is a function")
        return [FunctionTool(target)]
    try:
        instance = target(**options)
    except Exception as error:  # the class is the agent's own: whatever is wrong with it, the agent cannot be served
        raise ConfigError(f"{use}: {type(error).__name__}: {error}") from error
    # In the order they are written, which is the order the model reads them in; what is inherited comes first.
    names = {name: None for base in reversed(target.__mro__[:-1]) for name in vars(base) if not name.startswith("_")}
    methods = [getattr(instance, name) for name in names]
    return [FunctionTool(method) for method in methods if inspect.isroutine(method)]


def _import(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    # Agents of one repository may import each other's shared code, as they do in training.
    root = str(path.resolve().parent.parent.parent)
    if root not in sys.path:
        sys.path.append(root)
    name = f"_tools_of_{path.resolve().parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"{path}: {type(error).__name__}: {error}") from error
    return module


def _model(function: Callable[..., Any]) -> Any:
    hints = get_type_hints(function)
    described = {p.arg_name: p.description for p in docstring_parser.parse(function.__doc__ or "").params}
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            kind = parameter.kind.description
            raise ConfigError(f"{function.__qualname__}: parameter {name!r} is {kind}; arguments are given by name")
        if name not in hints:
            raise ConfigError(f"{function.__qualname__}: parameter {name!r} has no type")
        if hints[name] is CallKey:
            continue
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (hints[name], Field(default, description=described.get(name)))
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _summary(function: Callable[..., Any]) -> str:
    summary = docstring_parser.parse(function.__doc__ or "").short_description
    if not summary:
        raise ConfigError(f"{function.__qualname__} has no docstring: the model would not know what it is for")
    return summary


def _plain(schema: Any) -> Any:
    """Without pydantic's titles, which only cost tokens."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):  # the keys in there are names, and "title" is as good as any
            plain[key] = {name: _plain(part) for name, part in value.items()}
        elif key in ("default", "const", "enum", "examples"):
            plain[key] = value
        elif key != "title":
            plain[key] = _plain(value)
    return plain
