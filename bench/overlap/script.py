"""What a model that knows its business says: read from a prompt as the model would read it, in each contender's format.

The user's message lists the jobs:

    Jobs: a1 0.4; a2 0.4 after a1; b1 0.4. Ask: Jobs: d1 0.4.

What follows `Ask:` is for the peer. A job that comes after another is given that one's result.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

ASK = "Ask: "


@dataclass(frozen=True, slots=True)
class Job:
    """One call of `run_job`, or of the peer."""

    name: str
    seconds: float
    after: str = ""
    message: str = ""
    """For the peer."""

    def call(self, known: dict[str, str]) -> tuple[str, dict[str, object]]:
        """Tool and arguments."""
        if self.message:
            return "peer", {"message": self.message}
        arguments: dict[str, object] = {"job": self.name, "seconds": self.seconds}
        if self.after:
            arguments["using"] = known[self.after].rsplit(" ", 1)[-1]
        return "run_job", arguments


def called(arguments: dict[str, str]) -> str:
    """The name of the job that a call with these arguments is for."""
    return arguments.get("job", "peer")


def write_text(words: int) -> str:
    """The user's message that asks for a text of so many words, without any job."""
    return f"Say {words} words."


def answer(said: str) -> str | None:
    """What that message is answered with; None for any other."""
    match = re.fullmatch(r"Say (\d+) words\.", said)
    return " ".join(itertools.islice(itertools.cycle(_WORDS), int(match[1]))) if match else None


_WORDS = ("one", "day", "a", "man", "went", "to", "the", "sea", "and", "saw", "that", "it", "was", "good")


def read_jobs(said: str) -> list[Job]:
    """The jobs of a user's message, in its order, the peer's last; none in a message of another kind."""
    if not said.startswith("Jobs: "):
        return []
    ours, _, theirs = said.partition(ASK)
    jobs = []
    for job in ours.removeprefix("Jobs: ").strip().rstrip(".").split("; "):
        name, seconds, *after = job.split(" ")
        jobs.append(Job(name, float(seconds), after[1] if after else ""))
    return [*jobs, Job("peer", 0.0, message=theirs)] if theirs else jobs


def write_jobs(jobs: Sequence[Job]) -> str:
    """The user's message that asks for them."""
    ours = "; ".join(
        f"{job.name} {job.seconds}" + f" after {job.after}" * bool(job.after) for job in jobs if not job.message
    )
    theirs = "".join(f" {ASK}{job.message}" for job in jobs if job.message)
    return f"Jobs: {ours}.{theirs}"


@dataclass(slots=True)
class State:
    """How far a turn has come, from what the model can read of it."""

    jobs: list[Job]
    made: list[Job] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    """Result by name, in the order of arrival."""
    told: int = 0
    """Results of which something was said."""

    def note_call(self, arguments: dict[str, str]) -> None:
        name = called(arguments)
        self.made.append(next(job for job in self.jobs if job.name == name))

    @property
    def ready(self) -> list[Job]:
        """What can be called, longest first."""
        ready = [job for job in self.jobs if job not in self.made and (not job.after or job.after in self.known)]
        return sorted(ready, key=self._rest, reverse=True)

    def _rest(self, job: Job) -> float:
        """Seconds from its start to the end of all that waits for it. Peers take longest."""
        if job.message:
            return float("inf")
        return job.seconds + max((self._rest(other) for other in self.jobs if other.after == job.name), default=0.0)

    def tell(self, name: str) -> str:
        return " ".join(self.known[name].rstrip(".\n").split()) + "."

    @property
    def report(self) -> str:
        """All of it, in the order asked."""
        return " ".join(self.tell(job.name) for job in self.jobs)


def inner(prompt: str) -> str | None:
    """What comes after a prompt in our own format, in either form."""
    head, _, rest = prompt.rpartition("<|im_start|>user\n")
    said, _, turn = rest.partition("<|im_end|>\n<|im_start|>assistant\n")
    if plain := answer(said):
        return f"{plain}<|im_end|>"
    if not said.startswith("Jobs: "):
        return None
    live = "\nLive tools:" in head
    state = State(read_jobs(said))
    for kind, body in re.findall(r"<\|(call|result)\|>(.*?)<\|end_\w+\|>", turn, re.DOTALL):
        if kind == "call":
            state.note_call(json.loads(body.partition(" ")[2]))
        elif live:
            id, _, result = body.partition(" ")
            state.known[state.made[int(id[1:])].name] = result
        else:
            state.known[state.made[len(state.known)].name] = body
    prose = re.sub(r"<\|(call|result)\|>.*?<\|end_\w+\|>|<\|wait\|>", "", turn, flags=re.DOTALL)
    state.told = prose.count("\n")
    return _live(state) if live else _turn(state)


def _turn(state: State) -> str:
    if ready := state.ready:
        return "".join(map(partial(_call, state), ready)) + "<|wait|>"
    return f"{state.report}<|im_end|>"


def _live(state: State) -> str:
    """Calls, then what is known, then waits."""
    said = "".join(map(partial(_call, state), state.ready))
    lines = [f"{state.tell(name)}\n" for name in list(state.known)[state.told :]]
    done = len(state.known) == len(state.jobs)
    return said + "".join(lines) + ("<|im_end|>" if done else "<|wait|>")


def _call(state: State, job: Job) -> str:
    name, arguments = job.call(state.known)
    return f"<|call|>{name} {json.dumps(arguments)}<|end_call|>"


def hermes(prompt: str) -> str | None:
    """The same for the format of the outer loops' server."""
    said, _, turn = prompt.partition("<|im_start|>user\n")[2].partition("<|im_end|>\n")
    if plain := answer(said):
        return f"{plain}<|im_end|>"
    if not said.startswith("Jobs: "):
        return None
    state = State(read_jobs(said))
    for call in re.findall(r"<tool_call>\n(.*?)\n</tool_call>", turn, re.DOTALL):
        state.note_call(json.loads(call)["arguments"])
    results = re.findall(r"<tool_response>\n(.*?)\n</tool_response>", turn, re.DOTALL)
    state.known = {job.name: _unwrapped(result) for job, result in zip(state.made, results, strict=False)}
    if not state.ready:
        return f"{state.report}<|im_end|>"
    calls = []
    for job in state.ready:
        name, arguments = job.call(state.known)
        calls.append(f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>")
    return "\n".join(calls) + "<|im_end|>"


def _unwrapped(result: str) -> str:
    """ADK makes objects of its tools' results."""
    return json.loads(result)["result"] if result.startswith("{") else result


def say(prompt: str) -> str | None:
    """What comes after this prompt, markers spelled out; None if it is not about jobs."""
    return hermes(prompt) if "<tool_call>" in prompt else inner(prompt)
