"""Every page that opens without naming a thing, and the words by which people look for it."""

from dataclasses import dataclass
from functools import cache

from flask import url_for

from portal.db import reading
from portal.services.agencies import agency_list
from portal.web.kernel import actor, look_up, may, may_open, policy, sessions
from workflows.actions import Action
from workflows.going import Asked, Fit, best_first, fit, folded
from workflows.search_words import words_of

MOST_AGENCIES = 3
"""Of more Agencies of one's own the pages are not offered one by one: the Agency itself is found by its name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page: what it is called, its endpoint, and other words for what is found there."""

    title: str
    endpoint: str
    words: str = ""


PLACES = (
    Place("Home", "home.index", "start what waits for me my tasks to do"),
    Place("My access", "home.me", "why not yet account temporary password my training my agreement mine standing"),
    Place("Hand in a certificate", "home.certificate", "upload training quiz course result score"),
    Place("Where you are signed in", "account.sessions", "sessions devices sign out everywhere"),
    Place("Your password", "account.new_password", "change password new choose"),
    Place("Your second factor", "account.factor", "authenticator recovery codes phone two-step totp mfa"),
    Place("Your e-mail address", "account.email", "change email mailbox address"),
    Place("Agencies", "agency.index", "agency organization provider my agency"),
    Place("Enter an Agency", "agency.new", "add new agency join"),
    Place("People", "people.index", "users staff members list"),
    Place("Ask for access", "people.new", "new user request account invite add a person hire"),
    Place("People who were here before", "day_one.inherited", "inherited takes over legacy day one"),
    Place("The desk", "desk.index", "queues lead work what waits"),
    Place("Open requests", "desk.requests", "access requests waiting ready to issue seats"),
    Place("Documents to verify", "desk.documents", "agreements to countersign scans sign verify paper"),
    Place("Documents in force", "desk.versions", "versions publish agreement text current"),
    Place("People to enroll", "desk.enrolments", "enrolment courses assign"),
    Place("Quiz results", "desk.training", "training scores courses learning system lms"),
    Place("Import quiz results", "desk.training_import", "training file csv upload lms learning system"),
    Place("Enter a quiz result by hand", "desk.by_hand", "training in person score"),
    Place("Certificates to confirm", "desk.certificates", "training handed in claim"),
    Place("Results without a person", "desk.unmatched", "unmatched training match learner lms id"),
    Place("Agencies to set up", "desk.configurations", "configure configuration provider core hmis"),
    Place("Work orders", "orders.index", "open work orders core hmis servicepoint account make suspend remove"),
    Place("The brake", "desk.brake", "too many lapses stop suspension held"),
    Place("Failed jobs", "desk.jobs", "queue background worker late retry"),
    Place("All people", "desk.people", "everybody users at every agency"),
    Place("Licenses by Agency", "desk.licences", "licences seats grant withdraw"),
    Place("What runs out", "desk.lapses", "lapse expire expiring renewal due soon suspended"),
    Place("Locked accounts", "desk.sign_in", "unlock lockout locked out failed sign-in lost factor"),
    Place("Comparison with the core HMIS", "desk.core_hmis", "reconcile roster accounts differences"),
    Place("The Lead's people", "desk.colleagues", "staff administrators invite board committee roles colleagues"),
    Place("Record evidence", "desk.evidence", "enter proof seen on site record of a person"),
    Place("Policy in force", "desk.policy", "policy pack rules thresholds prerequisites"),
    Place("Propose a policy pack", "desk.policy_propose", "change the rules upload pack"),
    Place("The record", "desk.audit", "audit log trail history who did what export"),
    Place("Import HMIS CSV", "desk.imports", "hud files agencies projects upload"),
    Place("Day one: bring in what was there before", "day_one.index", "import roster people scans migration existing"),
    Place("Scans to sort", "day_one.scans", "signed paper tray import"),
    Place("Waivers", "waivers.index", "exception waive prerequisite exempt"),
    Place("Overview", "board.index", "overview in numbers board committee counts statistics coverage funnel"),
    Place("Tickets", "tickets.index", "help desk questions mail queue"),
    Place("Open a ticket for somebody", "tickets.new", "new ticket phone call question"),
    Place("Ready answers", "tickets.ready", "canned replies templates text blocks"),
    Place("Days closed", "help.closures", "closed holidays snow calendar hours closure"),
    Place("Mail that came in", "ticket_mail.index", "mailbox inbox imap held delivery doubt bounce"),
    Place("Help", "help.index", "my questions support help desk my people's questions"),
    Place("Ask a question", "help.kinds", "new question ticket contact help desk problem"),
    Place("Knowledge base", "knowledge.index", "articles how to instructions faq manual"),
    Place("Articles", "knowledge.manage", "write keep articles drafts knowledge base"),
    Place("Write an article", "knowledge.new", "new article draft knowledge base"),
    Place("Outages", "outages.index", "maintenance down downtime status is it working"),
    Place("Past outages", "outages.history", "outage history availability uptime"),
    Place("Manage outages", "outages.manage", "outages updates end maintenance call off longer"),
    Place("Announce an outage", "outages.announce", "planned maintenance new"),
    Place("Report an outage", "outages.report", "unplanned down now new"),
    Place("Service requests", "service_requests.index", "changes vendor improvement wishes"),
    Place("Ask for a change of the HMIS", "service_requests.new", "new service request vendor improvement"),
    Place("Announce a change of a program", "service_requests.announce", "project opens closes moves new"),
    Place("The month's service requests", "service_requests.month", "monthly review list"),
    Place("Surveys", "feedback.surveys", "feedback results questionnaire satisfaction"),
    Place("A new survey", "feedback.new", "feedback questionnaire draft"),
    Place("Your say", "feedback.index", "feedback surveys open what was done"),
    Place("Security", "security.index", "rooms enforcement reviews"),
    Place("Reviews", "security.reviews", "security review checklist annual attest sign off visit"),
    Place("Start a campaign of reviews", "security.review_campaign_new", "new yearly security reviews"),
    Place("Incidents", "security.incidents", "violations breach reports triage investigation"),
    Place("Complaints", "security.complaints", "grievance client complained"),
    Place("Enter a complaint", "security.new_complaint", "new grievance"),
    Place("Corrective actions", "security.actions", "findings plan put right exception"),
    Place("Results", "security.results", "results of reviews by category heat table"),
    Place("Sanctions", "security.sanctions", "suspension penalty warning appeal violation letters"),
    Place("Plans", "security.plans", "plans and policies versions feedback vote board"),
    Place("Changes of the HMIS", "security.hmis_changes", "vendor upgrade resubmission"),
    Place("Records on file", "security.records", "board minutes proof keep retention"),
    Place("Data releases", "security.releases", "figures data request report release log"),
    Place("Organization chart", "security.offices", "offices officers who is responsible chart"),
    Place("Questions to you about incidents", "security.asked_list", "asked statement involved"),
    Place("Report an incident", "report.new", "violation breach lost device tell"),
    Place("My reports", "report.mine", "incidents i reported"),
    Place("Who may do what", "roles.index", "permissions roles table rights"),
    Place("Plans and policies", "library.index", "library privacy plan security plan policy manual in force"),
    Place("How an Agency joins", "public.join", "onboarding steps join participate"),
    Place("Trainings", "public.trainings", "courses training schedule"),
    Place("Verify a copy", "public.verify", "certificate genuine fingerprint check document"),
    Place("About the HMIS", "public.index", "welcome start page contact hours"),
)  # fmt: skip

OF_AN_AGENCY = (
    (Action.AGENCY_SEE, Place("Devices", "agency.devices", "device laptop workstation authorize computer")),
    (Action.AGENCY_SEE, Place("Projects", "agency.projects", "project programs housing")),
    (Action.OFFICER_NAME, Place("Officers", "agency.officers", "agency administrator security officer name appoint")),
    (Action.AGENCY_SEE, Place("Documents", "agency.documents", "agreements signed copies participation agreement")),
    (Action.DELEGATION_SEE, Place("Delegations", "agency.delegations", "delegate act for the director let somebody")),
    (Action.PROTOCOL_ATTEST, Place("Protocols", "agency.protocols", "attest privacy notice protocol")),
    (Action.STANDING_CERTIFY, Place("Who had access on another day", "agency.then", "time machine past authorized")),
    (Action.AGENCY_CHANGE, Place("The Agency's address and names", "agency.change", "change agency phone street")),
)  # fmt: skip
"""Pages of one's own Agency, with what one has to be allowed to do there."""

LEFT_OUT = frozenset({
    "account.again", "account.draft", "account.forgot", "account.recovery", "account.second_factor", "account.sign_in",
    "account.typed", "desk.import_check", "desk.training_check", "feedback.thanks", "go.index", "go.words", "help.suggest",
    "outages.calendar", "outages.evening_longer", "outages.evening_off", "outages.feed",
    "public.healthz", "public.readyz", "public.security_txt", "security.hmis_change_new", "security.new_sanction", "security.release_new",
    "ticket_mail.export", "tickets.bulk", "tickets.export", "tickets.ready_new", "waivers.new",
})  # fmt: skip
"""Addresses that are steps of something else, ask about a thing, are for programs, or have their button on the page one goes to."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page that fits, with where it leads."""

    title: str
    href: str
    fit: Fit
    where: str = ""


def find(asked: Asked, *, limit: int) -> list[Found]:
    """The pages that fit the words and would open, the best first; one more than the limit, if there is one."""
    if asked.number is not None or not asked.says_enough:
        return []
    met = [(how, place) for place in PLACES if (how := meets(asked.text, place)) is not None]
    look_up(place.endpoint for _, place in met)
    found = [
        (how, Found(place.title, url_for(place.endpoint), how))
        for how, place in met
        if may_open(place.endpoint) and _has_business(place.endpoint)
    ]
    return best_first([*found, *((page.fit, page) for page in _of_agencies(asked.text))])[: limit + 1]


def meets(text: str, place: Place) -> Fit | None:
    """How well a page fits some words; None where one of them is missing there.

    Each word has to begin one of the title or of the other words for it; words that say nothing are overlooked.
    """
    wanted, (title, known) = words_of(text), _known(place)
    if not wanted:
        return Fit.BEGINS if text and place.title.casefold().startswith(text.casefold()) else None
    how = Fit.EXACT if wanted == title else fit(text, place.title)
    if how is not Fit.INSIDE:
        return how
    if all(any(word.startswith(each) for word in known) for each in wanted):
        return Fit.BEGINS if " ".join(folded(text)) in " ".join(folded(place.words)) else Fit.INSIDE
    return None


@cache
def _known(place: Place) -> tuple[list[str], list[str]]:
    """The words of a page's title, and all of its words."""
    title = words_of(place.title)
    return title, [*title, *words_of(place.words)]


def _has_business(endpoint: str) -> bool:
    """An Agency Administrator has work orders only where the pack lets Agencies confirm them."""
    own = actor().lead_roles or policy().work_orders.confirmed_by == "agency_admin"
    return endpoint != "orders.index" or bool(own)


def _of_agencies(text: str) -> list[Found]:
    met = [(how, needed, place) for needed, place in OF_AN_AGENCY if (how := meets(text, place)) is not None]
    if not met:
        return []
    with reading(sessions()) as session:
        mine = agency_list.own(session, actor())
        return [
            Found(place.title, url_for(place.endpoint, agency_id=agency.id), how, agency.name)
            for how, needed, place in met
            for agency in (mine if len(mine) <= MOST_AGENCIES else ())
            if may(needed, agency)
        ]
