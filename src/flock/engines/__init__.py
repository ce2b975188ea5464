"""Engines turn a run's inputs into output artifacts, emitting events on the way."""
