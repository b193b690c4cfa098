"""The permission table: what is asked for one thing and what is asked for a list is the same question."""

from typing import Any

import pytest
from sqlalchemy import select

from portal import permissions
from portal.actors import PORTAL, Actor
from portal.models import (
    AccessRequest,
    Agency,
    BackgroundCheck,
    Device,
    Document,
    Membership,
    Person,
    Project,
    TrainingResult,
    WorkOrder,
)
from portal.permissions import NOT_ITS_SIGNER, TABLE
from portal.refusals import Refused
from tests.factories import Town
from tests.support import town as shared
from workflows.actions import Action
from workflows.vocabulary import Reason, Role

# For each table the actions that pages ask of it; an action that is asked of nothing in particular is left out.
ASKED: dict[Any, tuple[Action, ...]] = {
    Agency: (
        Action.AGENCY_SEE,
        Action.AGENCY_CHANGE,
        Action.AGENCY_END,
        Action.AGENCY_CONFIGURE,
        Action.DIRECTOR_INVITE,
        Action.OFFICER_NAME,
        Action.FORM_SUBMIT,
        Action.PROTOCOL_ATTEST,
        Action.DEVICE_ENTER,
        Action.LICENCE_GRANT,
        Action.ACCESS_REQUEST,
        Action.DOCUMENT_PREPARE,
        Action.USER_INVITE,
    ),
    Membership: (
        Action.MEMBERSHIP_SEE,
        Action.STANDING_SEE,
        Action.NUDGE,
        Action.ACCESS_REQUEST,
        Action.PERSON_DEACTIVATE,
        Action.PERSON_ENROL,
        Action.BACKGROUND_ENTER,
        Action.LINK_SEND,
        Action.EVIDENCE_SEE,
        Action.EVIDENCE_RECORD,
        Action.DOCUMENT_PREPARE,
    ),
    Person: (
        Action.PERSON_SEE,
        Action.PERSON_CHANGE,
        Action.TRAINING_ENTER,
        Action.TRAINING_CLAIM,
        Action.LINK_SEND,
        Action.PASSWORD_REVEAL,
    ),
    Document: (
        Action.DOCUMENT_SEE,
        Action.DOCUMENT_SIGN,
        Action.DOCUMENT_SCAN,
        Action.DOCUMENT_VERIFY,
        Action.DOCUMENT_COUNTERSIGN,
        Action.DOCUMENT_VOID,
        Action.LINK_SEND,
        Action.FORM_SUBMIT,
    ),
    Device: (Action.DEVICE_ENTER, Action.DEVICE_AUTHORISE),
    Project: (Action.AGENCY_CHANGE,),
    TrainingResult: (Action.TRAINING_CONFIRM,),
    WorkOrder: (Action.ORDER_SEE, Action.ORDER_CONFIRM, Action.ORDER_REPLACE),
    AccessRequest: (Action.ACCESS_CANCEL, Action.ACCESS_APPROVE),
    BackgroundCheck: (Action.BACKGROUND_ENTER,),
}


built, engine, town = shared.built, shared.engine, shared.town


def everybody(town: Town) -> list[Actor]:
    with town.look() as session:
        document = session.scalars(select(Document).where(Document.person_id.is_not(None))).first()
    assert document
    linked = Actor(person_id=document.person_id, name="By a link", via="link", document_id=document.id)
    members = [*town.harbor.members.values(), *town.inland.members.values()]
    staff = [town.admin, town.desk, town.trainer, town.staff(Role.LEAD_SECURITY)]
    return [
        *staff,
        *(town.actor(member) for member in members),
        linked,
        PORTAL,
        Actor(person_id=None, name="Nobody", via="nobody"),
    ]


def test_a_list_shows_exactly_what_one_may_open(town: Town) -> None:
    wrong, allowed = [], 0
    actors = everybody(town)
    with town.look() as session:
        for model, actions in ASKED.items():
            rows = session.scalars(select(model)).all()
            for action in actions:
                for actor in actors:
                    listed = {
                        row.id
                        for row in session.scalars(select(model).where(permissions.visible(actor, action, model)))
                    }
                    opened = {row.id for row in rows if permissions.allows(session, actor, action, row)}
                    allowed += len(opened)
                    # Whether somebody has signed a document is asked of the one document alone.
                    loose = any(NOT_ITS_SIGNER in clause for clause in TABLE[action])
                    if not (opened <= listed if loose else opened == listed):
                        wrong.append(
                            f"{action.value} on {model.__tablename__} as {actor.name}: lists {sorted(listed)}, opens {sorted(opened)}"
                        )
    assert not wrong, "\n".join(wrong)
    assert allowed > 500


def test_what_may_be_done_to_one_thing_is_offered_at_all(town: Town) -> None:
    """The menu and the pages' first question must not refuse somebody whom the table lets do it to some thing."""
    wrong = []
    with town.look() as session:
        for model, actions in ASKED.items():
            rows = session.scalars(select(model)).all()
            for action in actions:
                for actor in everybody(town):
                    if actor.person_id is None:
                        continue
                    able = any(permissions.allows(session, actor, action, row) for row in rows)
                    if able and not permissions.may_anything(actor, action, session):
                        wrong.append(f"{action.value} as {actor.name}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_every_action_has_a_row_and_nobody_may_do_anything(town: Town) -> None:
    nobody = Actor(person_id=None, name="Nobody", via="nobody")
    assert set(TABLE) == set(Action)
    with town.look() as session:
        for action in set(Action) - {
            Action.INCIDENT_REPORT,
            Action.ARTICLE_READ,
            Action.SURVEY_ANSWER,
        }:  # open to everybody
            assert not permissions.allows(session, nobody, action), action
            assert not permissions.may_anything(nobody, action, session), action


def test_another_agencys_row_and_no_row_look_alike(town: Town) -> None:
    admin = town.actor(town.harbor.members["admin"])
    said = []
    with town.look() as session:
        for key in (town.inland.ids["membership_id"], 999_999):
            with pytest.raises(Refused) as no:
                permissions.find(session, admin, Action.MEMBERSHIP_SEE, Membership, key)
            said.append((no.value.reason, no.value.sentence))
    assert said[0] == said[1] and said[0][0] is Reason.NOT_FOUND


def test_who_signed_does_not_verify(town: Town) -> None:
    """Also where the document is about the Agency, and hence about nobody."""
    with town.look() as session:
        document = session.scalars(select(Document).where(Document.kind == "information_form")).first()
        assert document and document.person_id is None
        assert permissions.allows(session, town.desk, Action.DOCUMENT_VERIFY, document)
        assert (
            document.id
            in session.scalars(
                select(Document.id).where(permissions.visible(town.desk, Action.DOCUMENT_VERIFY, Document))
            ).all()
        )
