"""What is broken or meant to do harm: wrong MIME, missing headers, tricks with letters, lines, sizes and depth."""

# ruff: noqa: E501 - a message in one line reads better than one that is cut into many

from tests.helpdesk.mails.people import PDF
from tests.helpdesk.mails.sample import DESK, HEAD, Sample, both, mail, nested, part, several


def deep(levels: int) -> bytes:
    inner = part("At the bottom.", "text/plain")
    for level in range(levels):
        inner = nested(inner, media="multipart/mixed", boundary=f"b{level}")
    return mail(inner.partition(b"\n\n")[2], Content_Type=f'multipart/mixed; boundary="b{levels - 1}"')


SAMPLES = (
    Sample("not_utf8_after_all", mail(b"caf\xe9", Content_Type="text/plain; charset=utf-8"), expects={"text": "café"}, notes=("calls itself utf-8",)),
    Sample("unknown_charset", mail(b"caf\xc3\xa9", Content_Type="text/plain; charset=x-nobody"), expects={"text": "café"}, notes=("x-nobody",)),
    Sample("no_charset_and_letters", mail("Привет".encode()), expects={"text": "Привет"}),
    Sample("letters_in_a_header", b"Subject: Caf\xe9\r\n" + mail(drop=("Subject",)), expects={"subject": "Café"}),
    Sample("utf8_in_a_header", "Subject: Grüße\r\n".encode() + mail(drop=("Subject",)), expects={"subject": "Grüße"}),
    Sample("broken_encoded_word", mail(Subject="=?utf-8?b?!!!?= rest"), has=(), expects={"kind": "person"}),
    Sample("no_message_id", mail(drop=("Message-ID",)), expects={"message_id": ""}, notes=("no Message-ID",)),
    Sample("message_id_without_brackets", mail(Message_ID="bare@shelter.example.org"), expects={"message_id": "bare@shelter.example.org"}),
    Sample("message_id_too_long", mail(Message_ID=f"<{'x' * 2000}@y>"), expects={"message_id": ""}),
    Sample("no_sender", mail(drop=("From",)), expects={"from_email": ""}, notes=("does not say whom it is from",)),
    Sample("sender_without_from", mail(drop=("From",), Sender="jamie@shelter.example.org"), expects={"from_email": "jamie@shelter.example.org"}, notes=("no readable From",)),
    Sample("two_senders", mail(From="a@example.org, b@example.org"), expects={"from_email": "a@example.org"}, notes=("2 senders",)),
    Sample("address_in_the_name", mail(From=f'"{DESK}" <thief@evil.example>'), expects={"from_email": "thief@evil.example", "from_name": DESK, "kind": "person"}),
    Sample("address_decoded_from_the_name", mail(From="=?utf-8?q?jamie=40shelter.example.org_=3Cjamie=40shelter.example.org=3E=2C?= <thief@evil.example>"), expects={"from_email": "thief@evil.example"}),
    Sample("no_subject_no_date", mail(drop=("Subject", "Date")), expects={"subject": "", "sent_at": None}),
    Sample("impossible_date", mail(Date="Mon, 99 Nov 99999 99:99:99 +9999"), expects={"sent_at": None}),
    Sample("turned_around_name", several(part("See.", "text/plain"), part(PDF, "application/pdf", encoding="base64", Content_Disposition="attachment; filename*=UTF-8''invoice%E2%80%AEfdp.exe")), files=("invoicefdp.exe application/pdf",)),
    Sample("turned_around_subject", mail("Text \u202eturned\u202c here", Subject="=?utf-8?q?Pay_=E2=80=AE001=E2=80=AC_now?=", Content_Type="text/plain; charset=utf-8"), expects={"subject": "Pay 001 now", "text": "Text turned here"}),
    Sample("line_break_in_the_subject", mail(Subject="=?utf-8?q?Hello=0D=0ABcc:_thief=40evil.example?="), expects={"subject": "Hello Bcc: thief@evil.example"}),
    Sample("line_break_in_a_name", mail(From="=?utf-8?q?Jamie=0A=0DX-Evil=3A_yes?= <jamie@shelter.example.org>"), expects={"from_name": "Jamie X-Evil: yes", "from_email": "jamie@shelter.example.org"}),
    Sample("nul_and_bells", mail(b"a\x00b\x07c\x1b[31m", Content_Type="text/plain; charset=utf-8"), expects={"text": "abc[31m"}),
    Sample("path_in_a_file_name", several(part("See.", "text/plain"), part(PDF, "application/pdf", encoding="base64", Content_Disposition='attachment; filename="..\\\\..\\\\etc/../../passwd.pdf"')), files=("passwd.pdf application/pdf",)),
    Sample(
        "script_in_html",
        both("Text part.", '<p onclick="x()">Hello</p><script>alert(1)</script><style>p{}</style><img src=x onerror=alert(1)><a href="javascript:alert(1)">click</a>'
             '<iframe src="https://evil.example"></iframe><svg onload=alert(1)></svg><form action="https://evil.example"><input name=p></form><base href="//evil.example">'),
        lacks=("alert", "onclick", "onerror", "javascript:", "<script", "<style", "<img", "<iframe", "<svg", "<form", "<input", "<base"), has=("Text part.",),
    ),
    Sample("script_in_html_alone", mail("<p>Hello</p><script>alert(1)</script><p><a href='data:text/html,x'>x</a>", Content_Type="text/html"), expects={"text": "Hello\n\nx"}, lacks=("alert", "data:")),
    Sample("link_that_lies", mail('<a href="https://evil.example/x">https://bank.example</a>', Content_Type="text/html"), expects={"text": "https://bank.example (https://evil.example/x)"}),
    Sample("no_closing_boundary", mail("--e\nContent-Type: text/plain\n\nCut off he", Content_Type='multipart/mixed; boundary="e"'), expects={"text": "Cut off he"}),
    Sample("wrong_boundary", mail("--other\nContent-Type: text/plain\n\nLost words.\n--other--\n", Content_Type='multipart/mixed; boundary="e"'), has=("Lost words.",)),
    Sample("multipart_without_boundary", mail("Just words.", Content_Type="multipart/mixed"), has=("Just words.",)),
    Sample("broken_base64", mail("SGVsbG8@@@gdGhlcmU\n", Content_Type="text/plain", Content_Transfer_Encoding="base64"), expects={"kind": "person"}),
    Sample("unknown_encoding", mail("Hello.", Content_Transfer_Encoding="x-zip"), expects={"text": "Hello."}),
    Sample("nonsense_content_type", mail("Hello.", Content_Type="/; ;;=charset"), expects={"text": "Hello."}),
    Sample("winmail_dat", several(part("See attachment.", "text/plain"), part(b"\x78\x9f\x3e\x22", 'application/ms-tnef; name="winmail.dat"', encoding="base64")), shown="See attachment.", notes=("winmail.dat",), files=("winmail.dat application/ms-tnef",)),
    Sample("encrypted", mail("MIAG", Content_Type="application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", Content_Transfer_Encoding="base64"), expects={"text": ""}, notes=("encrypted",)),
    Sample("ten_megabytes", several(part("See the video.", "text/plain"), part(b"\x00\x01" * 5_000_000, "video/mp4", encoding="base64", Content_Disposition="attachment; filename=video.mp4")), shown="See the video.", files=("video.mp4 video/mp4",)),
    Sample("four_hundred_parts", several(*(part(f"Part {n}.", "text/plain") for n in range(400))), notes=("more parts",), has=("Part 7.",)),
    Sample("very_deep", deep(60), notes=("more parts",)),
    Sample("endless_text", mail("word " * 100_000), notes=("longer than",)),
    Sample("quotation_made_to_hang", mail("From:" * 20_000 + "\n" + "On " * 5_000 + "x", In_Reply_To="<a@b>"), expects={"kind": "person"}),
    Sample("headers_alone", "".join(f"{k}: {v}\r\n" for k, v in HEAD.items()).encode(), expects={"from_email": "jamie@shelter.example.org", "text": ""}),
    Sample("no_headers_at_all", b"\r\nJust words.\r\n", expects={"from_email": "", "text": "Just words."}),
    Sample("nothing", b"", expects={"from_email": "", "text": "", "message_id": ""}),
    Sample("bytes_of_a_picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, expects={"from_email": ""}),
)  # fmt: skip
