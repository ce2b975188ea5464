"""REST, WebSocket and SSE over one flock. Everything here reads the journal or asks the backend."""
