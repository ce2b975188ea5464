"""Speed of the streaming path over real sockets and processes. Nothing timed is asserted."""
