"""What the pack says about the help desk: kinds of tickets, how long an answer may take, and the order of support (H1, H2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from workflows.questions import Basis
from workflows.stanza import Stanza

PRIORITIES = ("low", "normal", "high", "urgent")
"""From the least to the most pressing."""

STEPS = ("online_help", "agency_admin", "lead")
"""The order of support; a ticket stands on one of the last two."""

STARTS = (
    "user_agreement", "lockout", "reset", "departure", "program_change", "incident", "why_not_yet", "outage",
    "service_request",
)  # fmt: skip
"""What may begin from a ticket with one click."""

LONGEST = 400
LEAST_KEPT, MOST_KEPT = 7, 3660
_HEADING = "The HMIS Application Support"


@dataclass(frozen=True, slots=True)
class TicketPriority:
    """How pressing a ticket is; `answer_hours` and `solve_hours` are business hours."""

    id: str
    title: str
    says: str
    answer_hours: int
    solve_hours: int


@dataclass(frozen=True, slots=True)
class TicketQuestion:
    """What a form asks beside the question itself; `long` may have several lines."""

    id: str
    title: str
    hint: str
    long: bool = False


@dataclass(frozen=True, slots=True)
class TicketKind:
    """What a ticket is about. `starts` is one of STARTS or empty; `public`: offered to whoever asks.

    `answer_hours` and `solve_hours` hold only the priorities whose hours differ from those of the priority itself.
    """

    id: str
    title: str
    hint: str
    starts: str
    priority: str
    agency_admin_first: bool
    public: bool
    asks: tuple[str, ...]
    cite: str
    basis: Basis
    answer_hours: Mapping[str, int] = field(default_factory=dict)
    solve_hours: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SupportStep:
    """A step of the order of support; after `hours` business hours a question moves on by itself, 0: it stays."""

    id: str
    title: str
    says: str
    hours: int
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class AfterHours:
    """What somebody is told who asks while the desk is closed: three sentences, in the manual's order."""

    first: str
    can_wait: str
    otherwise: str
    cite: str
    basis: Basis


_OTHER = TicketKind("other", "Something else", "", "", "normal", False, True, (), _HEADING, Basis.LOCAL)


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """All of it. `desk_hours_left`: due within so many business hours is due soon; `close_after`: business days.

    `keep_other_mail`: for how long a message that became no ticket is kept as it came.
    """

    kinds: tuple[TicketKind, ...]
    priorities: tuple[TicketPriority, ...]
    questions: tuple[TicketQuestion, ...]
    steps: tuple[SupportStep, ...]
    after_hours: AfterHours
    desk_hours_left: int = 2
    close_after: int = 5
    rating: timedelta = timedelta(days=30)
    loop_mails: int = 20
    keep_other_mail: timedelta = timedelta(days=90)
    cite: str = _HEADING
    basis: Basis = Basis.LOCAL

    def kind(self, kind_id: str) -> TicketKind | None:
        return next((kind for kind in self.kinds if kind.id == kind_id), None)

    def title_of(self, kind_id: str) -> str:
        """What a kind is called; a kind that a former pack had is called by its id."""
        kind = self.kind(kind_id)
        return kind.title if kind else kind_id.replace("_", " ")

    def priority(self, priority_id: str) -> TicketPriority:
        """KeyError for a word that is none of PRIORITIES."""
        return {priority.id: priority for priority in self.priorities}[priority_id]

    def question(self, question_id: str) -> TicketQuestion:
        return next(question for question in self.questions if question.id == question_id)

    def step(self, step_id: str) -> SupportStep:
        return next(step for step in self.steps if step.id == step_id)

    def answer_minutes(self, kind_id: str, priority_id: str) -> int:
        """Business minutes until the first answer, of the kind where it has its own, else of the priority."""
        kind, priority = self.kind(kind_id), self.priority(priority_id)
        return 60 * (kind.answer_hours if kind else {}).get(priority_id, priority.answer_hours)

    def solve_minutes(self, kind_id: str, priority_id: str) -> int:
        """Business minutes until the ticket is to be solved."""
        kind, priority = self.kind(kind_id), self.priority(priority_id)
        return 60 * (kind.solve_hours if kind else {}).get(priority_id, priority.solve_hours)

    def step_minutes(self, step_id: str, kind_id: str, priority_id: str) -> int:
        """Business minutes after which a question leaves a step by itself; 0: it stays.

        Never more than half of the time for a first answer, so that whoever comes next can still keep it.
        """
        return min(60 * self.step(step_id).hours, self.answer_minutes(kind_id, priority_id) // 2)


_LATER = "Send it now: it is read the next business morning."
FROM_BEFORE = Helpdesk(
    kinds=(_OTHER,),
    priorities=tuple(TicketPriority(each, each.capitalize(), "", 8, 40) for each in PRIORITIES),
    questions=(),
    steps=tuple(SupportStep(step, step.replace("_", " ").capitalize(), "", 0, _HEADING, Basis.LOCAL) for step in STEPS),
    after_hours=AfterHours(
        "Look in the on-line help.", _LATER, "Ask your Agency Administrator.", _HEADING, Basis.LOCAL
    ),
)
"""For packs kept from before there were any: one kind of ticket, which goes to the Lead, answered within 8 business hours."""


def read_helpdesk(pack: Stanza) -> Helpdesk:
    """The help desk's stanzas of a pack; PolicyError by stanza and field for what cannot be."""
    if "helpdesk" not in pack:
        return FROM_BEFORE
    own = pack.stanza("helpdesk")
    questions = pack.each("ticket_question", _question)
    asked = {question.id for question in questions}
    rating = own.span("rating")
    if not timedelta(days=1) <= rating <= timedelta(days=LONGEST):
        raise own.wrong("rating", f"a link for rating works for at least one and at most {LONGEST} days")
    keep = own.span("keep_other_mail") if "keep_other_mail" in own else FROM_BEFORE.keep_other_mail
    if not timedelta(days=LEAST_KEPT) <= keep <= timedelta(days=MOST_KEPT):
        raise own.wrong(
            "keep_other_mail", f"at least {LEAST_KEPT} days, so that somebody can look, and at most {MOST_KEPT}"
        )
    made = Helpdesk(
        kinds=pack.each("ticket_kind", lambda s: _kind(s, asked)),
        priorities=pack.each("ticket_priority", _priority),
        questions=questions,
        steps=pack.each("support_step", _step),
        after_hours=pack.one("after_hours", _after_hours),
        desk_hours_left=own.number("desk_hours_left", 1, LONGEST),
        close_after=own.number("close_after", 1, LONGEST),
        rating=rating,
        loop_mails=own.number("loop_mails", 2, 1000),
        keep_other_mail=keep,
        cite=own.text("cite"),
        basis=own.choice("basis", Basis),
    )
    for field_, words, listed in (
        ("ticket_priority", PRIORITIES, made.priorities),
        ("support_step", STEPS, made.steps),
    ):
        if tuple(each.id for each in listed) != words:
            raise own.wrong(field_, f"these must be, in this order, {', '.join(words)}")
    if made.kind("other") is None:
        raise own.wrong("ticket_kind", "one of them must be 'other', for whatever fits nowhere else")
    own.done()
    return made


def _question(s: Stanza) -> TicketQuestion:
    return TicketQuestion(s.text("id", longest=40), s.text("title", longest=100), s.text("hint"), s.flag("long"))


def _priority(s: Stanza) -> TicketPriority:
    made = TicketPriority(
        s.one_of("id", PRIORITIES), s.text("title", longest=40), s.text("says", longest=100),
        s.number("answer_hours", 1, LONGEST), s.number("solve_hours", 1, LONGEST),
    )  # fmt: skip
    if made.answer_hours > made.solve_hours:
        raise s.wrong("answer_hours", "a first answer cannot take longer than the solution")
    return made


def _step(s: Stanza) -> SupportStep:
    made = SupportStep(
        s.one_of("id", STEPS), s.text("title", longest=60), s.text("says"), s.number("hours", 0, LONGEST),
        s.text("cite"), s.choice("basis", Basis),
    )  # fmt: skip
    if (made.id == "agency_admin") != bool(made.hours):
        raise s.wrong("hours", "only the Agency Administrator's step has hours, and it must have some")
    return made


def _after_hours(s: Stanza) -> AfterHours:
    return AfterHours(s.text("first"), s.text("can_wait"), s.text("else"), s.text("cite"), s.choice("basis", Basis))


def _kind(s: Stanza, questions: set[str]) -> TicketKind:
    kind_id = s.text("id", longest=40)
    asks = s.texts("asks", ())
    if unknown := sorted(set(asks) - questions):
        raise s.wrong("asks", f"{unknown[0]!r} is no ticket_question of this pack")
    starts = s.one_of("starts", STARTS, "")
    made = TicketKind(
        kind_id, s.text("title", longest=80), s.text("hint"), starts, s.one_of("priority", PRIORITIES),
        s.flag("agency_admin_first"), s.flag("public"), asks, s.text("cite"), s.choice("basis", Basis),
        _hours(s, "answer_hours"), _hours(s, "solve_hours"),
    )  # fmt: skip
    if made.starts == "incident" and made.agency_admin_first:
        raise s.wrong(
            "agency_admin_first",
            "an incident never goes to the Agency Administrator first: it may be about that person",
        )
    return made


def _hours(s: Stanza, key: str) -> Mapping[str, int]:
    if key not in s:
        return MappingProxyType({})
    own = s.stanza(key)
    named = own.keys()
    if unknown := sorted(set(named) - set(PRIORITIES)):
        raise own.wrong(unknown[0], f"this is none of {', '.join(PRIORITIES)}")
    made = {priority: own.number(priority, 1, LONGEST) for priority in named}
    own.done()
    return MappingProxyType(made)
