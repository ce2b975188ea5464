"""The parts of the scheduler: what sets runs off, whose turn it is, how one run goes, and what stops a loop."""
