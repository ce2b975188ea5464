"""What the demo model writes with: one voice per persona, word lists, and the snippets of typed strings.

Data only. Slots: `{topic}` stands where any noun phrase fits, `{title}` is the topic in title case, `{details}` and
`{others}` are plural noun phrases, `{place}` says where or when, `{quality}` is an adjective, `{count}` a number.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """How one persona sounds. Openings and titles always name the topic."""

    titles: tuple[str, ...]
    openings: tuple[str, ...]
    sentences: tuple[str, ...]


WRITER = Voice(
    titles=(
        "A Short Guide to {title}",
        "What We Miss About {title}",
        "Notes on {title}",
        "The Quiet Side of {title}",
        "An Afternoon With {title}",
        "In Praise of {title}",
    ),
    openings=(
        "Most people meet {topic} only in passing, and that is a pity.",
        "There is a {quality} way to think about {topic}, and it begins with {details}.",
        "Ask ten people about {topic} and you will hear ten stories about {details}.",
        "I used to think there was little to say about {topic}; {details} taught me otherwise.",
    ),
    sentences=(
        "The first thing to notice about {topic} is how much depends on {details}.",
        "Nobody sets out to learn this, and yet {count} small discoveries later it is hard to look away.",
        "A friend of mine kept a notebook {place}, and every page came back to {details}.",
        "What works is rarely grand: {details}, {others}, and the patience to begin again.",
        "If you have only an afternoon for {topic}, spend it on {details}.",
        "The rest is a matter of trust, and trust grows slowly {place}.",
        "That is the {quality} part: once you see it, you see it everywhere.",
        "It helps to leave room for {details}, even when the plan says otherwise.",
        "The best stories about {topic} end where they started, with {details}.",
        "So start small, keep what works, and let {others} do the heavy lifting.",
    ),
)

POET = Voice(
    titles=(
        "Song for {title}",
        "Seven Windows on {title}",
        "{title}, Before the Rain",
        "What the Evening Knows of {title}",
    ),
    openings=(
        "Tonight the house is full of {topic}, and nobody has turned on the light.",
        "I came to {topic} by the long road, carrying {details} in both hands.",
        "Say the words softly: {topic}, and then the hush of {details}.",
    ),
    sentences=(
        "Somewhere {place}, {details} are still waiting to be named.",
        "The wind turns a page, reads {count} lines, and moves on.",
        "There is a {quality} music in {details}, if you let the clock run down.",
        "What we call {topic} the river calls a place to rest.",
        "Let the morning keep its {details}; I will keep the dusk.",
        "Every window holds {topic} for a moment and gives it back as weather.",
        "We were young {place}, and {others} were all we owned.",
        "Listen: even the {quality} stones have heard of {topic}.",
        "Nothing is lost that was once looked at with care.",
        "And so the evening folds its {details} away, one by one.",
    ),
)

CRITIC = Voice(
    titles=(
        "{title}: A Fair Hearing",
        "The Case For and Against {title}",
        "{title}, Reconsidered",
        "Where {title} Could Go Further",
    ),
    openings=(
        "This piece takes on {topic} with more courage than most, and nearly brings it off.",
        "The case for {topic} has seldom been put in such a {quality} way.",
        "Anyone who writes about {topic} has to answer for {details}, and this draft does so only in part.",
    ),
    sentences=(
        "Its great strength lies in {details}, which are handled with a {quality} touch.",
        "The argument weakens {place}, where {others} are asserted and never shown.",
        "A reader who knows {topic} well will ask for evidence at least {count} times.",
        "To its credit, the text never hides behind {others}.",
        "One could cut {count} sentences from the middle and lose nothing of value.",
        "The closing thought on {topic} is earned, and that is rarer than it sounds.",
        "What is missing is the view from the other side: who pays for {details}?",
        "The tone stays {quality} throughout, even where the facts would allow more heat.",
        "With a clearer order and fewer {others}, this would be the text to recommend on {topic}.",
        "As it stands, the work deserves a second draft and a wide audience.",
    ),
)

ANALYST = Voice(
    titles=(
        "{title} in Numbers",
        "The State of {title}",
        "What the Data Say About {title}",
        "{title}: Findings and Outlook",
    ),
    openings=(
        "Interest in {topic} grew by {percent} percent over the last year, driven mostly by {details}.",
        "Three findings stand out in the data on {topic}, and all of them point to {details}.",
        "The picture of {topic} is clearer than a year ago, although {details} remain hard to measure.",
    ),
    sentences=(
        "About {percent} percent of the cases reviewed show the same pattern {place}.",
        "The strongest predictor is not cost; it is the share of {details}.",
        "Where {details} are in place, results on {topic} improve within {count} weeks.",
        "The sample is small, so the margin of error stays near {count} points.",
        "Compared with last quarter, {others} have lost {percent} percent of their weight.",
        "Two risks deserve attention: {details} and {others}.",
        "A {quality} reading would put the effect at half of that.",
        "On balance, the evidence on {topic} supports a gradual start.",
        "The next review should measure {details} directly, not by proxy.",
        "Until then, {count} indicators are enough to see where {topic} is heading.",
    ),
)

CODER = Voice(
    titles=(
        "{title}, From First Principles",
        "A Minimal Design for {title}",
        "{title} Without Surprises",
        "Debugging {title}",
    ),
    openings=(
        "The simplest thing that could work for {topic} is a small function with {details}.",
        "Before writing any code for {topic}, it pays to name the invariants: {details} and {others}.",
        "Most bugs around {topic} come from one place, and it is not {details}.",
    ),
    sentences=(
        "Keep the state in one object, and let {details} be derived from it.",
        "A test with {count} cases covers the edges: empty input, one item, and far too many.",
        "If {topic} needs a cache, measure first, and write down the number you saw.",
        "The interface stays {quality} as long as {others} do not leak through it.",
        "Failing early is kinder than failing {place}.",
        "Every branch that mentions {details} is a branch somebody has to read.",
        "Give names to {details}, delete {others}, and the loop turns out to be {count} lines.",
        "Concurrency changes little here: {topic} has one writer and any number of readers.",
        "The {quality} path and the fast path turned out to be the same one.",
        "Ship it behind a flag, watch {count} graphs, and remove the flag within a week.",
    ),
)

TEACHER = Voice(
    titles=(
        "{title}, Step by Step",
        "First Steps With {title}",
        "{title} Explained Slowly",
        "Learning to See {title}",
    ),
    openings=(
        "Imagine explaining {topic} to a curious child: you would begin with {details}.",
        "Before we look at {topic} itself, let us agree on what we mean by {details}.",
        "Everything worth knowing about {topic} can be learned from {count} good examples.",
    ),
    sentences=(
        "Take a {quality} example from everyday life and follow it all the way through.",
        "Notice what stays the same while {details} change.",
        "A common mistake is to confuse {details} with {others}; keep the two apart.",
        "Now close the book and say in your own words what {topic} has to do with {details}.",
        "If you can find {count} more examples {place}, you have understood it.",
        "The rule is short, and the exceptions prove to be {quality} ones.",
        "Think of {topic} as a conversation between {details} and {others}.",
        "Nobody gets this right the first time, and nobody has to.",
        "Draw it, label it, and compare your drawing with a neighbour's.",
        "With that, the hard part of {topic} is behind you.",
    ),
)

VOICES = {
    "writer": WRITER,
    "poet": POET,
    "critic": CRITIC,
    "analyst": ANALYST,
    "coder": CODER,
    "teacher": TEACHER,
}

THOUGHTS = (
    "The request is about {topic}, so the answer should name it early and stay close to it.",
    "A {quality} structure will do: one clear claim, then {details}, then an ending that lands.",
    "There is a temptation to list everything; choosing {count} points will read better.",
    "Let me check the tone: plain words, no filler, and nothing that {topic} cannot carry.",
    "The fields asked for are short, so each sentence about {topic} has to earn its place.",
)
POINTS = (
    "It makes room for {details}.",
    "It depends on {details} more than it admits.",
    "It treats {topic} in a {quality} way.",
    "It leaves {others} for later.",
    "It shows its work {place}.",
    "It says plainly what {topic} can cost.",
)
STEPS = (
    "Write down what you already know about {topic}.",
    "Choose {details} over {others}, and say why.",
    "Show a first draft to someone who has never heard of {topic}.",
    "Spend {count} days with {details}, and take notes.",
    "Cut whatever does not serve {topic}.",
    "Measure again, with {quality} tools.",
)
QUESTIONS = (
    "Who gains the most from {topic}?",
    "What changes when {details} come first?",
    "Which {details} would you keep, and which {others} would you give up?",
    "What would a {quality} answer to {topic} look like?",
    "How will we know that it worked?",
)
VERSES = (
    "Somewhere {place}, a {quality} light,",
    "{count} notes for {topic}, and then the night;",
    "the door left open, the kettle warm,",
    "and {details} waiting out the storm.",
    "We count the hours, one by one,",
    "we fold the maps when day is done,",
    "and what we knew of {topic} then",
    "the morning tells us once again.",
)
DETAILS = (
    "early mornings",
    "patient questions",
    "second drafts",
    "small repairs",
    "plain words",
    "borrowed tools",
    "honest numbers",
    "good neighbours",
    "old maps",
    "short lists",
    "careful measurements",
    "long walks",
    "unwritten rules",
    "chance encounters",
    "steady habits",
    "open doors",
)
PLACES = (
    "in a small kitchen",
    "on a slow train",
    "at the edge of town",
    "before breakfast",
    "in the last week of autumn",
    "over a long winter",
    "in a borrowed workshop",
    "halfway through the year",
)
QUALITIES = (
    "patient",
    "quiet",
    "precise",
    "generous",
    "practical",
    "careful",
    "stubborn",
    "plain",
    "hopeful",
)
COUNTS = ("three", "four", "five", "seven", "nine", "twelve")
PEOPLE = (
    "Mira Holm",
    "Jonas Berg",
    "Amara Osei",
    "Lin Wei",
    "Sofia Marques",
    "Tomas Novak",
    "Priya Nair",
    "Elias Haddad",
)
PLACE_NAMES = ("Lisbon", "Nairobi", "Kyoto", "Oslo", "Montreal", "Valparaíso", "Kraków", "Wellington")
COUNTRIES = ("Portugal", "Kenya", "Japan", "Norway", "Canada", "Chile", "Poland", "New Zealand")
COMPANIES = ("Northlight Works", "Harbour & Pine", "Blue Lantern", "Fieldstone Labs", "Open Meadow")
TAGS = ("craft", "habits", "everyday", "history", "design", "nature", "patience", "field notes", "beginners", "ideas")
CHOICES = {
    "status state stage": ("ready", "in progress", "done"),
    "sentiment mood tone": ("positive", "neutral", "mixed"),
    "priority severity level difficulty risk": ("low", "medium", "high"),
    "language locale": ("English", "Portuguese", "Japanese"),
    "currency": ("EUR", "USD", "JPY"),
    "color colour": ("teal", "amber", "slate"),
    "verdict decision outcome": ("accept", "revise", "decline"),
    "version": ("1.4.2", "0.9.0", "2.0.1"),
    "emoji icon": ("🦉", "🌿", "📓"),
}
