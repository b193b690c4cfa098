"""What the pack says of the front door, the knowledge base, service requests and surveys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workflows.periods import Period
from workflows.questions import Basis
from workflows.search_words import stem
from workflows.stanza import Stanza

_LEAD, _SUPPORT = "Lead Agency", "The HMIS Application Support"


@dataclass(frozen=True, slots=True)
class Topic:
    """A shelf of the knowledge base."""

    id: str
    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What whoever is not signed in reads first; `phone` is empty where none is published.

    `must` and `may`: which agencies take part in any case, and which others can.
    """

    about: str = ""
    who: str = ""
    must: str = ""
    may: str = ""
    phone: str = ""
    cite: str = "About this Manual"
    basis: Basis = Basis.LOCAL


@dataclass(frozen=True, slots=True)
class Knowledge:
    """`review`: after which an article is looked at again; `votes`: from one network within an hour."""

    review: Period
    votes: int = 30
    cite: str = _SUPPORT
    basis: Basis = Basis.LOCAL


@dataclass(frozen=True, slots=True)
class ServiceRequests:
    """`review_by`: the day of the month by which the month before is reviewed; `due_days`: proposed when one is accepted."""

    review_by: int = 10
    due_days: int = 60
    cite: str = _LEAD
    basis: Basis = Basis.LOCAL


@dataclass(frozen=True, slots=True)
class Surveys:
    """Results of fewer than `fewest` answers are not shown; `slice`: mails sent off together; the rest are limits by network."""

    fewest: int = 5
    slice: int = 100
    address_answers: int = 20
    address_minutes: int = 60
    all_answers: int = 400
    cite: str = _LEAD
    basis: Basis = Basis.LOCAL


@dataclass(frozen=True, slots=True)
class Front:
    """All of it. `synonyms` leads from a word's stem to the one that stands for all of its group."""

    door: FrontDoor
    knowledge: Knowledge
    services: ServiceRequests
    surveys: Surveys
    topics: tuple[Topic, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def topic(self, topic_id: str) -> Topic:
        """The topic of that id; one that the pack no longer has is called by its id."""
        known = (topic for topic in self.topics if topic.id == topic_id)
        return next(known, Topic(topic_id, topic_id.replace("_", " ").capitalize()))


FROM_BEFORE = Front(
    FrontDoor(), Knowledge(Period.parse("P1Y")), ServiceRequests(), Surveys(), (Topic("other", "All articles"),)
)
"""For packs kept from before there were any."""


def read_front(pack: Stanza) -> Front:
    """The stanzas [front_door], [knowledge], [service_requests], [surveys], [[knowledge_topic]] and [[synonym]] of a pack."""
    if "front_door" not in pack:
        return FROM_BEFORE
    groups = pack.each("synonym", _group) if "synonym" in pack else ()
    synonyms: dict[str, str] = {}
    for group in groups:
        for word in group.words:
            if word in synonyms:
                raise pack.wrong("synonym", f"{word!r} stands in two groups")
            synonyms[word] = group.words[0]
    return Front(
        pack.one("front_door", _door), pack.one("knowledge", _knowledge), pack.one("service_requests", _services),
        pack.one("surveys", _surveys), pack.each("knowledge_topic", _topic), MappingProxyType(synonyms),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Group:
    id: str
    words: tuple[str, ...]


def _group(s: Stanza) -> _Group:
    words = tuple(dict.fromkeys(stem(word.casefold()) for word in s.texts("words")))
    if len(words) < 2:
        raise s.wrong("words", "a group has at least two different words")
    return _Group(s.text("id", longest=40), words)


def _door(s: Stanza) -> FrontDoor:
    return FrontDoor(
        s.text("about"), s.text("who"), s.text("must", ""), s.text("may", ""), s.text("phone", ""), s.text("cite"),
        s.choice("basis", Basis),
    )  # fmt: skip


def _knowledge(s: Stanza) -> Knowledge:
    return Knowledge(s.period("review"), s.number("votes", 1, 10_000), s.text("cite"), s.choice("basis", Basis))


def _services(s: Stanza) -> ServiceRequests:
    return ServiceRequests(
        s.number("review_by", 1, 28), s.number("due_days", 1, 730), s.text("cite"), s.choice("basis", Basis)
    )


def _surveys(s: Stanza) -> Surveys:
    return Surveys(
        s.number("fewest", 5, 1000), s.number("slice", 1, 1000), s.number("address_answers", 1, 10_000),
        s.number("address_minutes", 1, 1440), s.number("all_answers", 1, 100_000), s.text("cite"), s.choice("basis", Basis),
    )  # fmt: skip


def _topic(s: Stanza) -> Topic:
    return Topic(s.text("id", longest=40), s.text("title", longest=60), s.text("hint", ""))
