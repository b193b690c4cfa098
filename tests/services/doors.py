"""Who stands before the door in the tests about signing in: people of every kind with passwords, made quickly."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import select

from portal.actors import Actor
from portal.models import Agency, AuditEntry, Credential, Job, Person, WebSession
from portal.services.account import lockout, second_factor, sign_in
from tests.services.world import World
from workflows.vocabulary import LEAD, Role

GOOD = "lantern quarry mosaic seventeen"
MANUAL = "velvet7onion4"


class Doors:
    """One Agency with an administrator, a second one, a director and two users; the Lead with two administrators and a help desk."""

    def __init__(self, world: World):
        self.world = world
        self.agency, self.other = world.agency(licences_=0), world.agency(licences_=0)
        with world.look() as session:
            lead = session.get_one(Agency, LEAD)
        self.members = {
            "admin": world.member(self.agency, None, Role.AGENCY_ADMIN),
            "second_admin": world.member(self.agency, None, Role.AGENCY_ADMIN),
            "director": world.member(self.agency, None, Role.EXECUTIVE_DIRECTOR),
            "user": world.member(self.agency, None, Role.END_USER),
            "colleague": world.member(self.agency, None, Role.END_USER),
            "admin_elsewhere": world.member(self.other, None, Role.AGENCY_ADMIN),
            "lead": world.member(lead, None, Role.LEAD_ADMIN),
            "second_lead": world.member(lead, None, Role.LEAD_ADMIN),
            "third_lead": world.member(lead, None, Role.LEAD_ADMIN),
            "desk": world.member(lead, None, Role.HELP_DESK),
        }
        for name in self.members:
            self.set_password(name)

    def actor(self, name: str) -> Actor:
        return replace(self.world.actor(self.members[name]), address="192.0.2.1", agent="A browser")

    def person(self, name: str) -> Person:
        with self.world.look() as session:
            return session.get_one(Person, self.members[name].person_id)

    def set_password(self, name: str, password: str = GOOD, policy: Any = None) -> None:
        with self.world.change() as session:
            sign_in.set_password(
                session, person=session.get_one(Person, self.members[name].person_id), password=password, actor=self.actor(name),
                now=self.world.now, policy=policy or self.world.policy,
            )  # fmt: skip

    def try_password(self, name: str, password: str = GOOD, address: str = "192.0.2.1", email: str = "") -> Any:
        """The person where it opened, the limit's sentence, or None."""
        world, email = self.world, email or self.person(name).email
        nobody = Actor(person_id=None, name="Nobody signed in", via="nobody", address=address)
        with world.change() as session:
            attempt = sign_in.begin(session, email=email, now=world.now, policy=world.policy, address=address)
        right = sign_in.fits(attempt, password)
        with world.change() as session:
            person = sign_in.finish(
                session, attempt=attempt, right=right, password=password, actor=nobody, now=world.now
            )
        return attempt.refused or person

    def start(self, name: str, via: str = "password", address: str = "192.0.2.1") -> int:
        """A session's id."""
        with self.world.change() as session:
            sign_in.start_session(
                session, person=session.get_one(Person, self.members[name].person_id), via=via,
                actor=replace(self.actor(name), address=address), now=self.world.now,
            )  # fmt: skip
            session.flush()
            return session.scalars(select(WebSession.id).order_by(WebSession.id.desc()).limit(1)).one()

    def live(self, name: str) -> int:
        return self.world.count(
            WebSession, WebSession.person_id == self.members[name].person_id, WebSession.ended_at.is_(None)
        )

    def lock(self, name: str) -> None:
        for number in range(3):
            self.try_password(name, "wrong", address=f"198.51.100.{number}")
        assert self.locked(name)

    def locked(self, name: str) -> bool:
        with self.world.look() as session:
            return lockout.is_locked(session, self.members[name].person_id)

    def credential(self, name: str) -> Credential:
        with self.world.look() as session:
            return session.get_one(Credential, self.members[name].person_id)

    def unlock(self, name: str, by: str, reason: str = "Spoke with them by phone.") -> None:
        with self.world.change() as session:
            lockout.unlock(
                session, person=session.get_one(Person, self.members[name].person_id), reason=reason, actor=self.actor(by),
                now=self.world.now, policy=self.world.policy,
            )  # fmt: skip

    def set_up_factor(self, name: str) -> str:
        """The key in the person's app, confirmed."""
        world, person_id = self.world, self.members[name].person_id
        with world.change() as session:
            uri = second_factor.begin_totp(session, person=session.get_one(Person, person_id), keys=world.keys)
        seed = str(pyotp.parse_uri(uri).secret)
        assert self.try_totp(name, self.totp(seed))
        return seed

    def totp(self, seed: str) -> str:
        return pyotp.TOTP(seed).at(int((self.world.now - datetime(1970, 1, 1)).total_seconds()))

    def try_totp(self, name: str, code: str, session_id: int = 0) -> bool:
        with self.world.change() as session:
            return second_factor.check_totp(
                session, person=session.get_one(Person, self.members[name].person_id), session_id=session_id, code=code,
                keys=self.world.keys, actor=self.actor(name), now=self.world.now, policy=self.world.policy,
            )  # fmt: skip

    def mails(self, kind: str) -> list[dict[str, Any]]:
        """What was queued to be mailed of a kind, done or not."""
        with self.world.look() as session:
            rows = session.scalars(select(Job).where(Job.effect == "mail").order_by(Job.id)).all()
            return [dict(row.payload) for row in rows if row.payload.get("mail") == kind]

    def said(self, act: str) -> list[AuditEntry]:
        with self.world.look() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id)))

    def notice(self) -> None:
        """What the worker does a few seconds after a failure."""
        with self.world.change() as session:
            lockout.tell(session, now=self.world.now, policy=self.world.policy)
