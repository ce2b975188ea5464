"""Read `--publish TYPE JSON`.

Typer knows no option that takes two values and may be repeated, so the two are paired up before it sees them.
"""

import json
from collections.abc import Iterator, Sequence

from flock.artifacts import Publishable
from flock.errors import InputError

OPTION = "--publish"
_BETWEEN = "\0"


def pair_up(arguments: Sequence[str]) -> list[str]:
    """Join what follows each `--publish` into one argument."""
    return list(_paired(iter(arguments)))


def read_publications(pairs: Sequence[str]) -> list[Publishable]:
    """Give what to publish; raises `InputError` where it is no pair, or no JSON."""
    return [_read(pair) for pair in pairs]


def _paired(arguments: Iterator[str]) -> Iterator[str]:
    for argument in arguments:
        yield argument
        if argument == "--":
            yield from arguments
        elif argument == OPTION:
            pair = [value for _, value in zip(range(2), arguments, strict=False)]
            if pair:
                yield _BETWEEN.join(pair)


def _read(pair: str) -> Publishable:
    name, between, payload = pair.partition(_BETWEEN)
    if not between:
        raise InputError(f"{OPTION} {name} lacks its JSON.", hint=f'Write {OPTION} {name} \'{{"field": "value"}}\'.')
    try:
        return {"type": name, "payload": json.loads(payload)}
    except (ValueError, RecursionError) as exc:
        raise InputError(
            f"What {OPTION} gives {name!r} is not JSON: {exc}.", hint='Quote it for the shell: \'{"topic": "owls"}\'.'
        ) from exc
