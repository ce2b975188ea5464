"""The benchmark's relay with a bug: it loses one token, or says that a stream did not end."""

import sys

from benchmarks.conversation import run
from benchmarks.relay import FanOut, main, read_arguments


class Losing(FanOut):
    """Sends all events but one."""

    def send(self, events: list[bytes]) -> None:
        super().send([event for event in events if b"000000|000005|" not in event])


if __name__ == "__main__":
    run(main(*read_arguments(sys.argv[1:]), make_fan_out=Losing))
