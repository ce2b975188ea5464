"""Reading `--publish TYPE JSON`."""

import pytest

from flock.cli.publications import pair_up, read_publications
from flock.errors import InputError


def test_pairs_are_read_wherever_they_stand() -> None:
    arguments = ["run", "--publish", "Idea", '{"topic": "owls"}', "app:flock", "--publish", "Text", "3", "--debug"]
    paired = pair_up(arguments)
    pairs = [paired[index + 1] for index, argument in enumerate(paired) if argument == "--publish"]
    assert read_publications(pairs) == [
        {"type": "Idea", "payload": {"topic": "owls"}},
        {"type": "Text", "payload": 3},
    ]
    others = [argument for argument in paired if argument not in pairs]
    assert others == ["run", "--publish", "app:flock", "--publish", "--debug"]


def test_other_arguments_stay_as_they_are() -> None:
    arguments = ["serve", "app:flock", "--port", "0", "--", "--publish", "A", "B"]
    assert pair_up(arguments) == arguments
    assert pair_up(["run", "--publish"]) == ["run", "--publish"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--publish", "Idea"], "--publish Idea lacks its JSON"),
        (["--publish", "Idea", "{topic"], "What --publish gives 'Idea' is not JSON"),
        (["--publish", "Idea", "[" * 100_000], "What --publish gives 'Idea' is not JSON"),
    ],
)
def test_what_is_no_pair_or_no_json_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_publications(pair_up(arguments)[1:])
