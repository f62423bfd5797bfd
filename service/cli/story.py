"""A turn told as it happens.

      0.4 s  → place_order(supplier="Norvik Metals", item="steel bracket", quantity=40)
      0.6 s  → contracts(message="Does Norvik Metals bear the tariffs?")
      0.6 s  ← place_order 0.01 s  PO-1234: 40 x steel bracket, Norvik Metals, 512.00 EUR
      1.1 s      contracts → search_contract(supplier="Norvik Metals", query="tariffs")
      1.1 s      contracts ← search_contract 0.00 s  3 Tariffs
      1.9 s      contracts ┃ Norvik Metals bears the tariffs (clause 3).
      1.9 s  ← contracts 1.31 s  Norvik Metals bears the tariffs (clause 3).
      2.5 s  ┃ Ordered 40 x steel bracket ...

One line for each thing, the same in a log and on a terminal. A terminal also has a footer that shows what goes on now:
the line that is being written, and the calls that run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from service.events import CallFinished, CallProgress, CallStarted, Event, Spliced, TextDelta

SHORT = 160
"""Characters of arguments and results; a terminal shows what fits a line."""

_Path = tuple[str, ...]
"""The ids of the calls that something happened in, the outermost first. Empty: in the agent that was asked."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that runs."""

    name: str
    started: float


class Story:
    """Tells one turn. To be entered before the first event and left after the last."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.splices = 0
        """How often results came into the tokens of the agent that was asked."""
        self._console = console
        self._clock = clock
        self._began = clock()
        self._running: dict[_Path, _Call] = {}
        self._names: dict[_Path, str] = {}
        """What calls are called, also those that have ended."""
        self._writing: dict[_Path, str] = {}
        """Text of which the line has not ended, by who writes it."""
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(console=console, get_renderable=self._footer, transient=True, refresh_per_second=10)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._live.stop()
        for path in list(self._writing):
            self._end_line(path)

    async def hear(self, event: Event) -> None:
        """The sink for the turn's events."""
        self._tell(event, ())

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def _tell(self, event: Event, path: _Path) -> None:
        match event:
            case TextDelta():
                self._write(event.text, path)
            case CallStarted():
                self._end_line(path)
                self._start((*path, event.call_id), event)
            case CallProgress():
                self._tell(event.event, (*path, event.call_id))
            case CallFinished():
                self._end_line((*path, event.call_id))
                self._end_line(path)
                self._finish((*path, event.call_id), event)
            case Spliced() if not path:
                self.splices += 1

    def _write(self, text: str, path: _Path) -> None:
        *lines, rest = (self._writing.pop(path, "") + text).split("\n")
        for line in lines:
            self._print(path, ("┃ ", "blue"), printable(line))
        if rest:
            self._writing[path] = rest

    def _end_line(self, path: _Path) -> None:
        if rest := self._writing.pop(path, "").rstrip():
            self._print(path, ("┃ ", "blue"), printable(rest))

    def _start(self, path: _Path, event: CallStarted) -> None:
        tool = printable(event.tool)
        alike = sum(name.partition("#")[0] == tool for known, name in self._names.items() if known[:-1] == path[:-1])
        self._names[path] = f"{tool}#{alike + 1}" if alike else tool
        self._running[path] = _Call(self._names[path], self._clock())
        arguments = (f"({_arguments(event.arguments)})", "")
        self._print(path[:-1], ("→ ", "cyan"), (self._names[path], "bold"), arguments, cut=True)

    def _finish(self, path: _Path, event: CallFinished) -> None:
        self._running.pop(path, None)
        name = self._names.get(path, printable(event.tool))
        mark, style = ("✗ ", "red") if event.is_error else ("← ", "green")
        seconds = (f" {event.seconds:.2f} s  ", "dim")
        result = (short(event.text), "red" if event.is_error else "")
        self._print(path[:-1], (mark, style), (name, "bold"), seconds, result, cut=True)

    def _print(self, path: _Path, *parts: str | tuple[str, str], cut: bool = False) -> None:
        line = Text.assemble((f"{self.seconds:5.1f} s  ", "dim"), _indent(path, self._names), *parts)
        if cut and self._console.is_terminal:
            self._console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(line, soft_wrap=True)

    def _footer(self) -> RenderableType:
        now = self._clock()
        calls = [f"{call.name} {now - call.started:.1f} s" for call in list(self._running.values())]
        self._spinner.update(text=Text(", ".join(calls) or f"{self.seconds:.1f} s", style="dim"))
        writing = self._writing.get((), "")
        return Group(Text(f"         ┃ {printable(writing)}"), self._spinner) if writing else self._spinner


def _indent(path: _Path, names: dict[_Path, str]) -> Text:
    """Four columns for each call on the way, and the name of the innermost: calls that run together interleave."""
    if not path:
        return Text()
    return Text(f"{'    ' * len(path)}{names.get(path, '?')} ", style="magenta")


def short(text: str) -> str:
    """One printable line of at most `SHORT` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 1]}…"


def printable(text: str) -> str:
    """Without what could move the cursor or recolour the screen: other agents' words are not to be trusted."""
    return "".join(char if char.isprintable() else " " for char in text)


def _arguments(text: str) -> str:
    try:
        arguments = json.loads(text)
        if isinstance(arguments, dict):
            text = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())
    except (ValueError, RecursionError):
        pass  # then it is told as it is
    return short(text)
