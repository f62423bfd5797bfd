"""What the agents of every contender have in common."""

from __future__ import annotations

from dataclasses import dataclass

INSTRUCTIONS = "You run jobs. Use the tools, then say what each job gave."
DEPTH = 3
"""Agents in a chain, each the peer of the one before."""
TOKENS = 2_000
"""A turn may have no more."""
MODEL = "jobs"
"""As the outer loops' server calls it."""


@dataclass(slots=True)
class Step:
    """One request of an outer loop, or one call."""

    what: str
    """`decode`, or the tool."""
    begun: float
    """By `time.perf_counter`, which is one clock for all processes."""
    ended: float = 0.0
    sampled: int = 0
    """Tokens."""
    computed: int = 0
    """Tokens that were sampled, or read and not in the cache."""
