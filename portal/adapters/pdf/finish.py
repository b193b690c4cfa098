"""The last step of a PDF: structure tree, language, title, bookmarks, and an identifier made of content alone."""

from io import BytesIO
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from portal.adapters.pdf.tags import Element

LANGUAGE = "en-US"


def finished(content: bytes, root: Element, *, title: str, author: str) -> bytes:
    """`content` with `root` as its structure, in US English, titled; equal input gives equal bytes."""
    with pikepdf.open(BytesIO(content)) as pdf:
        _structure(pdf, root)
        _bookmarks(pdf, root)
        pdf.Root.Lang = String(LANGUAGE)
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        pdf.Root.PageMode = Name.UseNone
        pdf.docinfo[Name.Title] = String(title)
        pdf.docinfo[Name.Author] = String(author)
        pdf.docinfo[Name.Subject] = String("Homeless Management Information System (HMIS)")
        # The clock of the machine stays out of the file: when it was signed stands in the certificate.
        for stamp in (Name.CreationDate, Name.ModDate):
            if stamp in pdf.docinfo:
                del pdf.docinfo[stamp]
        pdf.Root.Metadata = pdf.make_stream(_xmp(title, author), Type=Name.Metadata, Subtype=Name.XML)
        out = BytesIO()
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.7")
    return out.getvalue()


def _structure(pdf: Pdf, root: Element) -> None:
    tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    owners: list[dict[int, pikepdf.Object]] = [{} for _ in pdf.pages]
    tree.K = _node(pdf, root, tree, owners)
    numbers = Array()
    for index, page in enumerate(pdf.pages):
        page.obj.StructParents = index
        page.obj.Tabs = Name.S
        marks = owners[index]
        numbers.append(index)
        numbers.append(pdf.make_indirect(Array([marks[mark] for mark in range(len(marks))])))
    tree.ParentTree = pdf.make_indirect(Dictionary(Nums=numbers))
    tree.ParentTreeNextKey = len(pdf.pages)
    pdf.Root.StructTreeRoot = tree


def _node(
    pdf: Pdf, element: Element, parent: pikepdf.Object, owners: list[dict[int, pikepdf.Object]]
) -> pikepdf.Object:
    node = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name("/" + element.tag), P=parent))
    if element.attributes:
        owner = Dictionary(O=Name.Table)
        for key, value in element.attributes.items():
            owner[Name("/" + key)] = Name("/" + value)
        node.A = owner
    kids = Array()
    for kid in element.kids:
        if isinstance(kid, Element):
            if kid.first_page() is not None:
                kids.append(_node(pdf, kid, node, owners))
            continue
        page, mark = kid
        kids.append(Dictionary(Type=Name.MCR, Pg=pdf.pages[page - 1].obj, MCID=mark))
        owners[page - 1][mark] = node
    node.K = kids
    return node


def _bookmarks(pdf: Pdf, root: Element) -> None:
    with pdf.open_outline() as outline:
        for element in root.kids:
            if isinstance(element, Element) and element.tag in ("H1", "H2") and element.title:
                page = element.first_page()
                if page is not None:
                    outline.root.append(OutlineItem(element.title, page - 1))


def _xmp(title: str, author: str) -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{escape(author)}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{LANGUAGE}</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()
