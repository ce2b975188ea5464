"""Frames out of the journal. Viewers at one place with one selection share one frame and its encoding."""

from collections import OrderedDict
from functools import partial
from weakref import WeakValueDictionary

from flock.followers import Followers
from flock.frame import Frame
from flock.journal import Journal
from flock.selection import Selection

FRAME_BYTES = 256 * 2**10
"""How much text and events one frame holds at the most, a single larger event aside."""

SHARED_FRAMES = 64
"""How many frames are kept for the viewers that come to the same place a moment later."""

IDLE_FRAME_S = 5.0
"""How often a viewer whose selection has nothing gets an empty frame, so that its cursor does not age."""


class FrameSource:
    """Reads frames from the journal, the same frame for the same place, selection and moment."""

    def __init__(self, journal: Journal, *, idle_frame_s: float = IDLE_FRAME_S) -> None:
        self.journal = journal
        self.idle_frame_s = idle_frame_s
        self._followers: WeakValueDictionary[Selection, Followers] = WeakValueDictionary()
        self._shared: OrderedDict[tuple[int, Selection], Frame] = OrderedDict()
        self._published = 0

    def followers(self, selection: Selection) -> Followers:
        """Give the group of those who keep up with a selection; the same object for all viewers that have it."""
        group = self._followers.get(selection)
        if group is None:
            read = partial(self.read, selection=selection)
            group = Followers(self.journal, selection, read=read, idle_frame_s=self.idle_frame_s)
            self._followers[selection] = group
        return group

    def read(self, after: int, selection: Selection) -> Frame:
        """Read the frame behind `after`, up to what the pulse has published."""
        pulse = self.journal.pulse
        if pulse.published != self._published:
            self._published = pulse.published
            self._shared.clear()
        key = (after, selection)
        frame = self._shared.get(key)
        if frame is None:
            upto = pulse.published if pulse.interval_s else after + 1
            batch = self.journal.read(after, selection, max_bytes=FRAME_BYTES, upto=upto)
            frame = self._shared[key] = Frame(self.journal.cursor(batch.end), batch.items)
            if len(self._shared) > SHARED_FRAMES:
                self._shared.popitem(last=False)
        return frame
