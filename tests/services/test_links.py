"""Links and codes: what opens, what is refused, and that of many at once one gets through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from portal.actors import PORTAL
from portal.db import transaction
from portal.models import Document, Link, Person
from portal.refusals import Refused
from portal.secrets import hash_of
from portal.services import links, paperwork
from tests.services.paper import KEYS, NOW, POLICY, USER, build, prove
from workflows.vocabulary import Reason


@pytest.fixture
def world(session):
    return build(session)


@pytest.fixture
def sent(world):
    document = world.prepare("user_agreement", "user", USER)
    link = world.link(document, "user", proven=False)
    return link, links.send(world.session, link=link, keys=KEYS)


def opened(world, envelope, purpose="signing", now=NOW):
    return links.open_link(world.session, keys=KEYS, envelope=envelope, purpose=purpose, now=now, policy=POLICY)


def refused(reason=Reason.LINK_SPENT):
    return pytest.raises(Refused, check=lambda error: error.reason == reason)


def test_nobody_holds_a_live_link_before_the_worker_sends_it(world):
    document = world.prepare("user_agreement", "user", USER)
    link = world.link(document, "user", proven=False)
    job = world.jobs()[-1]
    assert job.payload == {"mail": "sign_request", "person_id": world.people["user"].id, "link_id": link.id}
    assert len(link.token_hash) == 64
    envelope = links.send(world.session, link=link, keys=KEYS)
    token = KEYS.open("signing", envelope, max_age=60)[1]
    assert link.token_hash == hash_of(token)
    assert token not in str(job.payload)


def test_opening_any_number_of_times_consumes_nothing(world, sent):
    link, envelope = sent
    for _ in range(10):
        assert opened(world, envelope).id == link.id
    assert (link.opened_at, link.used_at, link.codes_mailed) == (None, None, 0)


def test_a_link_with_any_one_letter_changed_is_refused_before_any_query(world, sent):
    _, envelope = sent
    world.session.commit()
    world.session.close()
    wrong = 0
    for place, letter in enumerate(envelope):
        for other in {"A", "z", "."} - {letter}:
            changed = envelope[:place] + other + envelope[place + 1 :]
            try:
                links.open_link(None, keys=KEYS, envelope=changed, purpose="signing", now=NOW, policy=POLICY)  # type: ignore[arg-type]
            except Refused:
                wrong += 1
            except AttributeError:  # it came as far as the session: only base64's unused last bits can do that
                assert place in (len(envelope) - 1, envelope.rindex(".") - 1, envelope.index(".") - 1)
    assert wrong >= 3 * len(envelope) - 12 - envelope.count("A") - envelope.count("z") - envelope.count(".")


def test_another_purpose_another_key_and_another_row_are_refused(world, sent):
    link, envelope = sent
    with refused():
        opened(world, envelope, purpose="sign_in")
    token = KEYS.open("signing", envelope, max_age=60)[1]
    for content in ([link.id + 1, token], [link.id, "x" + token], ["1", token], [link.id], "text", None):
        with refused():
            opened(world, KEYS.envelope("signing", content))
    with refused():
        opened(world, KEYS.envelope("invitation", [link.id, token]), purpose="invitation")


def test_an_expired_a_revoked_and_a_used_link_are_refused_each_with_its_sentence(world, sent):
    link, envelope = sent
    with refused() as late:
        opened(world, envelope, now=NOW + POLICY.links.signing)
    links.use(world.session, link=link, now=NOW)
    with refused() as used:
        opened(world, envelope)
    with refused():
        links.use(world.session, link=link, now=NOW)
    other = world.link(world.session.get_one(Document, link.document_id), "user", proven=False)
    again = links.send(world.session, link=other, keys=KEYS)
    links.revoke(world.session, link=other, actor=world.actor("desk"), now=NOW)
    with refused() as revoked:
        opened(world, again)
    assert len({str(late.value), str(used.value), str(revoked.value)}) == 3
    with refused(Reason.ALREADY_DONE):
        links.revoke(world.session, link=other, actor=world.actor("desk"), now=NOW)


def test_an_envelope_older_than_the_policy_allows_is_refused(world, sent, monkeypatch):
    _, envelope = sent
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 4_000_000_000.0)
    with refused() as old:
        opened(world, envelope)
    assert "expired" in str(old.value)


def test_a_newer_link_ends_the_earlier_one_and_a_second_sending_ends_the_first(world, sent):
    link, envelope = sent
    again = links.send(world.session, link=link, keys=KEYS)
    with refused():
        opened(world, envelope)
    newer = world.link(world.session.get_one(Document, link.document_id), "user", proven=False)
    with refused():
        opened(world, again)
    assert opened(world, links.send(world.session, link=newer, keys=KEYS)).id == newer.id


def test_a_document_whose_text_changed_after_sending_cannot_be_opened(world, sent, monkeypatch):
    link, envelope = sent
    real = world.session.get_one(Document, link.document_id)
    monkeypatch.setattr("portal.services.links.same_text", lambda document: False)
    with refused() as changed:
        opened(world, envelope)
    assert "text of this document has changed" in str(changed.value)
    monkeypatch.undo()
    real.text_sha256 = "f" * 64
    world.session.flush()
    with refused():
        opened(world, envelope)


def test_only_managers_the_desk_and_the_portal_send_links(world):
    document = world.prepare("user_agreement", "user", USER)
    with refused(Reason.NOT_ALLOWED):
        links.invite(
            world.session,
            person=world.people["user"],
            purpose="signing",
            document=document,
            actor=world.actor("user"),
            now=NOW,
            policy=POLICY,
        )
    for who in ("desk", "manager", "director"):
        links.invite(
            world.session,
            person=world.people["user"],
            purpose="signing",
            document=document,
            actor=world.actor(who),
            now=NOW,
            policy=POLICY,
        )
    links.invite(world.session, person=world.people["user"], purpose="sign_in", actor=PORTAL, now=NOW, policy=POLICY)
    assert world.jobs()[-1].payload["mail"] == "sign_in_link"


def mailed(world, link, now, asked=False):
    return links.mail_code(world.session, link=link, now=now, policy=POLICY, asked=asked)


def tried(world, link, code, now=NOW):
    return links.prove_code(world.session, link=link, code=code, now=now, policy=POLICY)


def right(link):
    return links.code_of(link, digits=6)


def test_the_code_goes_by_mail_alone_and_is_in_no_job(world, sent):
    link, _ = sent
    assert mailed(world, link, NOW)
    job = world.jobs()[-1]
    assert job.payload == {"mail": "code", "person_id": link.person_id, "link_id": link.id}
    assert len(right(link)) == 6
    assert right(link) not in str(job.payload)


def test_opening_mails_one_code_and_asking_gives_another_after_a_minute(world, sent):
    link, _ = sent
    assert [mailed(world, link, NOW + timedelta(seconds=s)) for s in range(0, 600, 30)] == [True] + [False] * 19
    first = right(link)
    assert not mailed(world, link, NOW + timedelta(seconds=59), asked=True)
    assert mailed(world, link, NOW + timedelta(seconds=60), asked=True)
    assert right(link) != first
    assert not tried(world, link, first, NOW + timedelta(seconds=61)).proven
    assert tried(world, link, right(link), NOW + timedelta(seconds=62)).proven


def test_five_codes_are_all_there_are(world, sent):
    link, _ = sent
    for minute in range(5):
        assert mailed(world, link, NOW + timedelta(minutes=minute), asked=True)
    with refused():
        mailed(world, link, NOW + timedelta(minutes=9), asked=True)
    assert not mailed(world, link, NOW + timedelta(minutes=30)), "opening it again is no error"


def test_after_five_wrong_codes_the_right_one_is_refused(world, sent):
    link, _ = sent
    mailed(world, link, NOW)
    wrong = "000000" if right(link) != "000000" else "111111"
    left = [tried(world, link, wrong).tries_left for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert not tried(world, link, right(link)).proven


def test_a_code_works_for_ten_minutes_and_once(world, sent):
    link, _ = sent
    mailed(world, link, NOW)
    assert not tried(world, link, right(link), NOW + timedelta(minutes=10)).proven
    assert tried(world, link, f" {right(link)[:3]} {right(link)[3:]} ", NOW + timedelta(minutes=9)).proven
    assert not tried(world, link, right(link), NOW + timedelta(minutes=9)).proven
    assert link.code_proven_at == NOW + timedelta(minutes=9)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "'; --", "0" * 5000])
def test_what_is_no_code_is_wrong_and_counted(world, sent, typed):
    link, _ = sent
    mailed(world, link, NOW)
    assert not tried(world, link, typed).proven
    assert link.code_tries == 1


def at_once(number, act):
    """Runs an act in as many threads at the same moment; what each gave or refused."""
    gate = Barrier(number)

    def one(_):
        gate.wait()
        try:
            return act()
        except Refused as refusal:
            return refusal.reason

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.fixture
def prepared(each_sessions):
    with transaction(each_sessions) as session:
        world = build(session)
        document = world.prepare("user_agreement", "user", USER)
        link = world.link(document, "user", proven=False)
    return each_sessions, world, document.id, link.id


def test_fifty_wrong_codes_at_once_leave_five_tries_counted_and_commit_them(prepared):
    sessions, _, _, link_id = prepared
    with transaction(sessions) as session:
        link = session.get_one(Link, link_id)
        links.mail_code(session, link=link, now=NOW, policy=POLICY)
        code = right(link)
    wrong = "000000" if code != "000000" else "111111"

    def guess():
        with transaction(sessions) as session:
            return links.prove_code(
                session, link=session.get_one(Link, link_id), code=wrong, now=NOW, policy=POLICY
            ).sentence

    said = at_once(20, guess)
    assert sum("not the code" in one or ("too often. Have" in one and "wrong code" in one) for one in said) == 5
    with transaction(sessions) as session:
        link = session.get_one(Link, link_id)
        assert link.code_tries == 5
        assert not links.prove_code(session, link=link, code=code, now=NOW, policy=POLICY).proven


def test_the_right_code_from_many_browsers_at_once_is_taken_once(prepared):
    sessions, _, _, link_id = prepared
    with transaction(sessions) as session:
        link = session.get_one(Link, link_id)
        links.mail_code(session, link=link, now=NOW, policy=POLICY)
        code = right(link)

    def enter():
        with transaction(sessions) as session:
            return links.prove_code(
                session, link=session.get_one(Link, link_id), code=code, now=NOW, policy=POLICY
            ).proven

    assert at_once(20, enter).count(True) == 1


def test_a_signature_sent_fifty_times_at_once_is_given_once(prepared):
    sessions, world, document_id, link_id = prepared
    with transaction(sessions) as session:
        prove(session, session.get_one(Link, link_id))
    clauses = dict.fromkeys(paperwork.text_of(_loaded(sessions, document_id)).initialled, "JS")
    world.session = None
    with transaction(sessions) as session:
        world.session = session
        actor = world.actor("user", "link", session.get_one(Document, document_id))

    def sign():
        with transaction(sessions) as session:
            paperwork.sign(
                session, document=session.get_one(Document, document_id), link=session.get_one(Link, link_id), name="Jesse Simple", title="",
                authority=True, initials=clauses, consent=True, actor=actor, now=NOW, policy=POLICY,
            )  # fmt: skip
        return "signed"

    gave = at_once(50, sign)
    assert gave.count("signed") == 1
    assert set(gave) == {"signed", Reason.LINK_SPENT}
    with transaction(sessions) as session:
        world.session = session
        document = session.get_one(Document, document_id)
        assert (document.status, len(document.signatures)) == ("executed", 1)
        assert world.kinds(document) == [("privacy_pledge", ""), ("user_agreement", "")]


def _loaded(sessions, document_id):
    with transaction(sessions) as session:
        return session.get_one(Document, document_id)


def test_a_link_names_its_person(world, sent):
    link, _ = sent
    assert world.session.get_one(Person, link.person_id).name == "Jesse Simple"
