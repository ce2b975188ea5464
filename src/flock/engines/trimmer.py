"""Passes on text in pieces without the whitespace at its ends, and without what may still become a marker."""

WHITESPACE = " \t\r\n"
"""What is no part of a value at its ends. Other spaces, as U+2028 or form feed, belong to the value."""


class Trimmer:
    """Drops whitespace at both ends of a text in pieces: holds it back until more text follows."""

    __slots__ = ("_blanks", "_tail", "has_started")

    def __init__(self) -> None:
        self.has_started = False
        self._tail = ""
        self._blanks: list[str] = []

    def feed(self, text: str) -> str:
        """Give what can be passed on by now: "", or text whose last character is no whitespace."""
        body = text.rstrip(WHITESPACE)
        if not body:
            if text and self.has_started:
                self._blanks.append(text)
            return ""
        tail, self._tail = self._tail, text[len(body) :]
        if not self.has_started:
            self.has_started = True
            return body.lstrip(WHITESPACE)
        if self._blanks:
            tail += "".join(self._blanks)
            self._blanks.clear()
        return tail + body


def may_become(text: str, words: tuple[str, ...]) -> bool:
    """Whether more text could make `text` one of the words."""
    return any(len(text) < len(word) and word.startswith(text) for word in words)
