"""Names derived from names."""

import re


def snake_case(name: str) -> str:
    """Give `name` as a lower-case identifier: `BlogPost` becomes `blog_post`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+", "_", name)
    return words.strip("_").lower() or "value"
