from typing import Any

import pytest

from flock.engines.fields import FieldDelta, FieldSpec
from flock.pointer import MAX_DEPTH
from tests.unit.field_answers import Parsed, assert_streamed_exactly, gather, parse

SECTION = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "pages": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "draft": {"type": "boolean"},
        "rating": {"type": ["integer", "null"]},
        "gone": {"type": "null"},
    },
}
SECTIONS = {"type": "array", "items": {"$ref": "#/$defs/Section"}}
DEFINITIONS = {"Section": SECTION}
FIELDS = [
    FieldSpec("title", "text"),
    FieldSpec("note", "text", nullable=True),
    FieldSpec("data", "json"),
    FieldSpec("any", "json", nullable=True),
    FieldSpec("sections", "json", schema={**SECTIONS, "$defs": DEFINITIONS}),
    FieldSpec("numbers", "json", schema={"type": "array", "items": {"type": "integer"}}),
    FieldSpec(
        "either", "json", schema={"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "object"}]}
    ),
    FieldSpec("map", "json", schema={"type": "object", "additionalProperties": {"type": "number"}}),
    FieldSpec("maybe", "json", nullable=True, schema={"anyOf": [SECTIONS, {"type": "null"}], "$defs": DEFINITIONS}),
]


def xml(*pieces: str) -> Parsed:
    """Parse an answer whole and character by character; both have to give the same."""
    parsed = parse("xml", FIELDS, *pieces)
    slow = parse("xml", FIELDS, *"".join(pieces))
    assert (parsed.values, parsed.text(None), parsed.error is None) == (
        slow.values,
        slow.text(None),
        slow.error is None,
    )
    return parsed


def value_of(text: str, name: str = "data") -> Any:
    parsed = xml(f"<{name}>{text}</{name}>")
    assert_streamed_exactly(parsed)
    return parsed.values[name]


def test_fields_stream_as_they_arrive_without_their_tags() -> None:
    parsed = parse("xml", FIELDS, "<tit", "le>\nOw", "ls &am", "p; lynx", "\n</tit", "le>", "<sections><item><title>a")
    assert parsed.deltas == (
        FieldDelta("title", "", "text", "Ow"),
        FieldDelta("title", "", "text", "ls"),
        FieldDelta("title", "", "text", " & lynx"),
        FieldDelta("sections", "0/title", "text", "a"),
    )


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("R&D", "R&D"),
        ("a < b && c > d", "a < b && c > d"),
        ("<b>bold</b> <i/> </titles> </ title>", "<b>bold</b> <i/> </titles> </ title>"),
        ("&lt;b&gt; &quot;&apos;&amp;lt;", "<b> \"'&lt;"),
        ("&#65;&#x1F600;&#x1f600;", "A😀😀"),
        ("&#0;&#xD83D;&#x110000;", "\ufffd\ufffd\ufffd"),
        ("&#1;&#xD7FF;&#xD800;&#xDFFF;&#xE000;&#x10FFFF;", "\x01\ud7ff\ufffd\ufffd\ue000\U0010ffff"),
        ("&nbsp; &; &#; &#x; &am", "&nbsp; &; &#; &#x; &am"),
        ("<![CDATA[<b> &amp; ]] ]]]>!", "<b> &amp; ]] ]!"),
        ("]]> <![CDATA[<a>]]> <b> <![CDATA[<c>]]>", "]]> <a> <b> <c>"),
        (" \r\n\u2028 a\r\nb ", "\u2028 a\r\nb"),
        ("", ""),
        ("None", "None"),
    ],
)
def test_a_text_is_everything_up_to_its_closing_tag(written: str, text: str) -> None:
    assert value_of(written, "title") == text


@pytest.mark.parametrize(("text", "value"), [("None", None), ("null", None), ("", None), (" nul ", "nul"), ("a", "a")])
def test_a_text_that_may_be_null_is_null_only_if_it_says_so(text: str, value: str | None) -> None:
    assert value_of(text, "note") == value


def test_an_element_without_content_is_empty_or_null() -> None:
    parsed = xml("<title/><note /><data/><sections/><map/><maybe/>")
    assert_streamed_exactly(parsed)
    assert parsed.values == {"title": "", "note": None, "data": "", "sections": [], "map": {}, "maybe": None}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"a": ["<b>", "R&amp;D"]}', {"a": ["<b>", "R&D"]}),
        ("```json\n[1]\n```", [1]),
        ("<![CDATA[[1]]]>", [1]),
        (" 42 ", 42),
        ("True", True),
        ("a word", "a word"),
        ("\u2028", "\u2028"),
        ("<item>1</item><item>b</item>", ["1", "b"]),
        ("<a>x</a><b><c>y</c></b>", {"a": "x", "b": {"c": "y"}}),
        (
            '<entry key="a &lt; b">x</entry><entry key=\'"\'>y</entry><entry>z</entry>',
            {"a < b": "x", '"': "y", "entry": "z"},
        ),
        ('<a id="1">x</a>', {"a": "x"}),
        ("<item><a>x</a></item><item/>", [{"a": "x"}, ""]),
        ("<item><b>x</b></item>", [{"b": "x"}]),
        ("<item>see <b>x</b></item>", ["see <b>x</b>"]),
    ],
)
def test_without_a_schema_the_tags_decide(written: str, value: object) -> None:
    assert value_of(written) == value


def test_a_field_that_may_be_null_is_so_if_it_is_empty_and_nothing_in_it_is() -> None:
    assert xml("<any/>").values == {"any": None}
    assert xml("<any>null</any>").values == {"any": None}
    assert xml("<any><a/></any>").values == {"any": {"a": ""}}


def test_without_a_schema_a_tag_that_comes_again_makes_a_list() -> None:
    parsed = xml("<data><a>owl</a><a>y</a><b>z</b><a>y</a></data>")
    assert parsed.values == {"data": {"a": ["owl", "y", "y"], "b": "z"}}
    leaves = [(path, text) for path, (_, text) in gather(parsed.deltas)["data"].items()]
    assert leaves == [("a", "owl"), ("a/1", "y"), ("b", "z"), ("a/2", "y")]
    assert xml("<data><a><item>x</item></a><a>y</a></data>").values == {"data": {"a": [["x"], "y"]}}
    again = xml('<sections><item><tags>"a"</tags><tags>b</tags></item></sections>')
    assert again.values == {"sections": [{"tags": ["a", ["b"]]}]}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("<item><title>a</title></item>\n<item><title/></item>", [{"title": "a"}, {"title": ""}]),
        ("<item><title>R&D <b>x</b></title></item>", [{"title": "R&D <b>x</b>"}]),
        ("<item><pages>3</pages><draft>True</draft></item>", [{"pages": 3, "draft": True}]),
        ("<item><pages>three</pages></item>", [{"pages": "three"}]),
        ("<item><note/></item><item><note>None</note></item>", [{"note": None}, {"note": None}]),
        ("<item><tags><item>a</item><item>a</item></tags></item>", [{"tags": ["a", "a"]}]),
        ("<item><tags>a</tags><title>t</title><tags>b</tags></item>", [{"tags": ["a", "b"], "title": "t"}]),
        ("<item><tags><item>a</item></tags><tags><item>b</item></tags><tags/></item>", [{"tags": ["a", "b"]}]),
        ("<item><tags><tag>a</tag><tag>b</tag></tags></item>", [{"tags": ["a", "b"]}]),
        ('<item><tags>["a", "b"]</tags></item>', [{"tags": ["a", "b"]}]),
        ("<item><tags/></item>", [{"tags": []}]),
        ("<item><tags>X</tags></item>", [{"tags": ["X"]}]),
        ("<item><gone>None</gone></item>", [{"gone": None}]),
        ("<item><rating/></item><item><rating>None</rating></item>", [{"rating": None}, {"rating": None}]),
        ('<item>{"title": "a"}</item>', [{"title": "a"}]),
        ("<section><title>a</title></section><section><title>b</title></section>", [{"title": "a"}, {"title": "b"}]),
        ("<title>a</title><pages>3</pages>", [{"title": "a", "pages": 3}]),
        ('[{"title": "a", "pages": 3}]', [{"title": "a", "pages": 3}]),
    ],
)
def test_with_a_schema_lists_and_types_are_known(written: str, value: object) -> None:
    assert value_of(written, "sections") == value
    assert value_of(written, "maybe") == value


def test_a_list_of_scalars_may_be_written_in_any_way() -> None:
    assert value_of("<item>1</item> <item> 2 </item>", "numbers") == [1, 2]
    assert value_of("<n>1</n>", "numbers") == [1]
    assert value_of("[1, 2]", "numbers") == value_of("\n [1, 2]", "numbers") == [1, 2]
    assert value_of("7", "numbers") == [7]


def test_a_map_takes_its_keys_from_tags_and_entries() -> None:
    assert value_of('<a>1</a><entry key="b/c">2.5</entry><item>3</item>', "map") == {"a": 1, "b/c": 2.5, "item": 3}
    assert value_of("<item>3</item><a>1</a>", "map") == {"item": 3, "a": 1}


def test_items_make_a_list_wherever_one_may_stand() -> None:
    assert value_of("<item>1</item><item>2</item>", "either") == [1, 2]
    assert value_of("<a>x</a>", "either") == {"a": "x"}


def test_text_outside_the_elements_is_stray() -> None:
    parsed = xml("```xml\nSure, 1 < 2 <b>!</b>\n<title>Owls</title>\n<sections>and <item/> so</sections>\n```\nBye")
    assert parsed.values == {"title": "Owls", "sections": ["and <item/> so"]}
    assert parsed.text(None).split() == ["Sure,", "1", "<", "2", "<b>!</b>", "Bye"]
    between = xml("<data><a>x</a> and <b>y</b></data>")
    assert (between.values, between.text(None)) == ({"data": {"a": "x", "b": "y"}}, "and")
    assert xml("so<data> \n<a>x</a></data>me").text(None) == "some"
    assert xml("<title>Owls</title><tit").text(None) == "<tit"
    assert xml("<title>Owls</title>``").deltas[-1] == FieldDelta(None, "", "text", "``")


def test_the_first_element_of_a_field_counts_and_a_second_is_stray() -> None:
    parsed = xml("<title>Owls</title><title>Cats</title></title><title/>")
    assert parsed.values == {"title": "Owls"}
    assert parsed.text(None) == "Cats"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<title>Owls", "The XML is cut off in field 'title': the text ends before its closing tag."),
        ("<sections><item><title>Owls", "cut off in field 'sections' at '0/title'"),
        ("<data><a><b>x</b></c></data>", "of field 'data' at 'a' is broken: expected '</a>', found '</c>'"),
        ("<data><a></data>", "expected '</a>', found '</data>'"),
        ("<data>[1 2]</data>", "The JSON of field 'data' at '0' is broken"),
        ("<data><a>{x</a></data><title>", "The XML is cut off in field 'title'"),
        ("<sections><item>[1</item></sections>", "The JSON of field 'sections' at '0/0' is cut off"),
        ("<data>" + "<a>" * (MAX_DEPTH + 1), "nested deeper than 100 levels"),
        ("Owls", "none of the fields expected"),
    ],
)
def test_an_answer_that_cannot_be_parsed_is_refused(text: str, message: str) -> None:
    error = xml(text).error
    assert error is not None
    assert message in error


def test_nesting_may_reach_its_bound() -> None:
    parsed = xml("<data>" + "<a>" * MAX_DEPTH + "x" + "</a>" * MAX_DEPTH + "</data>")
    assert [delta.path for delta in parsed.deltas] == ["/".join("a" * MAX_DEPTH)]


def test_a_tag_that_never_ends_is_text() -> None:
    attributes = ' a="1"' * 40
    assert xml(f"<title>a</title><note{attributes}>").text(None) == f"<note{attributes}>"
