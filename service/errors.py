"""Everything that can go wrong on purpose.

    ServiceError
    ├── ConfigError        agent.yaml, the environment or a file it names is wrong; said before anything starts
    ├── ModelError         weights cannot be got ready or loaded
    ├── EngineError        the engine failed while decoding; the turn fails, the service goes on
    ├── ContextFull        what must be read does not fit the model's window
    ├── LeaseLost          another process has taken the turn; what this one would still do of it is not done
    └── ToolError          a tool's own refusal: the model reads the message as a result

A failing tool never raises out of a turn: `Toolbox` makes every failure a `ToolResult`. A limit is not an error
either: the turn ends with its `StopReason`. Cancellation passes through untouched.
"""

from __future__ import annotations


class ServiceError(Exception):
    """The root. Its text is fit for the person who runs the service."""


class ConfigError(ServiceError):
    """The agent's configuration cannot be used."""


class ModelError(ServiceError):
    """The weights cannot be got ready or loaded."""


class EngineError(ServiceError):
    """The engine failed while decoding."""


class ContextFull(ServiceError):
    """The conversation does not fit the model's window."""

    def __init__(self, tokens: int, window: int) -> None:
        super().__init__(f"the conversation needs {tokens} tokens; this model's window holds {window}")


class LeaseLost(ServiceError):
    """The turn is another process's now."""

    def __init__(self) -> None:
        super().__init__("another process has taken the turn")


class ToolError(ServiceError):
    """A tool refuses or fails; the message is written for the model."""
