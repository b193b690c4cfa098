"""Mail that never was a ticket is removed after a while, with all that it said; what is a ticket's, or waits, is kept."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.adapters.storage import FileLost, Storage
from portal.effects import ticket_duties
from portal.models import AuditEntry, MailArrival, StoredFile
from portal.refusals import Refused
from portal.services.helpdesk.mail import pruning, sorting
from portal.services.helpdesk.mail.incoming import Incoming
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.sample import mail
from tests.services.world import World


@pytest.fixture
def desk(each_engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(World(each_engine), tmp_path / "inbox")


def prune(desk: Mailing) -> int:
    return ticket_duties.once_a_day(desk.world.context, now=desk.world.now, policy=desk.world.policy)


def stored(desk: Mailing, sha256: str) -> bool:
    try:
        Storage(desk.world.context.settings.storage).get(sha256)
    except FileLost:
        return False
    return True


def test_what_became_no_ticket_goes_when_its_time_is_over_and_everything_else_stays(desk: Mailing) -> None:
    ticket, message = desk.answered()
    desk.put(
        desk.from_asker("News.", Precedence="bulk", Subject="Offer for Jo Client"),
        desk.from_asker("Away.", Auto_Submitted="auto-replied"),
        desk.from_asker("Away.", Auto_Submitted="auto-replied", In_Reply_To=f"<{message.message_id}>"),
        mail("Held.", drop=("From",)), mail("Held and looked at.", drop=("From",), Message_ID="<2@x.example>"),
    )  # fmt: skip
    desk.fetch()
    entry, bulk, away, noted, held, done = desk.arrivals()
    kept = desk.world.policy.helpdesk.keep_other_mail
    desk.world.now += kept - timedelta(minutes=1)
    assert prune(desk) == 0
    with desk.world.change() as session:  # counted from the look, where somebody looked
        sorting.put_away(session, session.get_one(MailArrival, done.id), actor=desk.world.desk, now=desk.world.now)
    desk.world.now += timedelta(minutes=2)
    assert prune(desk) == 2
    assert prune(desk) == 0
    desk.world.drain()
    assert [stored(desk, each.sha256) for each in (entry, bulk, away, noted, held, done)] == [True, False, False, True, True, True]  # fmt: skip
    after = {each.id: each for each in desk.arrivals()}
    assert (after[bulk.id].subject, after[bulk.id].from_name, after[bulk.id].raw_file_id) == ("", "", None)
    assert after[bulk.id].from_email == desk.email and after[bulk.id].said.endswith("The original was removed.")
    assert after[held.id].waits and after[held.id].raw_file_id is not None
    with desk.world.look() as session:
        [line] = session.scalars(select(AuditEntry).where(AuditEntry.act == "mail.pruned")).all()
        assert "2 messages" in line.said and "90 days" in line.said and "Client" not in line.said
        assert {each.original.sha256 for each in desk.entries(ticket) if each.original} == {entry.sha256, noted.sha256}
    desk.world.now += kept
    assert prune(desk) == 1


def test_what_was_removed_is_not_fetched_again_and_makes_no_ticket(desk: Mailing) -> None:
    raw = desk.from_asker("News.", Precedence="bulk")
    row = desk.arrive(raw)
    desk.world.now += timedelta(days=91)
    assert prune(desk) == 1
    desk.put(raw)
    desk.fetch()
    assert [each.outcome for each in desk.arrivals()] == ["list", "duplicate"]
    place = Incoming(mailbox=row.mailbox, uidvalidity=1, uid=row.uid, raw_sha256="", size=1)
    with desk.world.change() as session, pytest.raises(Refused, match="removed meanwhile"):
        sorting.make_ticket(
            session, session.get_one(MailArrival, row.id), place, own=(), keys=desk.world.context.keys, actor=desk.world.desk,
            now=desk.world.now, policy=desk.world.policy,
        )  # fmt: skip


def test_content_that_somebody_else_has_stored_too_stays(desk: Mailing) -> None:
    row = desk.arrive(desk.from_asker("News.", Precedence="bulk"))
    with desk.world.change() as session:
        first = session.scalars(select(StoredFile).where(StoredFile.sha256 == row.sha256)).one()
        same = {column.name: getattr(first, column.name) for column in StoredFile.__table__.columns if column.name != "id"}  # fmt: skip
        session.add(StoredFile(**same))
    desk.world.now += timedelta(days=91)
    assert prune(desk) == 1
    desk.world.drain()
    assert stored(desk, row.sha256)


def test_many_go_in_batches_and_a_kill_between_two_leaves_each_whole(
    desk: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    desk.put(*(desk.from_asker(f"News {n}.", Precedence="bulk") for n in range(5)))
    desk.fetch()
    desk.world.now += timedelta(days=91)
    real, calls = pruning.prune, []

    def dies(*args: object, **more: object) -> int:
        calls.append(1)
        if len(calls) == 2:
            real(*args, **more)  # type: ignore[arg-type]
            raise KeyboardInterrupt
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pruning, "prune", dies)
    with pytest.raises(KeyboardInterrupt):
        prune(desk)
    monkeypatch.setattr(pruning, "prune", real)
    assert sum(each.raw_file_id is None for each in desk.arrivals()) == 2
    assert prune(desk) == 3
    with desk.world.look() as session:
        said = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "mail.pruned").order_by(AuditEntry.id)).all()  # fmt: skip
    assert [each.split(" that")[0] for each in said] == [
        "Removed the originals of 2 messages", "Removed the originals of 2 messages", "Removed the original of 1 message",
    ]  # fmt: skip


def test_the_worker_does_it_once_a_day(desk: Mailing) -> None:
    from portal.worker import Worker

    desk.arrive(desk.from_asker("News.", Precedence="bulk"))
    desk.world.now += timedelta(days=91)
    desk.world.context = dataclasses.replace(desk.world.context, inbox=None)
    Worker(desk.world.context).see_to_duties()
    assert [each.raw_file_id for each in desk.arrivals()] == [None]
