"""Documents from their preparation to their executed copy: electronically or on paper, one verb each."""

from portal.services.paperwork.kinds import KINDS
from portal.services.paperwork.prepare import fill_in, prepare, resume, send_to_sign, void
from portal.services.paperwork.sign import FRESH, countersign, sign, statement_of, submit
from portal.services.paperwork.signers import next_signer, people_for, refuse_others, signatures
from portal.services.paperwork.texts import as_read, text_of, to_fill
from portal.services.paperwork.verify import HOW, ByHand, Scan, attest_posted, reject, upload_scan, verify

__all__ = [
    "FRESH", "HOW", "KINDS", "ByHand", "Scan", "as_read", "attest_posted", "countersign", "fill_in", "next_signer",
    "people_for", "prepare", "refuse_others", "reject", "resume", "send_to_sign", "sign", "signatures", "statement_of",
    "submit", "text_of", "to_fill", "upload_scan", "verify", "void",
]  # fmt: skip
