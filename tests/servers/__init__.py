"""Real servers for the tests, each in a process of its own."""
