"""Frames: what viewers get at once. Viewers at one place with one selection share one frame and its encoding."""

from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from flock.cursor import Cursor
from flock.events import Format, JournalItem, encode_frame
from flock.journal import Journal
from flock.selection import Selection

FRAME_BYTES = 256 * 2**10
"""How much text and events one frame holds at the most, a single larger event aside."""

SHARED_FRAMES = 64
"""How many frames are kept for the viewers that come to the same place a moment later."""


Pack = Callable[["Frame", Format], tuple[bytes, ...]]
"""Makes of a frame what one kind of line writes, piece by piece."""


class Frame:
    """Items, and the cursor to resume from once a viewer has them; encoded and packed at most once per format.

    While snapshots are under way the cursor is `NOWHERE`: whoever breaks off there starts over.
    """

    __slots__ = ("_encoded", "_packed", "cursor", "items")

    def __init__(self, cursor: Cursor, items: tuple[JournalItem, ...]) -> None:
        self.cursor = cursor
        self.items = items
        self._encoded: dict[Format, bytes] = {}
        self._packed: dict[tuple[Pack, Format], tuple[bytes, ...]] = {}

    def encode(self, format: Format) -> bytes:
        """Give the JSON message `{"cursor", "events"}`; the same bytes object for everyone who asks."""
        data = self._encoded.get(format)
        if data is None:
            data = self._encoded[format] = encode_frame(str(self.cursor), self.items, format)
        return data

    def packed(self, pack: Pack, format: Format) -> tuple[bytes, ...]:
        """Give the pieces that `pack` makes of this frame; the same bytes objects for everyone who asks."""
        key = pack, format
        pieces = self._packed.get(key)
        if pieces is None:
            pieces = self._packed[key] = pack(self, format)
        return pieces


class FrameSource:
    """Reads frames from the journal, the same frame for the same place, selection and moment."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._selected: WeakValueDictionary[Selection, SelectedFrames] = WeakValueDictionary()
        self._shared: OrderedDict[tuple[int, SelectedFrames], Frame] = OrderedDict()
        self._published = 0

    def of(self, selection: Selection) -> "SelectedFrames":
        """Give the frames of a selection; the same object for all viewers that have it."""
        frames = self._selected.get(selection)
        if frames is None:
            frames = self._selected[selection] = SelectedFrames(self, selection)
        return frames

    def read(self, after: int, selected: "SelectedFrames") -> Frame:
        """Read the frame behind `after`, up to what the pulse has published."""
        pulse = self.journal.pulse
        if pulse.published != self._published:
            self._published = pulse.published
            self._shared.clear()
        key = (after, selected)
        frame = self._shared.get(key)
        if frame is None:
            upto = pulse.published if pulse.interval_s else after + 1
            batch = self.journal.read(after, selected.selection, max_bytes=FRAME_BYTES, upto=upto)
            frame = self._shared[key] = Frame(self.journal.cursor(batch.end), batch.items)
            if len(self._shared) > SHARED_FRAMES:
                self._shared.popitem(last=False)
        return frame


class SelectedFrames:
    """The frames of one selection. Viewers find what they share by this object, whatever the selection says."""

    def __init__(self, source: FrameSource, selection: Selection) -> None:
        self.selection = selection
        self._source = source

    def read(self, after: int) -> Frame:
        """Read the frame behind `after`, up to what the pulse has published."""
        return self._source.read(after, self)
