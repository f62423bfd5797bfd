"""What others say, as it may be shown."""

from __future__ import annotations

from service.plain import one_line, plain, sound, visible

HIDDEN = "a\u202eb\x1b[2Jc\u200bd\ud83d"


def test_what_cannot_be_seen_is_left_out() -> None:
    assert plain(HIDDEN + "\n") == "ab[2Jcd\n"
    assert one_line(HIDDEN + "\n e", 100) == "a b [2Jc d e"


def test_or_it_is_seen_where_somebody_is_to_agree() -> None:
    assert visible(HIDDEN + "é") == r"a\u202eb\u001b[2Jc\u200bd\ud83dé"


def test_half_a_surrogate_pair_becomes_what_can_be_encoded() -> None:
    assert sound("a\ud83d\ude00 b😀") == "a?? b😀"
