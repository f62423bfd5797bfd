"""What agents say that they took is added, whatever they say."""

from __future__ import annotations

from service.usage import Tokens, Usage


def test_what_is_of_one_model_is_added() -> None:
    one, other = Usage.of("a", Tokens(input=1, output=2)), Usage.of("a", Tokens(input=3, cached=4, idle_waits=6))
    assert one + other + Usage.of("b", Tokens(output=5)) == Usage(
        models={"a": Tokens(input=4, cached=4, output=2, idle_waits=6), "b": Tokens(output=5)}
    )


def test_no_sum_is_more_than_can_be_told() -> None:
    most = Usage.of("a", Tokens(input=2**53, output=2**53))
    assert most + most == most


def test_no_more_models_than_can_be_told() -> None:
    many = Usage(models={f"model {number}": Tokens(output=1) for number in range(64)})
    assert many + Usage.of("one more", Tokens(output=1)) == many
    assert (many + many).output == 128
