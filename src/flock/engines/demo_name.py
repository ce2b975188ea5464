"""Reading `demo/<persona>?option=value&…`, the name by which a program asks for a demo model."""

import re
from typing import TypeVar
from urllib.parse import parse_qsl

from flock.errors import ConfigurationError, UnknownNameError

Default = TypeVar("Default", int, None)

_NAME = re.compile(r"demo/(?P<persona>\w[\w.\-]*)(?:\?(?P<options>.*))?", re.DOTALL)
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class DemoName:
    """A name that was read. Options are taken one by one; `refuse_the_rest` follows the last."""

    def __init__(self, model: str) -> None:
        read = _NAME.fullmatch(model)
        if read is None:
            raise ConfigurationError(
                f"{model!r} is not the name of a demo model.",
                hint="Write 'demo/writer', or with options 'demo/writer?tokens_per_s=20&seed=3'.",
            )
        self.persona = read["persona"]
        self._model = model
        self._given: dict[str, str] = {}
        self._known: list[str] = []
        for name, value in parse_qsl(read["options"] or "", keep_blank_values=True):
            if name in self._given:
                raise ConfigurationError(f"{model!r} gives {name!r} twice.", hint="Give each option once.")
            self._given[name] = value

    def text(self, name: str) -> str | None:
        """Take an option as it stands; None where it is not given."""
        self._known.append(name)
        return self._given.pop(name, None)

    def number(self, name: str, default: float) -> float:
        """Take a number."""
        given = self.text(name)
        try:
            return default if given is None else float(given)
        except ValueError as error:
            raise self._unreadable(name, given, "a number") from error

    def whole(self, name: str, default: Default) -> int | Default:
        """Take a whole number."""
        given = self.text(name)
        try:
            return default if given is None else int(given)
        except ValueError as error:
            raise self._unreadable(name, given, "a whole number") from error

    def switch(self, name: str) -> bool:
        """Take a yes or no; no where it is not given."""
        given = self.text(name)
        if given is None:
            return False
        if given.lower() not in _SWITCH:
            raise self._unreadable(name, given, "1 or 0")
        return _SWITCH[given.lower()]

    def refuse_the_rest(self) -> None:
        """Raise for an option that nobody took."""
        for name in self._given:
            hint = UnknownNameError.of("option", name, self._known).hint
            raise ConfigurationError(f"{self._model!r} has no option {name!r}.", hint=hint)

    def _unreadable(self, name: str, given: str | None, expected: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._model!r} gives {name}={given!r}, which is not {expected}.", hint=f"Write {name}={expected}."
        )
