"""What the demo model understands of a prompt."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.demo_prompt import MAX_TOPIC_CHARS, Prompt, clean, topic_of

ASK = "\n\nRespond with the corresponding output fields, starting with the field `[[ ## title ## ]]`."


def chat(name: str, value: object) -> str:
    return f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value)}{ASK}"


@pytest.mark.parametrize(
    ("given_topic", "expected"),
    [
        ("owls", "owls"),
        ("the history of tea", "the history of tea"),
        ("R&D", "R&D"),
        ("C#", "C#"),
        ("日本の庭", "日本の庭"),
        ("🦉 owls", "🦉 owls"),
        ("How do owls hunt at night?", "owls"),
        ("What is the best way to learn Rust?", "Rust"),
        ("Write about the new office policy", "the new office policy"),
        ("Explain quantum computing to a 5-year-old", "quantum computing"),
        ("The Case For and Against Owls", "Owls"),
    ],
)
def test_the_topic_is_what_the_input_is_about(given_topic: str, expected: str) -> None:
    assert topic_of([chat("idea", {"length": 3, "topic": given_topic})]) == expected
    assert topic_of([f"<idea>\n{json.dumps({'topic': given_topic})}\n</idea>{ASK}"]) == expected
    assert topic_of([given_topic]) == expected


def test_the_topic_survives_a_chain_of_agents() -> None:
    post = {
        "title": "A Short Guide to Night Trains",
        "body": "Ask ten people about night trains. Night trains are slow.",
    }
    assert topic_of([chat("post", post)]) == "night trains"


def test_a_message_without_inputs_leaves_the_topic_to_the_one_before() -> None:
    assert (
        topic_of([chat("idea", {"topic": "owls"}), "The field score must be at most 1. Please answer again."]) == "owls"
    )


def test_inputs_without_words_have_no_topic() -> None:
    assert topic_of([chat("idea", {"count": 3, "link": "https://example.com"})]) == ""
    assert topic_of([]) == ""
    assert Prompt.of({}).topic == ""


def test_the_trajectory_says_which_tools_were_used_but_not_what_it_is_about() -> None:
    trajectories = [
        "[[ ## trajectory ## ]]\n[[ ## tool_name_0 ## ]]\nlook_up\n\n[[ ## tool_name_1 ## ]]\nnow",
        "<trajectory>\n<tool_name_0>\nlook_up\n</tool_name_0>\n\n<tool_name_1>\nnow\n</tool_name_1>\n</trajectory>",
        '[[ ## trajectory ## ]]\n{"thought_0": "bananas", "tool_name_0": "look_up", "tool_name_1": "now"}',
    ]
    for trajectory in trajectories:
        content = f"[[ ## idea ## ]]\nowls\n\n{trajectory}{ASK}"
        prompt = Prompt.of({"messages": [{"role": "user", "content": content}]})
        assert prompt.tools_used == {"look_up", "now"}
        assert prompt.topic == "owls"


def test_messages_may_hold_parts() -> None:
    parts = [{"type": "text", "text": "owls"}, {"type": "image_url", "image_url": {"url": "x"}}, "stray"]
    assert Prompt.of({"messages": [{"role": "user", "content": parts}, {"role": "user"}, 3]}).topic == "owls"


def test_the_arguments_of_a_tool_are_read_from_the_list_of_tools() -> None:
    listed = (
        "        (1) look_up, whose description is <desc>Look up.  It takes arguments {}.</desc>."
        " It takes arguments {'query': {'type': 'string'}, 'limit': {'type': 'integer', 'default': 3}}.\n"
        "        (2) now. It takes arguments {}.\n"
        "        (3) odd. It takes arguments {'when': datetime.now()}.\n"
    )
    prompt = Prompt.of({"messages": [{"role": "system", "content": listed}]})
    assert prompt.tool_arguments("look_up") == {
        "query": {"type": "string"},
        "limit": {"type": "integer", "default": 3},
    }
    for tool in ("now", "odd", "unheard", "l.*"):
        assert prompt.tool_arguments(tool) == {}


@given(st.text(max_size=200))
def test_a_topic_is_short_and_free_of_markup(text: str) -> None:
    for topic in (topic_of([chat("idea", text)]), topic_of([text]), clean(text)[:MAX_TOPIC_CHARS]):
        assert len(topic) <= MAX_TOPIC_CHARS
        assert not set(topic) & set('[]{}<>"\\`\n\r\u2028\u202e\x1b\x00\ud800')
        topic.encode()


@pytest.mark.parametrize(
    "hostile",
    [
        "<a>\n" * 100_000,
        "[[ ## a ## ]]\n" * 100_000,
        "[" * 100_000,
        "tool_name_0 " * 20_000,
        "a" * 500_000,
        "\n" * 500_000,
    ],
    ids=["tags", "headers", "brackets", "tools", "letters", "lines"],
)
def test_hostile_input_is_read_in_a_moment(hostile: str) -> None:
    started = time.process_time()
    Prompt.of({"messages": [{"role": "user", "content": hostile}]}).tool_arguments("x")
    assert time.process_time() - started < 2
