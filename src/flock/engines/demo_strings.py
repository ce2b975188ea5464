"""Readable strings for the demo model: by a field's name, its format and its limits."""

import base64
import random
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flock.engines import demo_words
from flock.engines.demo_pattern import matches, matching
from flock.engines.demo_words import VOICES, WRITER

ANY_TOPIC = "the matter at hand"
SHORTER_DRAWS = 8
PARAGRAPH_SENTENCES = (3, 5)
_SMALL_WORDS = frozenset("a an and at but by for from in nor of on or the to with".split())
_FUTURE_WORDS = frozenset("due deadline expires expiry expiration until next planned future end scheduled".split())


class Writer:
    """Writes one answer. Draws without repeating itself until it has said everything it knows."""

    def __init__(self, rng: random.Random, *, topic: str = "", persona: str = "writer", words: int = 120) -> None:
        self.rng = rng
        self.topic = topic or ANY_TOPIC
        self.words = words
        self._voice = VOICES.get(persona, WRITER)
        self._person = ""
        self._decks: dict[Sequence[str], list[str]] = {}

    def draw(self, choices: Sequence[str]) -> str:
        """Take one of `choices`, each once before any comes again."""
        deck = self._decks.setdefault(choices, [])
        if not deck:
            deck.extend(choices)
            self.rng.shuffle(deck)
        return deck.pop()

    def compose(self, templates: Sequence[str]) -> str:
        """Write a sentence after one of `templates`."""
        return self._filled(self.draw(templates))

    def _filled(self, template: str) -> str:
        details = self.draw(demo_words.DETAILS)
        return template.format(
            topic=self.topic,
            title=title_case(self.topic),
            details=details,
            others=self.draw(tuple(other for other in demo_words.DETAILS if other != details)),
            place=self.draw(demo_words.PLACES),
            quality=self.draw(demo_words.QUALITIES),
            count=self.rng.choice(demo_words.COUNTS),
            percent=self.rng.randint(6, 48),
        )

    def sentence(self) -> str:
        return self.compose(self._voice.sentences)

    def sentences(self, count: int) -> str:
        """Write a short text of `count` sentences that names the topic first."""
        return " ".join([self.compose(self._voice.openings), *(self.sentence() for _ in range(count - 1))])

    def body(self) -> str:
        """Write paragraphs until there are about as many words as asked for."""
        paragraphs = [self.sentences(min(3, 1 + self.words // 40))]
        left = self.words - len(paragraphs[0].split())
        while left > 0:
            paragraph: list[str] = []
            for _ in range(self.rng.randint(*PARAGRAPH_SENTENCES)):
                if left > 0:
                    paragraph.append(self.sentence())
                    left -= len(paragraph[-1].split())
            paragraphs.append(" ".join(paragraph))
        return "\n\n".join(paragraphs)

    def title(self) -> str:
        title = self.compose(self._voice.titles)
        return title[:1].upper() + title[1:]

    def summary(self) -> str:
        return self.sentences(2)

    def thought(self) -> str:
        return " ".join(self.compose(demo_words.THOUGHTS) for _ in range(2))

    def thoughts(self) -> str:
        """Think for a paragraph, as a reasoning model does before it answers."""
        return " ".join(self.compose(demo_words.THOUGHTS) for _ in demo_words.THOUGHTS)

    def point(self) -> str:
        return self.compose(demo_words.POINTS)

    def step(self) -> str:
        return self.compose(demo_words.STEPS)

    def question(self) -> str:
        return self.compose(demo_words.QUESTIONS)

    def verse(self) -> str:
        lines = (self._filled(line) for line in demo_words.VERSES)
        return "\n".join(line[:1].upper() + line[1:] for line in lines)

    def markdown(self) -> str:
        points = "\n".join(f"- {self.point()}" for _ in range(3))
        return f"# {self.title()}\n\n{self.sentences(3)}\n\n## What matters\n\n{points}\n\n{self.body()}"

    def html(self) -> str:
        return f"<h1>{self.title()}</h1>\n<p>{self.sentences(3)}</p>"

    def code(self) -> str:
        name = self.slug().replace("-", "_")
        notes = ", ".join(f'"{self.draw(demo_words.DETAILS)}"' for _ in range(3))
        return (
            f"def describe_{name}(limit: int = 3) -> list[str]:\n"
            f'    """Collect what matters about {self.topic}, shortest first."""\n'
            f"    notes = [{notes}]\n"
            f"    return sorted(notes, key=len)[:limit]"
        )

    def sql(self) -> str:
        return f"SELECT id, title FROM {self.slug().replace('-', '_')} ORDER BY created_at DESC LIMIT 20;"

    def tag(self) -> str:
        """Draw a keyword; the first one is the topic."""
        is_first = demo_words.TAGS not in self._decks
        drawn = self.draw(demo_words.TAGS)
        return self._bare_topic() if is_first else drawn

    def _bare_topic(self) -> str:
        article, _, rest = self.topic.lower().partition(" ")
        return rest if article in ("a", "an", "the") and rest else self.topic.lower()

    def label(self) -> str:
        return title_case(self.draw(demo_words.DETAILS))

    def subject(self) -> str:
        return self.topic

    def slug(self) -> str:
        plain = unicodedata.normalize("NFKD", self._bare_topic()).encode("ascii", "ignore").decode()
        return "-".join(re.findall(r"[a-z]+[a-z0-9]*", plain)[:4]) or "notes"

    def identifier(self) -> str:
        return f"{self.slug()}-{self.rng.randint(1000, 9999)}"

    def person(self) -> str:
        self._person = self.draw(demo_words.PEOPLE)
        return self._person

    def handle(self) -> str:
        return (self._person or self.person()).lower().replace(" ", ".")

    def email(self) -> str:
        return f"{self.handle()}@example.com"

    def phone(self) -> str:
        return f"+44 20 7946 {self.rng.randint(0, 999):04d}"

    def url(self) -> str:
        return f"https://example.com/{self.slug()}/{self.rng.randint(100, 999)}"

    def path(self) -> str:
        return f"notes/{self.slug()}.md"

    def address(self) -> str:
        return f"{self.rng.randint(1, 99)} Mill Lane, {self.draw(demo_words.PLACE_NAMES)}"

    def date(self, *, is_future: bool = False) -> str:
        year = 2032 if is_future else self.rng.choice((2024, 2025))
        return f"{year}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

    def time(self) -> str:
        return f"{self.rng.randint(7, 20):02d}:{self.rng.choice((0, 15, 30, 45)):02d}:00"

    def moment(self, *, is_future: bool = False) -> str:
        return f"{self.date(is_future=is_future)}T{self.time()}Z"

    def uuid(self, version: int = 4) -> str:
        bits = self.rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62)
        return str(uuid.UUID(int=bits | version << 76 | 0x2 << 62))

    def host(self) -> str:
        return f"198.51.100.{self.rng.randint(1, 254)}"

    def named(self, name: str, owner: str = "") -> str:
        """Write what a field called `name` in a model called `owner` would hold."""
        tokens = tokens_of(name)
        if tokens[-1:] == ["name"]:
            return self._name(tokens[:-1], tokens_of(owner))
        for token in reversed(tokens):
            kind = KINDS.get(token) or KINDS.get(_singular(token))
            if kind is not None:
                return kind(self)
            for group, choices in demo_words.CHOICES.items():
                if token in group.split():
                    return self.draw(choices)
        return self.sentence()

    def _name(self, tokens: Sequence[str], owner: Sequence[str]) -> str:
        for token in reversed(tokens):
            if token in ("first", "given"):
                return self.person().split()[0]
            if token in ("last", "family", "sur"):
                return self.person().split()[-1]
            if kind := KINDS.get(token):
                return kind(self)
        return self.person() if _PEOPLE_WORDS & {*tokens, *owner} else self.label()

    def formatted(self, format_name: str, name: str = "") -> str | None:
        """Write a string of a JSON Schema format; None where the format is unknown or says nothing."""
        is_future = bool(_FUTURE_WORDS & set(tokens_of(name)))
        match format_name:
            case "date":
                return self.date(is_future=is_future)
            case "date-time":
                return self.moment(is_future=is_future)
            case "uuid":
                return self.uuid()
            case _ if versioned := re.fullmatch(r"uuid([1-8])", format_name):
                return self.uuid(int(versioned[1]))
        kind = FORMATS.get(format_name)
        return kind(self) if kind is not None else None

    def string(self, schema: Mapping[str, Any], name: str, owner: str = "") -> str:
        """Write a string that keeps a schema's format, pattern and length."""
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        text = self.formatted(schema.get("format", ""), name)
        if text is None:
            text = self.fitted(self.named(name, owner), least, most)
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not matches(pattern, text):
            return matching(pattern, self.rng, least=least, most=most) or text
        return text

    def fitted(self, text: str, least: int, most: int | None) -> str:
        """Lengthen or cut `text` to `least` to `most` characters, at a sentence's or a word's end where it can."""
        added = [text]
        while sum(map(len, added)) + len(added) - 1 < least:
            added.append(self.sentence())
        text = " ".join(added)
        if most is None or len(text) <= most:
            return text
        shortest = max(least, most // 2, 1)
        cuts = [text[: text.rfind(". ", 0, most) + 1], *(self.sentence() for _ in range(SHORTER_DRAWS))]
        cuts += [text[: max(0, text.rfind(mark, 0, most))].rstrip(" \n,;:") for mark in ("\n", " ")]
        for cut in cuts:
            if shortest <= len(cut) <= most:
                return cut
        return text[: most - 1] + "." if text[most - 1 : most].isspace() else text[:most]


def title_case(phrase: str) -> str:
    """Capitalise the words of a title, keeping capitals that are there."""
    return " ".join(word if word in _SMALL_WORDS else word[:1].upper() + word[1:] for word in phrase.split())


def tokens_of(name: str) -> list[str]:
    return [token.lower() for token in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _singular(token: str) -> str:
    return token[:-3] + "y" if token.endswith("ies") else token.removesuffix("s")


def _by_word(groups: Mapping[str, Callable[[Writer], str]]) -> dict[str, Callable[[Writer], str]]:
    return {word: kind for words, kind in groups.items() for word in words.split()}


_PEOPLE_WORDS = frozenset(
    "person user author character customer contact employee member student reviewer owner guest speaker "
    "candidate patient full display".split()
)
KINDS = _by_word(
    {
        "title headline heading caption tagline": Writer.title,
        "topic subject theme": Writer.subject,
        "summary abstract description overview introduction intro conclusion answer reply response comment note "
        "bio tldr excerpt teaser lead blurb quote message": Writer.summary,
        "reason reasoning rationale explanation thought justification why": Writer.thought,
        "body text content article story essay draft post report review analysis letter chapter document page "
        "translation transcript": Writer.body,
        "poem verse lyrics haiku song stanza": Writer.verse,
        "markdown md readme": Writer.markdown,
        "html": Writer.html,
        "code snippet source implementation function script": Writer.code,
        "sql": Writer.sql,
        "tag keyword category genre hashtag label skill interest ingredient": Writer.tag,
        "point pro con strength weakness benefit issue problem finding insight feedback critique highlight fact "
        "takeaway bullet": Writer.point,
        "step task action todo recommendation suggestion improvement instruction advice tip plan": Writer.step,
        "question faq": Writer.question,
        "query search q term": Writer.subject,
        "author person user owner assignee reviewer speaker character editor contact customer": Writer.person,
        "username handle login nickname": Writer.handle,
        "email mail": Writer.email,
        "phone telephone mobile fax": Writer.phone,
        "url uri link href website homepage image photo avatar": Writer.url,
        "path file filename": Writer.path,
        "slug": Writer.slug,
        "id identifier key reference ref sku": Writer.identifier,
        "uuid guid": Writer.uuid,
        "date day birthday published created updated modified deadline due": Writer.date,
        "time": Writer.time,
        "datetime timestamp at": Writer.moment,
        "city town location place venue destination": lambda writer: writer.draw(demo_words.PLACE_NAMES),
        "country nation": lambda writer: writer.draw(demo_words.COUNTRIES),
        "address street": Writer.address,
        "company organization organisation employer brand publisher": lambda writer: writer.draw(demo_words.COMPANIES),
        "product item thing section": Writer.label,
    }
)
FORMATS: dict[str, Callable[[Writer], str]] = {
    "time": Writer.time,
    "duration": lambda writer: f"PT{writer.rng.randint(1, 5)}H{writer.rng.randint(1, 59)}M",
    "email": Writer.email,
    "idn-email": Writer.email,
    "name-email": lambda writer: f"{writer.person()} <{writer.email()}>",
    "uri": Writer.url,
    "uri-reference": Writer.url,
    "iri": Writer.url,
    "hostname": lambda writer: f"{writer.slug()}.example.com",
    "ipv4": Writer.host,
    "ipvanyaddress": Writer.host,
    "ipv4network": lambda writer: "198.51.100.0/24",
    "ipvanynetwork": lambda writer: "198.51.100.0/24",
    "ipv4interface": lambda writer: "198.51.100.7/24",
    "ipvanyinterface": lambda writer: "198.51.100.7/24",
    "ipv6": lambda writer: f"2001:db8::{writer.rng.randint(1, 0xFFFF):x}",
    "ipv6network": lambda writer: "2001:db8::/32",
    "ipv6interface": lambda writer: "2001:db8::7/64",
    "path": Writer.path,
    "file-path": Writer.path,
    "directory-path": lambda writer: ".",
    "json-pointer": lambda writer: "/title",
    "regex": lambda writer: r"^\w+$",
    "color": lambda writer: f"#{writer.rng.randrange(1 << 24):06x}",
    "password": lambda writer: f"{writer.slug()}-{writer.rng.getrandbits(40):010x}",
    "base64": lambda writer: base64.b64encode(writer.topic.encode()).decode(),
    "base64url": lambda writer: base64.urlsafe_b64encode(writer.topic.encode()).decode(),
    "zoneinfo": lambda writer: "Europe/Lisbon",
}
