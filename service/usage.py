"""The tokens a turn used, by model, with those of the agents it asked counted once."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field

_MOST = 2**53
"""What JSON holds exactly."""
_MODELS = 64
_NAME = 200

Count = Annotated[int, Field(ge=0, le=_MOST)]


class Tokens(BaseModel):
    """Of one model."""

    model_config = ConfigDict(frozen=True)

    input: Count = 0
    """Given to it, over all requests of the turn: each stretch begins with all that is there."""
    cached: Count = 0
    """Those of them that it did not compute again."""
    output: Count = 0
    """Sampled."""
    idle_waits: Count = 0
    """Times that it waited while no call ran, so that there was nothing to wait for."""

    def __add__(self, other: Tokens) -> Tokens:
        """What others say may be anything: no sum is more than can be told."""
        return Tokens(
            input=min(_MOST, self.input + other.input),
            cached=min(_MOST, self.cached + other.cached),
            output=min(_MOST, self.output + other.output),
            idle_waits=min(_MOST, self.idle_waits + other.idle_waits),
        )


class Usage(BaseModel):
    """By the version of its weights."""

    model_config = ConfigDict(frozen=True)

    models: Annotated[dict[Annotated[str, Field(max_length=_NAME)], Tokens], Field(max_length=_MODELS)] = {}

    @classmethod
    def of(cls, model: str, tokens: Tokens) -> Self:
        return cls(models={model: tokens})

    def __add__(self, other: Usage) -> Usage:
        models = dict(self.models)
        for model, tokens in other.models.items():
            if model in models or len(models) < _MODELS:
                models[model] = models.get(model, Tokens()) + tokens
        return Usage(models=models)

    @property
    def input(self) -> int:
        """Tokens given, to all models."""
        return sum(tokens.input for tokens in self.models.values())

    @property
    def output(self) -> int:
        """Tokens sampled, of all models."""
        return sum(tokens.output for tokens in self.models.values())

    def __bool__(self) -> bool:
        return bool(self.models)


NOTHING: Final = Usage()
