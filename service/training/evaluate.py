"""How well an agent does its work: held-out tasks, several at once, counted."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from service.decode import DecodeLoop
from service.errors import ToolError
from service.events import CallStarted
from service.tools.base import ToolSpec
from service.tools.toolbox import parse_arguments
from service.training.rollout import Episode, rollout
from service.training.task import Task


@dataclass(frozen=True, slots=True)
class Score:
    """The episodes of one model on one split."""

    specs: Sequence[ToolSpec]
    """The tools that the model was given."""
    episodes: Sequence[Episode]
    in_order: bool = True
    """Whether calls are only exact in the expert's order: a live form makes them as results come in."""

    @property
    def failures(self) -> list[Episode]:
        return [episode for episode in self.episodes if episode.problem]

    def to_json(self) -> dict[str, float | int]:
        """`tokens` and `seconds` are means over the tasks, of which several ran at once."""
        total = len(self.episodes)
        calls = [call for episode in self.episodes for call in episode.calls]
        return {
            "solved": total - len(self.failures),
            "total": total,
            "calls_exact": sum(map(self._is_exact, self.episodes)),
            "schema_errors": sum(not self._fits(call) for call in calls),
            "turns": sum(len(episode.answers) for episode in self.episodes),
            "invented": sum(len(episode.invented) for episode in self.episodes),
            "tokens": round(sum(episode.sampled for episode in self.episodes) / total, 1),
            "seconds": round(sum(episode.seconds for episode in self.episodes) / total, 2),
        }

    def _is_exact(self, episode: Episode) -> bool:
        """Whether the calls are the expert's, with the same arguments."""
        asked = [_plain(call.tool, dict(call.arguments)) for call in episode.task.calls]
        made = [_plain(call.tool, _object(call.arguments)) for call in episode.calls]
        return asked == made if self.in_order else sorted(asked) == sorted(made)

    def _fits(self, call: CallStarted) -> bool:
        spec = next((spec for spec in self.specs if spec.name == call.tool), None)
        try:
            return spec is not None and parse_arguments(call.arguments, spec) is not None
        except ToolError:
            return False


async def evaluate(
    loop: DecodeLoop, tasks: Iterator[Task], count: int, at_once: int, progress: Callable[[Episode], None]
) -> list[Episode]:
    """Runs the first `count` tasks, `at_once` of them side by side."""
    episodes: list[Episode] = []
    drawn = itertools.islice(tasks, count)

    async def work() -> None:
        for task in drawn:
            episode = await rollout(task, loop)
            episodes.append(episode)
            progress(episode)

    async with asyncio.TaskGroup() as workers:
        for _ in range(at_once):
            workers.create_task(work())
    return episodes


def _plain(tool: str, arguments: object) -> str:
    return json.dumps([tool, arguments], sort_keys=True)


def _object(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
