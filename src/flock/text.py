"""Keep text valid Unicode: pairs of surrogates joined, lone ones replaced.

JSON may carry half a character (`"\\ud83d"`) and its other half in the next message; Python strings hold such halves,
UTF-8, SQLite and terminals do not.
"""

REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """Give `text` with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Utf8Joiner:
    """Make the pieces of one text encodable as UTF-8, each as early as possible.

    Only a high surrogate at the very end of a piece waits for the next one; everything else passes at once.
    """

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ""
        """Half a character that waits for its other half."""

    def feed(self, text: str) -> str:
        """Give what is certain of the text so far: `text`, without a half character at its end."""
        if not self.held and text.isascii():
            return text
        text = self.held + text
        self.held = ""
        if "\ud800" <= text[-1:] <= "\udbff":
            self.held = text[-1]
            text = text[:-1]
        return clean(text)

    def end(self) -> str:
        """Give what was held back, now that nothing follows: U+FFFD for half a character, else nothing."""
        held, self.held = self.held, ""
        return REPLACEMENT if held else ""
