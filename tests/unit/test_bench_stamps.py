"""The benchmark sees what is lost: whatever goes wrong with a token is in a viewer's ledger."""

import random

import pytest

from benchmarks.answers import prepare
from benchmarks.cells import Adapter
from benchmarks.stamps import Flaws, Ledger, Stretch, blank_token, read_stamps

STREAMS, TOKENS = 3, 20


def stamp(stream: int, number: int, sent_ns: int = 1) -> bytes:
    return b"%06d|%06d|%019d " % (stream, number, sent_ns)


def history() -> list[tuple[int, int]]:
    """All tokens of a round, the streams mixed, each in order."""
    dice = random.Random(1)
    left = {stream: iter(range(TOKENS)) for stream in range(STREAMS)}
    order = [stream for stream in range(STREAMS) for _ in range(TOKENS)]
    dice.shuffle(order)
    return [(stream, next(left[stream])) for stream in order]


def judged(tokens: list[tuple[int, int]], *, message: int = 4) -> Flaws:
    """What a viewer's ledger says to messages with so many tokens each."""
    ledger = Ledger(streams=STREAMS, tokens=TOKENS)
    for start in range(0, len(tokens), message):
        payload = b"".join(stamp(*token) for token in tokens[start : start + message])
        ledger.take(read_stamps(payload).stretches)
    assert ledger.is_full is (len(tokens) - ledger.flaws().doubled >= STREAMS * TOKENS)
    return ledger.flaws()


def test_stamps_are_found_in_whatever_stands_around_them() -> None:
    payload = b'{"a":"%b","b":["x|y|12"]}%b' % (stamp(7, 3, 11) + stamp(7, 4, 12), stamp(8, 0, 13))
    found = read_stamps(payload)
    assert found.stretches == (Stretch(7, 3, 2), Stretch(8, 0, 1))
    assert found.sent_ns == (11, 12, 13)
    assert read_stamps(b"nothing").stretches == ()


def test_a_gap_is_seen_wherever_it_stands_but_not_in_a_text() -> None:
    assert read_stamps(b'{"cursor":"a-1","events":[{"type":"gap","reason":"too_old"}]}').has_gap
    assert not read_stamps(b'{"content":"\\"type\\":\\"gap\\""}').has_gap


def test_a_number_that_does_not_follow_begins_a_new_stretch() -> None:
    payload = stamp(1, 0) + stamp(1, 2) + stamp(2, 3)
    assert read_stamps(payload).stretches == (Stretch(1, 0, 1), Stretch(1, 2, 1), Stretch(2, 3, 1))


@pytest.mark.parametrize("message", [1, 4, STREAMS * TOKENS])
def test_a_round_that_arrived_whole_has_no_flaws(message: int) -> None:
    assert not judged(history(), message=message)


@pytest.mark.parametrize("message", [1, 4])
@pytest.mark.parametrize("stream", range(STREAMS))
@pytest.mark.parametrize("number", [0, 7, TOKENS - 1])
def test_a_planted_loss_or_double_is_found_wherever_it_is(message: int, stream: int, number: int) -> None:
    whole = history()
    place = whole.index((stream, number))
    assert judged(whole[:place] + whole[place + 1 :], message=message) == Flaws(missing=1)
    assert judged(whole[: place + 1] + whole[place:], message=message) == Flaws(doubled=1)
    assert judged([*whole, whole[place]], message=message) == Flaws(doubled=1)


def test_a_planted_swap_is_found() -> None:
    whole = history()
    first, second = whole.index((1, 5)), whole.index((1, 6))
    whole[first], whole[second] = whole[second], whole[first]
    assert judged(whole) == Flaws(reordered=1)


def test_a_planted_stream_of_nobody_is_found() -> None:
    assert judged([*history(), (STREAMS, 0)]) == Flaws(foreign=1)
    assert judged([*history(), (0, TOKENS)]) == Flaws(foreign=1)


def test_what_has_not_come_yet_is_missing() -> None:
    assert judged([]) == Flaws(missing=STREAMS * TOKENS)


@pytest.mark.parametrize("fields", [("body",), ("title", "summary", "body")])
@pytest.mark.parametrize("adapter", ["chat", "json"])
def test_an_answer_has_every_token_once_and_in_order(adapter: Adapter, fields: tuple[str, ...]) -> None:
    answer = prepare(adapter, fields, 20)
    sent = answer.pieces(0, len(answer), stream=42, now_ns=99)
    found = read_stamps(sent)
    assert [(one.stream, one.first) for one in found.stretches] == [(42, 0)]
    assert found.sent_ns == (99,) * 20
    assert len(blank_token(0)) == len(stamp(0, 0))
