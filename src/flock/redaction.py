"""Take secrets out of texts that people will read: error messages, logs, traces. Never out of what a model says."""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"

MIN_SECRET_LENGTH = 8
"""Shorter secrets are placeholders ("ollama", "EMPTY"): replacing those would mangle ordinary words."""

# Each begins where no other token character precedes, so that a long run of them is tried once and not once per place.
_KEY_SHAPES = (
    r"sk-[\w*-]{12,}",  # OpenAI (sk-proj-…), Anthropic (sk-ant-…), OpenRouter (sk-or-…); providers mask with *
    r"AIza[\w-]{30,}",  # Google
    r"ya29\.[\w-]{20,}",  # Google OAuth
    r"(?:gh[opsur]|github_pat)_\w{20,}",  # GitHub
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # AWS
    r"hf_[A-Za-z0-9]{20,}",  # Hugging Face
    r"(?:gsk|r8)_[A-Za-z0-9]{20,}",  # Groq, Replicate
    r"(?:xai|pplx|nvapi)-[\w-]{20,}",  # xAI, Perplexity, NVIDIA
    r"xox[a-z]-[\w-]{10,}",  # Slack
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # JSON Web Token
)
_BEARER = r"(?P<bearer>\bbearer\s{1,8})(?!(?:authentication|authorization|credentials?|tokens?)\b)[\w.~+/=*-]{8,}"
_USERINFO = r"(?P<scheme>://)[^/\s@]{1,512}(?=@)"


class Redactor:
    """Replace the given secrets, and whatever has the shape of a known kind of key, by `[redacted]`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._exact: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)
        shapes = rf"(?<![\w-])(?:{'|'.join(_KEY_SHAPES)})"
        self._shapes = re.compile(rf"{shapes}|(?i:{_BEARER})|{_USERINFO}", re.ASCII)

    def add(self, secret: str) -> None:
        """Replace this secret, too, from now on."""
        if len(secret) >= MIN_SECRET_LENGTH:
            self._secrets.add(secret)
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._exact = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, text: str) -> str:
        """Give `text` without its secrets. Redact before cutting a text short: half a key has no known shape."""
        if self._exact is not None:
            text = self._exact.sub(REDACTED, text)
        return self._shapes.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    return f"{match['bearer'] or match['scheme'] or ''}{REDACTED}"
