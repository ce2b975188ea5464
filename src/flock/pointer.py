"""JSON pointers (RFC 6901) into a field's value, with the bounds that keep hostile nesting cheap."""

from flock.errors import FormatError

MAX_DEPTH = 100
MAX_POINTER_CHARS = 1024


def escape(segment: str) -> str:
    """Escape a key for use in a pointer."""
    return segment.replace("~", "~0").replace("/", "~1") if "~" in segment or "/" in segment else segment


def child(pointer: str, key: str | int) -> str:
    """Give the pointer of a container's child.

    Raises `FormatError` when it is too long: every leaf repeats the pointer, so long keys would multiply.
    """
    extended = f"{pointer}/{key if isinstance(key, int) else escape(key)}"
    if len(extended) > MAX_POINTER_CHARS:
        raise FormatError(
            f"The answer has a key or nesting whose path is longer than {MAX_POINTER_CHARS} characters: "
            f"'{extended[1:41]}…'."
        )
    return extended
