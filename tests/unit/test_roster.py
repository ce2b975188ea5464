"""The agents of a flock: what may name one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.base import ModelDefaults
from flock.errors import ConfigurationError, DuplicateNameError
from flock.redaction import Redactor
from flock.roster import MAX_NAME_CHARS, Roster


@pytest.fixture
def roster() -> Roster:
    return Roster(ModelDefaults(), Redactor())


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        (" writer", "begins or ends with a blank"),
        ("writer\n", "begins or ends with a blank"),
        ("a/b", "has a slash"),
        ("a\x1b[31mb", "has a control character"),
        ("a\nb", "has a control character"),
        ("a\u2028b", "has a control character"),
        ("a\x85b", "has a control character"),
        ("a\ud800", "has half a character"),
        ("a" * (MAX_NAME_CHARS + 1), "…? cannot name an agent: it has 129 characters, more than 128"),
        ("external", "published from outside"),
        (".", "is a path"),
        ("..", "is a path"),
        (5, "5 cannot name an agent: it is not a text"),
        (None, "None cannot name an agent: it is not a text"),
        (b"writer", "is not a text"),
    ],
    ids=ascii,
)
def test_what_cannot_name_an_agent_is_refused(roster: Roster, name: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        roster.add(name)
    assert len(caught.value.message) < 200
    assert caught.value.hint is not None
    assert not roster.agents


@pytest.mark.parametrize(
    "name", ["writer", "Größe", "作家", "der Autor", "a.b-c_d:e", "می\u200cخواهم", "a" * MAX_NAME_CHARS]
)
def test_letters_of_any_script_name_an_agent(roster: Roster, name: str) -> None:
    assert roster.add(name).name == name
    assert list(roster.agents) == [name]


@given(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=MAX_NAME_CHARS).filter(
        lambda name: name != "external"
    )
)
def test_every_word_names_an_agent(name: str) -> None:
    assert Roster(ModelDefaults(), Redactor()).add(name).name == name


def test_a_name_is_taken_once(roster: Roster) -> None:
    roster.add("writer")
    with pytest.raises(DuplicateNameError, match="agent 'writer' already"):
        roster.add("writer")
