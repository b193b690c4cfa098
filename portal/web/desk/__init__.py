"""The Lead's desk: queues, documents to verify, training, enrolment, evidence, imports, jobs, the record."""

from portal.web.desk import (
    audit,
    colleagues,
    core_hmis,
    documents,
    enrolments,
    evidence,
    evidence_by_hand,
    imports,
    index,
    lapses,
    lists,
    policy,
    policy_one,
    sign_in,
    training,
    versions,
    versions_preview,
)
from portal.web.desk.room import blueprint

__all__ = [
    "audit",
    "blueprint",
    "colleagues",
    "core_hmis",
    "documents",
    "enrolments",
    "evidence",
    "evidence_by_hand",
    "imports",
    "index",
    "lapses",
    "lists",
    "policy",
    "policy_one",
    "sign_in",
    "training",
    "versions",
    "versions_preview",
]
