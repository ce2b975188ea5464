import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from flock.events import WireEvent
from flock.journal import Journal
from tests.unit.samples import close_stream, events_of, open_stream, write
from tools.protocol import FOLDER, api_module, protocol_files, stale_files


def test_the_wire_types_of_the_dashboard_are_those_of_the_server() -> None:
    assert stale_files(FOLDER) == [], "run `make protocol`"


def test_a_wire_type_that_was_changed_by_hand_is_noticed(tmp_path: Path) -> None:
    for name, text in protocol_files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert stale_files(tmp_path) == []

    changed = protocol_files()["events.ts"].replace("readonly sequence: number;", "readonly sequence: string;", 1)
    (tmp_path / "events.ts").write_text(changed, encoding="utf-8")
    (tmp_path / "forgotten.ts").write_text("", encoding="utf-8")
    (tmp_path / "api.ts").unlink()

    assert stale_files(tmp_path) == ["api.ts", "events.ts", "forgotten.ts"]


def test_every_event_is_a_type_of_the_union() -> None:
    union = protocol_files()["events.ts"].partition("export type WireEvent =")[2].partition(";")[0]

    assert set(re.findall(r"\w+", union)) == {kind.__name__ for kind in get_args(WireEvent)}


def test_what_is_sent_has_all_fields_that_its_type_promises() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "owls")
    close_stream(journal, transcript)
    module = protocol_files()["events.ts"]
    events = [*events_of(journal), *(mark.snapshot() for mark in journal.marks()[1])]

    assert len(events) > 3
    for event in events:
        fields = _fields(module, type(event).__name__)
        promised = {name for name, may_miss in fields.items() if not may_miss}
        assert promised <= set(msgspec.to_builtins(event)) <= set(fields)


def test_a_schema_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no type for the schema"):
        api_module({"Body": {"properties": {"place": {"type": "tuple"}}}})


def _fields(module: str, name: str) -> dict[str, bool]:
    """Give the fields of a type, and whether each may be missing."""
    body = module.partition(f"export interface {name} {{")[2].partition("\n}")[0]
    return {field: bool(mark) for field, mark in re.findall(r"readonly (\w+)(\??):", body)}
