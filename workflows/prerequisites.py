"""Reads the prerequisites of a pack. An unknown word is refused: misspelt where absence counts, it opens in silence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.periods import NO_TIME
from workflows.questions import Alternative, Basis, Named, Needs, OnLapse, Prerequisite, Step
from workflows.stanza import PolicyError, Stanza, hundredths
from workflows.vocabulary import KINDS, About, Kind, Role

WHO = ("person", "agency_admin", "executive_director", "security_officer", "help_desk", "lead")
OF_THE_PACK = "*"
"""Stands in a stanza for every detail that the pack lists for the kind: all topics, all access levels."""

RESERVED = frozenset({"id", "inherited", "permitted", "closes", "held_new"})
"""Columns of the sweep: no prerequisite can be called so."""

SINGLE = frozenset(About) - {About.DEVICE}
"""The subjects of which a membership has just one; of devices and colleagues one among several answers."""


@dataclass(frozen=True, slots=True)
class Never:
    """Something no Lead can switch off or soften."""

    kind: Kind
    about: About
    details: tuple[str, ...]
    why: str


_ENDED = ("suspension", "revocation")
NEVER_WITHOUT = (
    Never(
        Kind.EXCLUDED_PROVIDER, About.AGENCY, KINDS[Kind.EXCLUDED_PROVIDER].details or (),
        "the clients of victim service and legal service providers stay out of a shared HMIS",
    ),
    Never(Kind.SANCTION, About.AGENCY, _ENDED, "an Agency that was suspended loses its access"),
    Never(Kind.SANCTION, About.PERSON, _ENDED, "a person who was suspended loses access"),
    Never(Kind.SANCTION, About.MEMBERSHIP, _ENDED, "a person suspended at one Agency loses access there"),
    Never(Kind.DEPARTURE, About.MEMBERSHIP, (), "whoever leaves loses access"),
)  # fmt: skip

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Words:
    """What the rest of the pack says that stanzas refer to: details with their titles, by kind; and the pass marks."""

    listed: Mapping[Kind, Mapping[str, str]]
    pass_mark: int
    marks: tuple[tuple[str, int], ...]


def read(pack: Stanza, words: Words) -> tuple[Prerequisite, ...]:
    """Every [[prerequisite]] of the pack, in its order; PolicyError names the stanza and the field."""
    made = {one.id: one for one in pack.each("prerequisite", lambda s: _prerequisite(s, words))}
    _together(pack, made)
    return tuple(made.values())


def _prerequisite(s: Stanza, words: Words) -> Prerequisite:
    called = s.text("id", longest=40)
    if not _ID.fullmatch(called) or called in RESERVED:
        raise s.wrong(
            "id", f"{called!r} is no id: small letters, digits and hyphens, and none of {', '.join(sorted(RESERVED))}"
        )
    needs, kind = s.choice("needs", Needs), s.choice("evidence", Kind)
    about = s.one_of("about", (*About, *Role))
    _producible(s, "evidence", kind, about)
    detail, each = _details(s, kind, words)
    at_least, marks = _mark(s, kind, words)
    stanza = Prerequisite(
        id=called,
        title=s.text("title"),
        unmet=s.text("unmet"),
        needs=needs,
        evidence=kind,
        about=about,
        detail=detail,
        each=each,
        names=tuple(words.listed.get(kind, {}).items()),
        at_least=at_least,
        marks=marks,
        max_age=s.period("max_age") if "max_age" in s else None,
        version=s.one_of("version", ("current",), ""),
        grace=s.period("grace", NO_TIME),
        at=s.one_of("at", ("agency", "lead"), ""),
        applies_to=_applies_to(s, words),
        when=s.one_of("when", KINDS[Kind.TRAIT].details or (), ""),
        alternative=_alternative(s, words),
        warn=s.period("warn", NO_TIME),
        on_lapse=s.choice("on_lapse", OnLapse, OnLapse.HOLD_NEW),
        waivable=s.flag("waivable"),
        steps=_steps(s),
        cite=s.text("cite"),
        basis=s.choice("basis", Basis),
    )
    _sense(s, stanza)
    return stanza


def _producible(s: Stanza, key: str, kind: Kind, about: str) -> None:
    """Evidence of this kind is recorded about that subject; a colleague's is evidence about a membership."""
    subject = about if about in set(About) else About.MEMBERSHIP
    if subject not in KINDS[kind].about:
        raise s.wrong(
            key, f"{kind.value!r} is never recorded about a {subject}, only about {', '.join(KINDS[kind].about)}"
        )


def _check_detail(s: Stanza, key: str, kind: Kind, details: tuple[str, ...], words: Words) -> None:
    allowed = words.listed.get(kind)
    known = KINDS[kind].details if allowed is None else tuple(allowed)
    for detail in details:
        if known is not None and detail not in known:
            none = "this kind has no details" if not any(known) else f"it is none of {', '.join(filter(None, known))}"
            raise s.wrong(key, f"{detail!r} is no detail of {kind.value!r}: {none}")


def _details(s: Stanza, kind: Kind, words: Words) -> tuple[tuple[str, ...], str]:
    """The details that count: any one of `detail`, or `each` one of a list or of a kind of evidence."""
    if "each" not in s:
        detail = _listed(s, "detail", kind, s.texts("detail", ()), words)
        return detail, ""
    if "detail" in s:
        raise s.wrong("detail", "a stanza with `each` names its details there")
    value = s.texts("each")
    if len(value) == 1 and value[0] in set(Kind):
        _producible(s, "each", Kind(value[0]), About.MEMBERSHIP)
        return (), value[0]
    if not value:
        raise s.wrong("each", "name at least one detail: nothing at all is never enough")
    return _listed(s, "each", kind, value, words), "listed"


def _listed(s: Stanza, key: str, kind: Kind, value: tuple[str, ...], words: Words) -> tuple[str, ...]:
    if value == (OF_THE_PACK,):
        if kind not in words.listed:
            raise s.wrong(key, f"'*' means all that the pack lists, and it lists nothing for {kind.value!r}")
        return tuple(words.listed[kind])
    _check_detail(s, key, kind, value, words)
    return value


def _mark(s: Stanza, kind: Kind, words: Words) -> tuple[int, tuple[tuple[str, int], ...]]:
    if "at_least" not in s:
        return 0, ()
    if kind is not Kind.TRAINING:
        raise s.wrong("at_least", f"only a quiz result has a score, and this is about {kind.value!r}")
    value = s.take("at_least")
    if value == "pass_mark":
        return words.pass_mark, words.marks
    try:
        return hundredths(value), ()
    except ValueError as wrong:
        raise s.wrong("at_least", f'{wrong}; or write "pass_mark"') from None


def _named(s: Stanza, key: str, text: str, words: Words) -> Named:
    kind, _, detail = text.partition("=")
    if kind not in set(Kind):
        raise s.wrong(key, f"{kind!r} is no kind of evidence")
    if detail:
        _check_detail(s, key, Kind(kind), (detail,), words)
    return Named(kind, detail)


def _applies_to(s: Stanza, words: Words) -> tuple[Named, ...]:
    """'access_level=agency_admin' is evidence about the membership; a plain 'agency_admin' is the role of that name."""
    found = []
    for text in s.texts("applies_to", ()):
        named = _named(s, "applies_to", f"role={text}" if text in set(Role) else text, words)
        _producible(s, "applies_to", Kind(named.kind), About.MEMBERSHIP)
        found.append(named)
    return tuple(found)


def _alternative(s: Stanza, words: Words) -> Alternative | None:
    if "or" not in s:
        return None
    other = Stanza(s.file, f"{s.name}, or", s.take("or"))
    kind, about = other.choice("evidence", Kind), other.one_of("about", set(About) - {About.DEVICE})
    _producible(other, "evidence", kind, about)
    detail = _listed(other, "detail", kind, other.texts("detail", ()), words)
    other.done()
    return Alternative(kind, about, detail)


def _steps(s: Stanza) -> tuple[Step, ...]:
    listed, made = s.take("steps"), []
    if not isinstance(listed, list) or not listed:
        raise s.wrong("steps", 'at least one step is needed: { who = "person", do = "…" }')
    for n, fields in enumerate(listed, start=1):
        step = Stanza(s.file, f"{s.name}, step {n}", fields)
        done = step.text("done", "")
        if bool(done) == (n == len(listed)):
            raise step.wrong(
                "done", "every step but the last names the evidence that shows it is done, and the last none"
            )
        made.append(Step(step.one_of("who", WHO), step.text("do"), _done(step, done)))
        step.done()
    return tuple(made)


def _done(step: Stanza, text: str) -> Named | None:
    return _named(step, "done", text, Words({}, 0, ())) if text else None


def _sense(s: Stanza, p: Prerequisite) -> None:
    """What each field alone may say, but not together."""
    absent, several = p.needs is Needs.ABSENT, p.about not in SINGLE
    for key, wrong, why in (
        (
            "waivable",
            absent and p.waivable,
            "what speaks against somebody is lifted where it was recorded, never waived",
        ),
        ("or", absent and p.alternative, "what must be absent has no substitute"),
        ("each", absent and p.each, "what must be absent is absent in every detail; use detail"),
        ("max_age", absent and p.max_age, "what must be absent does not grow too old; it would open by itself"),
        ("version", absent and p.version, "what must be absent has no version in force; it would open by itself"),
        ("at_least", absent and p.at_least, "what must be absent has no score; it would open by itself"),
        ("grace", p.grace != NO_TIME and not p.version, 'a grace is for a new version; add version = "current"'),
        (
            "applies_to",
            several and p.applies_to,
            "of several devices or colleagues one is enough, whoever asks; use when",
        ),
        (
            "or",
            several and p.alternative,
            "of several devices or colleagues one is enough; a substitute is for one subject",
        ),
        (
            "each",
            several and p.each and not p.detail,
            "what a membership asks of a device or colleague is listed, not found",
        ),
        ("when", p.when and p.about != About.DEVICE, "only a device has traits"),
    ):
        if wrong:
            raise s.wrong(key, why)


def _together(pack: Stanza, made: Mapping[str, Prerequisite]) -> None:
    for never in NEVER_WITHOUT:
        if not any(_covers(p, never) for p in made.values()):
            detail = f", detail = {list(never.details)}" if never.details else ""
            raise PolicyError(
                f'{pack.file}, prerequisite, evidence: there must be one with needs = "absent", on_lapse = "suspend", '
                f'evidence = "{never.kind}"{detail}, about = "{never.about}", for everybody: {never.why}'
            )
    for several in {p.about for p in made.values()} - SINGLE:
        group = [p for p in made.values() if p.about == several]
        for p in group:
            if p.at != group[0].at:
                raise PolicyError(
                    f"{pack.file}, prerequisite {p.id!r}, at: one {several} answers all stanzas about it, so they must "
                    f"all say the same as {group[0].id!r}"
                )


def _covers(p: Prerequisite, never: Never) -> bool:
    """At the Lead itself no Agency could be suspended or excluded; people and memberships are anywhere."""
    places = ("", "agency") if never.about is About.AGENCY else ("",)
    return (
        (p.evidence, p.about, p.needs, p.on_lapse) == (never.kind, never.about, Needs.ABSENT, OnLapse.SUSPEND)
        and not p.applies_to
        and p.at in places
        and (not p.detail or set(never.details) <= set(p.detail))
    )
