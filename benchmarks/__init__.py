"""What the streaming path costs, over real sockets and processes, beside the least that is possible."""
