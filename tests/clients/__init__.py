"""Viewers to be run in processes of their own: what they see goes to standard output, a frame a line."""
