"""What machines write: automatic replies, bounces, lists, and the portal's own mail that comes back."""

# ruff: noqa: E501 - a message in one line reads better than one that is cut into many

from tests.helpdesk.mails.sample import DESK, Sample, mail, part, several

OURS = "<ours.1@example.org>"


def dsn(action: str = "failed", *, status: str = "5.1.1", returned: str = "message/rfc822", **headers: str) -> bytes:
    original = (
        f"From: HMIS help desk <{DESK}>\nTo: jamie@shelter.example.org\nSubject: [HD-7] A report\nMessage-ID: {OURS}\n"
    )
    return several(
        part("Your message could not be delivered.", "text/plain"),
        part(
            f"Reporting-MTA: dns; mx.shelter.example.org\n\nOriginal-Recipient: rfc822;jamie@shelter.example.org\nFinal-Recipient: rfc822; jamie@inside.example.org\n"
            f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\n", "message/delivery-status",
        ),
        part(original + "\nText\n" if returned == "message/rfc822" else original, returned),
        media="multipart/report; report-type=delivery-status",
        **{"From": "Mail Delivery System <MAILER-DAEMON@mx.shelter.example.org>", "Subject": "Undelivered Mail Returned to Sender",
           "Auto_Submitted": "auto-replied", "Return_Path": "<>", **headers},
    )  # fmt: skip


GONE = {
    "undelivered": (("jamie@shelter.example.org", "failed", "550 5.1.1 No such user here"),),
    "about": ("ours.1@example.org",),
}

SAMPLES = (
    Sample("exchange_out_of_office", mail("I am away until Monday.", Subject="Automatic reply: [HD-7] A report", Auto_Submitted="auto-generated", X_Auto_Response_Suppress="All", In_Reply_To=OURS, X_MS_Exchange_Inbox_Rules_Loop="jamie@shelter.example.org"), expects={"kind": "auto_reply"}, shown="I am away until Monday."),
    Sample("gmail_vacation", mail("I am away.", Auto_Submitted="auto-replied", Precedence="bulk", X_Autoreply="yes", In_Reply_To=OURS), expects={"kind": "auto_reply"}),
    Sample("vacation_by_precedence", mail("Away.", Precedence="auto_reply"), expects={"kind": "auto_reply"}),
    Sample("vacation_by_a_header", mail("Away.", X_Autorespond="[HD-7] A report"), expects={"kind": "auto_reply"}),
    Sample("old_vacation_by_its_subject", mail("Away.", Subject="Out of Office AutoReply: A report", In_Reply_To=OURS), expects={"kind": "auto_reply"}),
    Sample("auto_notified", mail("Your backup is done.", Auto_Submitted="auto-notified; owner-email=x@example.org"), expects={"kind": "auto_reply"}),
    Sample("read_receipt", several(part("Your message was read.", "text/plain"), part("Final-Recipient: rfc822;jamie@shelter.example.org\nDisposition: manual-action/MDN-sent-manually; displayed\n", "message/disposition-notification"), media="multipart/report; report-type=disposition-notification"), expects={"kind": "auto_reply"}),
    Sample("meeting_accepted", several(part("", "text/plain"), part("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n", "text/calendar; method=REPLY"), media="multipart/alternative", Subject="Accepted: Training"), expects={"kind": "auto_reply"}),
    Sample("another_help_desk", mail("Ticket #99 was opened.", Auto_Submitted="auto-generated", X_Loop="helpdesk@vendor.example.org"), expects={"kind": "auto_reply"}),
    Sample("bounce", dsn(), expects={"kind": "bounce", **GONE}),
    Sample("bounce_with_headers_alone", dsn(returned="text/rfc822-headers"), expects={"kind": "bounce", **GONE}),
    Sample("bounce_later", dsn("delayed", status="4.4.7", Subject="Delayed Mail (still being retried)"), expects={"kind": "bounce", "undelivered": (("jamie@shelter.example.org", "delayed", "550 5.1.1 No such user here"),), "about": ("ours.1@example.org",)}),
    Sample("bounce_of_exchange", dsn(From="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shelter.example.org>", Subject="Undeliverable: [HD-7] A report"), expects={"kind": "bounce", **GONE}),
    Sample("bounce_of_gmail", mail(f"Address not found\n\nReason: 550\n\n  Message-ID: {OURS}\n", From="Mail Delivery Subsystem <mailer-daemon@googlemail.example>", X_Failed_Recipients="jamie@shelter.example.org", Auto_Submitted="auto-replied"), expects={"kind": "bounce", "about": ("ours.1@example.org",)}),
    Sample("bounce_in_plain_text", mail(f"Hi. This is the mail program at mx.\nI wasn't able to deliver your message.\n\n--- Below this line is a copy of the message.\n\nSubject: x\nMessage-ID: {OURS}\n", From="MAILER-DAEMON@mx.shelter.example.org", Subject="failure notice", Return_Path="<>"), expects={"kind": "bounce", "about": ("ours.1@example.org",), "undelivered": ()}),
    Sample("bounce_without_report_type", several(part("Failed.", "text/plain"), part("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.0.0\n", "message/delivery-status")), expects={"kind": "bounce", "undelivered": (("a@example.org", "failed", "5.0.0"),)}),
    Sample("mailing_list", mail("News.", List_Id="<news.vendor.example.org>", List_Unsubscribe="<https://vendor.example.org/u>", Precedence="list"), expects={"kind": "list"}),
    Sample("bulk", mail("Offer.", Precedence="bulk"), expects={"kind": "list"}),
    Sample("newsletter", mail("News.", List_Unsubscribe="<https://vendor.example.org/u>"), expects={"kind": "list"}),
    Sample("own_mail_come_back", mail("Somebody answers by Monday.", From=f"HMIS help desk <{DESK}>"), expects={"kind": "own_loop"}),
    Sample("own_address_in_capitals", mail("Loop.", From=DESK.upper()), expects={"kind": "own_loop"}),
)  # fmt: skip
