"""What somebody sends who means harm, or whose program means well: sealed, signed, nested, endless, and senders that are two or none."""

# ruff: noqa: E501 - a message in one line reads better than one that is cut into many

from tests.helpdesk.mails.people import PDF
from tests.helpdesk.mails.sample import DESK, Sample, mail, part, several

JAMIE = "jamie@shelter.example.org"
THIEF = "thief@evil.example"
PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
SEALED = ("cannot be read here",)
NOBODY = {"from_email": ""}


def within(levels: int) -> bytes:
    """A message in a message in a message."""
    raw = mail("At the bottom.", Subject="Level 0")
    for level in range(1, levels + 1):
        inner = part(f"Level {level}.", "text/plain")
        raw = several(inner, part(raw, "message/rfc822"), boundary=f"n{level}", Subject=f"Level {level}")
    return raw


SAMPLES = (
    # Sealed and signed.
    Sample("sealed_signature_of_smime", mail("MIAGCSqGSIb3DQEHAqCA", Content_Type='application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', Content_Transfer_Encoding="base64"), notes=SEALED, files=("smime.p7m application/pkcs7-mime",)),
    Sample("signed_by_pgp", several(part("Signed words.", "text/plain"), part("-----BEGIN PGP SIGNATURE-----\n", "application/pgp-signature; name=signature.asc"), media='multipart/signed; protocol="application/pgp-signature"'), shown="Signed words.", files=()),
    Sample("sealed_by_pgp", several(part("Version: 1", "application/pgp-encrypted"), part(PGP, "application/octet-stream; name=encrypted.asc"), media='multipart/encrypted; protocol="application/pgp-encrypted"'), notes=SEALED, expects={"text": ""}),
    Sample("sealed_in_the_text", mail(PGP), notes=SEALED),
    Sample("sealed_by_outlook", several(part("This message is protected.", "text/plain"), part(b"\x76\xe8", "application/x-microsoft-rpmsg-message; name=message.rpmsg", encoding="base64")), shown="This message is protected.", notes=SEALED),
    # Calendars and reports.
    Sample("invitation_alone", mail("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n", Content_Type="text/calendar; method=REQUEST"), expects={"kind": "person", "text": ""}, files=("attachment-1.ics text/calendar",)),
    Sample("invitation_taken_back", several(part("Canceled", "text/plain"), part("BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR\n", "text/calendar; method=CANCEL"), media="multipart/alternative"), shown="Canceled"),
    Sample("report_about_spam", several(part("Spam report", "text/plain"), part("Feedback-Type: abuse\n", "message/feedback-report"), media="multipart/report; report-type=feedback-report"), shown="Spam report"),
    Sample("report_about_twenty_thousand", several(part("\n\n".join(["Final-Recipient: rfc822;a@x.example\nAction: failed"] * 20_000), "message/delivery-status"), media="multipart/report; report-type=delivery-status"), expects={"kind": "bounce"}),
    # Much, long and deep.
    Sample("two_thousand_recipients", mail(To=", ".join(f"Person {n} <p{n}@shelter.example.org>" for n in range(2000))), expects={"kind": "person", "text": "Hello."}),
    Sample("twenty_megabytes", several(part("See.", "text/plain"), part(b"\x00\x01" * 10_000_000, "application/zip", encoding="base64", Content_Disposition="attachment; filename=a.zip")), shown="See.", files=("a.zip application/zip",)),
    Sample("ten_messages_within_one_another", within(10), shown="Level 10.", files=("Level 9.eml message/rfc822",), lacks=("At the bottom",)),
    Sample("two_hundred_messages_within_one_another", within(200), expects={"from_email": JAMIE, "subject": "Level 200"}, notes=("could not be read",)),
    Sample("header_of_a_megabyte", mail(X_Long="x" * 1_000_000), expects={"text": "Hello."}),
    Sample("name_of_a_megabyte", mail(From=f'"{"x" * 1_000_000}" <{JAMIE}>'), expects={"from_email": JAMIE}),
    Sample("thirty_thousand_headers", b"X: y\r\n" * 30_000 + mail(), expects={"from_email": JAMIE, "text": "Hello."}),
    Sample("fifty_thousand_references", mail(References=" ".join(f"<{n}@x.example>" for n in range(50_000))), expects={"text": "Hello."}),
    Sample("line_of_two_megabytes", mail("x" * 2_000_000), notes=("longer than",)),
    Sample("html_a_hundred_thousand_deep", mail("<div>" * 100_000 + "Hi", Content_Type="text/html"), expects={"html": "", "from_email": JAMIE}),
    Sample("html_that_is_deep_at_its_end", mail("<p>Hi there</p>" + "<div>" * 3_000, Content_Type="text/html"), expects={"html": "", "text": "Hi there"}),
    Sample("html_with_ten_thousand_paragraphs_never_closed", mail("<p>Hi<li>" * 10_000, Content_Type="text/html"), has=("Hi",), expects={"notes": ()}),
    Sample("parameters_without_end", mail("Hi", Content_Type="text/plain; " + "; ".join(f"name*{n}*=x" for n in range(5000))), expects={"kind": "person"}),
    # Charsets and encoded words that are tricks.
    Sample("tags_hidden_in_utf7", mail("+ADw-script+AD4-alert(1)+ADw-/script+AD4-", Content_Type="text/html; charset=utf-7"), lacks=("alert", "<script")),
    Sample("charset_that_is_no_charset", mail(b"x\x9c", Content_Type="text/plain; charset=zlib"), notes=("calls itself zlib",)),
    Sample("charset_of_escapes", mail(rb"\u0000\x41\ud800\u202e", Content_Type="text/plain; charset=unicode_escape"), expects={"text": "A"}),
    Sample("charset_made_to_hang", mail(b"-" + b"9" * 60_000, Content_Type="text/plain; charset=punycode"), expects={"kind": "person"}),
    Sample("charset_of_a_hundred_thousand_letters", mail("Hi", Content_Type="text/plain; charset=" + "x" * 100_000), expects={"text": "Hi"}),
    Sample("encoded_words_without_end", mail(Subject="=?utf-8?q?" * 50_000), expects={"text": "Hello."}),
    Sample("encoded_word_with_a_language", mail(Subject="=?utf-8*en?q?Hello?="), expects={"subject": "Hello"}),
    Sample("encoded_word_with_a_nul", mail(Subject="=?utf-8?q?a=00b=0Ac?="), expects={"subject": "a b c"}),
    # Senders that are two, none, or another one than they look.
    Sample("answers_wanted_by_a_stranger", mail(Reply_To=THIEF), expects={"from_email": JAMIE}),
    Sample("sender_in_a_group", mail(From=f"Staff: {JAMIE}, kim@shelter.example.org;"), expects={"from_email": JAMIE}, notes=("2 senders",)),
    Sample("sender_of_an_empty_group", mail(From="undisclosed-recipients:;"), expects=NOBODY, notes=("does not say whom",)),
    Sample("recipients_in_groups", mail(To="undisclosed-recipients:;", Cc="Friends: a@x.example, b@y.example;"), expects={"to": (), "cc": ("a@x.example", "b@y.example")}),
    Sample("empty_from", mail(From=""), expects=NOBODY, notes=("does not say whom",)),
    Sample("null_from", mail(From="<>"), expects=NOBODY),
    Sample("from_without_a_domain", mail(From="jamie"), expects=NOBODY),
    Sample("from_by_a_route", mail(From=f"<@a.example,@b.example:{JAMIE}>"), expects={"from_email": JAMIE}),
    Sample("another_address_in_a_comment", mail(From=f"({JAMIE}) {THIEF}"), expects={"from_email": THIEF}),
    Sample("another_address_in_quotes", mail(From=f'"{JAMIE}"@evil.example'), expects=NOBODY),
    Sample("another_address_in_front", mail(From=f"{JAMIE} <{THIEF}>"), notes=("2 senders",)),
    Sample("one_address_within_another", mail(From=f"<{JAMIE} <{THIEF}>>"), notes=("2 senders",)),
    Sample("two_from_lines", f"From: {THIEF}\r\n".encode() + mail(), expects={"from_email": THIEF}, notes=("2 senders",)),
    Sample("two_thousand_from_lines", b"".join(b"From: a%d@x.example\r\n" % n for n in range(2000)) + mail(), notes=("2001 senders",)),
    Sample("address_in_look_alike_letters", mail(From="jamie@shelter.ex\u0430mple.org"), expects=NOBODY),
    Sample("comments_without_end", mail(From="(" * 50_000), expects=NOBODY),
    Sample("comments_without_end_beside_an_address", mail(From="(" * 50_000, Sender=JAMIE), expects={"from_email": JAMIE}),
    Sample("comments_without_end_in_cc", mail(Cc="(" * 50_000), expects={"from_email": JAMIE, "cc": ()}),
    Sample("quotes_without_end", mail(From='"' * 50_001), expects=NOBODY),
    Sample("commas_without_end", mail(From="," * 200_000), expects=NOBODY),
    Sample("from_with_a_blank_before_its_colon", b"From : thief@evil.example\r\n" + mail(), expects={"kind": "person"}),
    # Ids, parts and framings.
    Sample("two_message_ids", b"Message-ID: <first@x.example>\r\n" + mail(), expects={"message_id": "first@x.example"}),
    Sample("two_ids_in_one_line", mail(Message_ID="<a@x.example> <b@x.example>"), expects={"message_id": "a@x.example"}),
    Sample("part_of_a_message", mail("part", Content_Type='message/partial; id="x"; number=1; total=3'), expects={"kind": "person"}),
    Sample("body_that_lies_elsewhere", mail("Content-Type: text/plain\n\nHi", Content_Type='message/external-body; access-type=URL; URL="http://evil.example"'), lacks=("evil.example",)),
    Sample("same_boundary_within", mail("--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHi\n--b--\n--b--\n", Content_Type="multipart/mixed; boundary=b"), has=("Hi",)),
    Sample("only_carriage_returns", mail("Hi there", crlf=False).replace(b"\n", b"\r"), expects={"from_email": JAMIE, "text": "Hi there"}),
    Sample("line_of_a_mailbox_file", b"From jamie Mon Nov 23 2026\r\n" + mail(), expects={"from_email": JAMIE}),
    Sample("file_beside_its_own_loop", several(part("See.", "text/plain"), part(PDF, f"application/pdf; name={DESK}", encoding="base64")), shown="See."),
)  # fmt: skip
