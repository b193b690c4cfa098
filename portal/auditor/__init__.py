"""The auditor: every access that was issued, checked once more by hand-written SQL that shares no code with the gate."""

from portal.auditor.auditing import audit, look
from portal.auditor.findings import CoreAccount, Problem, Report

__all__ = ["CoreAccount", "Problem", "Report", "audit", "look"]
