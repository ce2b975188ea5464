"""The process's figures are kept for those who come later, within bounds."""

import time

from flock.audience import Audience
from flock.journal import Journal
from flock.redaction import Redactor
from flock.selection import Selection
from flock.sinks.metrics import HISTORY_S, INTERVAL_S, Meter
from flock.streams import Streams


def test_what_is_kept_is_what_the_journal_got() -> None:
    journal = Journal()
    meter = Meter(Streams(journal, Audience(), Redactor()))
    assert meter.history() == []
    meter.record()
    meter.record()
    held = journal.read(0, Selection(), max_bytes=2**20).items
    assert len(held) == 2
    assert meter.history() == list(held)


def test_a_sample_alone_is_not_kept() -> None:
    meter = Meter(Streams(Journal(), Audience(), Redactor()))
    meter.sample()
    assert meter.history() == []


def test_no_more_is_kept_than_fifteen_minutes_bring() -> None:
    meter = Meter(Streams(Journal(), Audience(), Redactor()))
    most = int(HISTORY_S / INTERVAL_S)
    for _ in range(most):
        meter.record()
    first, second, *_ = meter.history()
    meter.record()
    assert len(meter.history()) == most
    assert first not in meter.history()
    assert meter.history()[0] == second


def test_what_is_older_is_not_given_though_nobody_watched_since() -> None:
    ahead_s = 0.0
    meter = Meter(Streams(Journal(), Audience(), Redactor()), clock=lambda: time.time() + ahead_s)
    meter.record()
    ahead_s = HISTORY_S - 60
    meter.record()
    assert len(meter.history()) == 2
    ahead_s = HISTORY_S
    assert meter.history() == []
