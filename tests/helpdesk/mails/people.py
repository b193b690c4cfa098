"""What people write: in Outlook, Gmail, on a telephone, above, below and between what they answer."""

# ruff: noqa: E501 - a message in one line reads better than one that is cut into many

from tests.helpdesk.mails.sample import DESK, Sample, both, mail, nested, part, several

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60
RE = {
    "In_Reply_To": "<ours.1@example.org>",
    "References": "<first@shelter.example.org> <ours.1@example.org>",
    "Subject": "RE: [HD-7] A report",
}
OUTLOOK_QUOTE = (
    "From: HMIS help desk <hmis-help@example.org>\nSent: Monday, November 23, 2026 9:20 AM\n"
    "To: Jamie Sample <jamie@shelter.example.org>\nSubject: [HD-7] A report\n\nWhich report is it?\n"
)  # fmt: skip
GMAIL_QUOTE = "On Mon, Nov 23, 2026 at 9:20 AM HMIS help desk <hmis-help@example.org> wrote:\n\n> Which report is it?\n> Please tell us its number.\n"

SAMPLES = (
    Sample(
        "plain", mail("Hello,\n\nthe APR does not open.\n\nJamie"), shown="Hello,\n\nthe APR does not open.\n\nJamie",
        expects={"kind": "person", "from_email": "jamie@shelter.example.org", "from_name": "Jamie Sample", "to": (DESK,),
                 "subject": "A report does not open", "message_id": "a1b2c3@shelter.example.org", "folded_from": None, "notes": ()},
        files=(),
    ),
    Sample("plain_with_bare_line_feeds", mail("One\nTwo", crlf=False), shown="One\nTwo"),
    Sample("empty", mail(""), expects={"text": "", "html": "", "kind": "person"}),
    Sample(
        "outlook_top_posted", both("It is the APR.\n\nJamie\n\n" + OUTLOOK_QUOTE, "<p>It is the APR.</p>", **RE), shown="It is the APR.\n\nJamie",
        expects={"in_reply_to": ("ours.1@example.org",), "references": ("first@shelter.example.org", "ours.1@example.org"), "subject": "RE: [HD-7] A report"},
    ),
    Sample(
        "outlook_html_only",
        mail('<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p {margin:0}</style></head><body>'
             '<p class=MsoNormal>It is the APR.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>'
             '<div style="border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal><b>From:</b> HMIS help desk &lt;hmis-help@example.org&gt;<br>'
             "<b>Sent:</b> Monday, November 23, 2026 9:20 AM<br><b>To:</b> Jamie Sample<br><b>Subject:</b> [HD-7] A report</p></div>"
             "<p class=MsoNormal>Which report is it?</p></body></html>", Content_Type="text/html; charset=utf-8", **RE),
        shown="It is the APR.", lacks=("margin", "MsoNormal", "style"), has=("Which report is it?",),
    ),
    Sample(
        "outlook_original_message", mail("Number 0640.\n\n-----Original Message-----\nFrom: HMIS help desk\nSent: Monday\nTo: Jamie\nSubject: A report\n\nWhich?\n", **RE),
        shown="Number 0640.",
    ),
    Sample("outlook_for_ios", mail("Still broken.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n" + OUTLOOK_QUOTE, **RE), shown="Still broken."),
    Sample("gmail_top_posted", both("It is the APR.\n\n" + GMAIL_QUOTE, '<div dir="ltr">It is the APR.</div><br><div class="gmail_quote"><div>On Mon, Nov 23, 2026 at 9:20 AM wrote:</div><blockquote>Which?</blockquote></div>', **RE), shown="It is the APR."),
    Sample(
        "gmail_html_only",
        mail('<div dir="ltr">It is the <b>APR</b>.<div>Second line</div></div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 23, 2026 at 9:20 AM '
             'HMIS help desk &lt;<a href="mailto:hmis-help@example.org">hmis-help@example.org</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Which report is it?</blockquote></div>',
             Content_Type="text/html; charset=utf-8", **RE),
        shown="It is the APR.\nSecond line", has=("> Which report is it?",),
    ),
    Sample("gmail_header_on_two_lines", mail("Number 0640.\n\nOn Mon, Nov 23, 2026 at 9:20 AM HMIS help desk\n<hmis-help@example.org> wrote:\n\n> Which?\n", **RE), shown="Number 0640."),
    Sample("iphone", mail("It works now, thank you\n\nSent from my iPhone\n\n> On Nov 23, 2026, at 9:20 AM, HMIS help desk <hmis-help@example.org> wrote:\n> \n> \ufeffWhich report is it?\n", **RE), shown="It works now, thank you"),
    Sample("android", mail("Number 0640\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: HMIS help desk <hmis-help@example.org>\nDate: 11/23/26 9:20 AM (GMT-05:00)\nTo: jamie\nSubject: A report\n\nWhich?\n", **RE), shown="Number 0640"),
    Sample("apple_mail", mail("Dear desk,\n\nnumber 0640.\n\nBest,\nJamie\n\n> On Nov 23, 2026, at 9:20 AM, HMIS help desk <hmis-help@example.org> wrote:\n>\n> Which report is it?\n", **RE), shown="Dear desk,\n\nnumber 0640."),
    Sample("bottom_posted", mail("On Mon, Nov 23, 2026 at 9:20 AM HMIS help desk <hmis-help@example.org> wrote:\n> Which report is it?\n\nIt is the APR.\n", **RE), expects={"folded_from": None}, has=("It is the APR.",)),
    Sample(
        "inline", mail("On Mon, Nov 23, 2026 at 9:20 AM HMIS help desk <hmis-help@example.org> wrote:\n> Which report is it?\n\nNumber 0640.\n\n> Since when?\n\nSince Friday.\n\n> Thank you,\n> Robin\n", **RE),
        has=("Number 0640.", "Since Friday."), shown="On Mon, Nov 23, 2026 at 9:20 AM HMIS help desk <hmis-help@example.org> wrote:\n> Which report is it?\n\nNumber 0640.\n\n> Since when?\n\nSince Friday.",
    ),
    Sample("list_in_the_answer", mail("Three things:\n- the APR\n- the CAPER\n- the roster\n\nJamie\n\n" + GMAIL_QUOTE, **RE), shown="Three things:\n- the APR\n- the CAPER\n- the roster\n\nJamie"),
    Sample("signature", mail("Please reset my password.\n\n-- \nJamie Sample\nSample Shelter, 207-555-0100\n"), shown="Please reset my password."),
    Sample("disclaimer", mail("Please reset my password.\n\nCONFIDENTIALITY NOTICE: this e-mail is for its addressee.\n"), has=("Please reset my password.",)),
    Sample("quoted_twice", mail("Yes.\n\nOn Mon, Nov 23, 2026 at 9:20 AM A wrote:\n> Is it?\n>\n> On Sun, Nov 22, 2026 at 1:00 PM B wrote:\n>> It was.\n", **RE), shown="Yes."),
    Sample("flowed", mail("This is one long line that goes on \nin the next one.\n\n> and what is quoted \n> goes on too.\n-- \nJamie\n", Content_Type="text/plain; charset=utf-8; format=flowed"), has=("This is one long line that goes on in the next one.", "> and what is quoted goes on too.")),
    Sample("flowed_without_spaces", mail("Wo \nrd\n", Content_Type="text/plain; charset=utf-8; format=flowed; delsp=yes"), expects={"text": "Word"}),
    Sample("quoted_printable", mail("Caf=C3=A9 =E2=80=93 soft=\n break", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="quoted-printable"), expects={"text": "Café – soft break"}),
    Sample("base64_text", mail("SGVsbG8gdGhlcmU=\n", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="base64"), expects={"text": "Hello there"}),
    Sample("windows_letters", mail(b"It\x92s \x93broken\x94", Content_Type="text/plain; charset=iso-8859-1"), expects={"text": "It’s “broken”"}),
    Sample("encoded_subject", mail(Subject="=?utf-8?q?R=C3=A9sum=C3=A9_=E2=80=93_?=\n =?utf-8?b?w7xiZXI=?="), expects={"subject": "Résumé – über"}),
    Sample("letter_split_between_words", mail(Subject="=?utf-8?q?Caf=C3?= =?utf-8?q?=A9?="), expects={"subject": "Café"}),
    Sample("foreign_name", mail(From="=?utf-8?b?0JDQvdC90LAg0J/QtdGC0YDQvtCy0LA=?= <Anna@Shelter.EXAMPLE.org>"), expects={"from_name": "Анна Петрова", "from_email": "Anna@shelter.example.org"}),
    Sample("name_with_comma", mail(From='"Sample, Jamie (Shelter)" <jamie@shelter.example.org>'), expects={"from_name": "Sample, Jamie (Shelter)", "from_email": "jamie@shelter.example.org"}),
    Sample("copied_to_others", mail(To=f"{DESK}, robin@shelter.example.org", Cc="Kim <kim@shelter.example.org>, nonsense"), expects={"to": (DESK, "robin@shelter.example.org"), "cc": ("kim@shelter.example.org",)}),
    Sample(
        "attachment", several(part("See the scan.", "text/plain"), part(PDF, 'application/pdf; name="agreement.pdf"', encoding="base64", Content_Disposition='attachment; filename="agreement.pdf"')),
        shown="See the scan.", files=("agreement.pdf application/pdf",),
    ),
    Sample("attachment_named_in_another_script", several(part("See.", "text/plain"), part(PDF, "application/pdf", encoding="base64", Content_Disposition="attachment; filename*=UTF-8''%D0%B4%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80.pdf")), files=("договор.pdf application/pdf",)),
    Sample(
        "screenshot_in_the_text",
        several(nested(part("See picture.", "text/plain"), part('<p>See picture.</p><img src="cid:1">', "text/html"), media="multipart/alternative", boundary="in"),
                part(PNG, 'image/png; name="image001.png"', encoding="base64", Content_ID="<1>", Content_Disposition="inline"), media="multipart/related"),
        shown="See picture.", files=("image001.png image/png inline",), lacks=("<img", "cid:"),
    ),
    Sample("picture_without_a_name", several(part("See.", "text/plain"), part(PNG, "image/png", encoding="base64")), files=("attachment-1.png image/png",)),
    Sample("text_file", several(part("See the list.", "text/plain"), part("a,b\n", 'text/csv; name="list.csv"', Content_Disposition="attachment; filename=list.csv")), shown="See the list.", files=("list.csv text/csv",)),
    Sample("forwarded_as_attachment", several(part("See what I was sent.", "text/plain"), part(mail("Inner text.", Subject="Inner"), "message/rfc822")), shown="See what I was sent.", lacks=("Inner text",), files=("Inner.eml message/rfc822",), expects={"subject": "A report does not open", "kind": "person"}),
    Sample("forwarded_inline", mail("Please look.\n\n---------- Forwarded message ---------\nFrom: Kim <kim@shelter.example.org>\nDate: Mon, Nov 23, 2026\nSubject: Broken\nTo: Jamie\n\nIt is broken.\n"), has=("Please look.", "It is broken.")),
    Sample("calendar_invitation", several(part("Training on Friday", "text/plain"), part("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n", "text/calendar; method=REQUEST; charset=utf-8"), media="multipart/alternative"), expects={"kind": "person"}, shown="Training on Friday", files=("attachment-1.ics text/calendar",)),
    Sample("signed_by_smime", several(part("Signed words.", "text/plain"), part(b"\x30\x82", 'application/pkcs7-signature; name="smime.p7s"', encoding="base64"), media='multipart/signed; protocol="application/pkcs7-signature"'), shown="Signed words.", files=()),
    Sample("to_the_desks_own_list", mail(List_Id="Help desk <hmis-help.example.org>", List_Post=f"<mailto:{DESK}>", Precedence="list", List_Unsubscribe="<mailto:x@example.org>"), expects={"kind": "person"}),
    Sample("asks_for_no_automatic_answer", mail(X_Auto_Response_Suppress="All"), expects={"kind": "person", "wants_no_answer": True}),
    Sample("wants_an_answer", mail(X_Auto_Response_Suppress="DR, RN"), expects={"kind": "person", "wants_no_answer": False}),
    Sample("says_it_was_not_automatic", mail(Auto_Submitted="no"), expects={"kind": "person"}),
    Sample("about_being_away", mail(Subject="Out of office: please lock my account until Monday"), expects={"kind": "person"}),
    Sample("about_a_bounce", mail(Subject="Undeliverable mail from the HMIS?"), expects={"kind": "person"}),
)  # fmt: skip
