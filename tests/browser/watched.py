"""A page that notices whatever it should not do."""

from playwright.async_api import Page, Request

WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


class Watched:
    """A page, the addresses it asked for, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note_request)
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    async def check(self, port: int) -> None:
        """Check that nothing broke, no policy was violated, and nobody but the server was asked."""
        assert self.errors == []
        assert await self.page.evaluate("window.violations") == []
        foreign = [url for url in self.requests if f"127.0.0.1:{port}" not in url and not url.startswith("data:")]
        assert foreign == []
