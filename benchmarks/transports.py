"""Sockets that send every write at once."""

import asyncio
import socket
from typing import cast


def without_delay(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Turn off the delay of small writes; gives the transport, of which uvloop's are no subclass of asyncio's."""
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return cast("asyncio.Transport", transport)
