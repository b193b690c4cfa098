"""What each role is called on screen."""

from workflows.vocabulary import Role

ROLE_NAMES = {
    Role.LEAD_ADMIN: "Lead administrator", Role.HELP_DESK: "Help desk", Role.LEAD_SECURITY: "Lead security officer", Role.TRAINER: "Trainer",
    Role.AUDITOR: "Security compliance auditor", Role.BOARD_MEMBER: "Board member", Role.COMMITTEE_MEMBER: "Committee member",
    Role.EXECUTIVE_DIRECTOR: "Executive director", Role.AGENCY_ADMIN: "Agency administrator", Role.SECURITY_OFFICER: "Security officer",
    Role.END_USER: "End user",
}  # fmt: skip
