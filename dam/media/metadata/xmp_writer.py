"""Write XMP packets (ISO 16684-1) with what the user has said about a file."""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

TOOLKIT = "dam"
"""The value of `x:xmptk` in packets that dam has written."""

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEVELS = "/"
"""What separates the levels of a tag; `lr:hierarchicalSubject` has `|`."""

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{toolkit}">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/">
{properties}  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def xmp_packet(
    *,
    title: str | None = None,
    description: str | None = None,
    rating: int | None = None,
    tags: Iterable[str] = (),
) -> bytes:
    """Return a packet in UTF-8.

    A tag with levels, such as `place/italy`, is in `dc:subject` as it is, so that it comes back as the same tag, and
    in `lr:hierarchicalSubject` as `place|italy`. Characters that XML cannot hold become U+FFFD.
    """
    words = list(tags)
    levels = [word.replace(_LEVELS, "|") for word in words if _LEVELS in word and "|" not in word]
    properties = [
        _text("dc:title", title),
        _text("dc:description", description),
        "" if rating is None else f"   <xmp:Rating>{rating}</xmp:Rating>\n",
        _bag("dc:subject", words),
        _bag("lr:hierarchicalSubject", levels),
    ]
    return _PACKET.format(toolkit=TOOLKIT, properties="".join(properties)).encode()


def is_own_packet(packet: bytes) -> bool:
    """Return whether a packet is one that dam has written."""
    return f'x:xmptk="{TOOLKIT}"'.encode() in packet[:1024]


def _text(name: str, text: str | None) -> str:
    if not text:
        return ""
    return f'   <{name}><rdf:Alt><rdf:li xml:lang="x-default">{_escaped(text)}</rdf:li></rdf:Alt></{name}>\n'


def _bag(name: str, items: list[str]) -> str:
    if not items:
        return ""
    return f"   <{name}><rdf:Bag>{''.join(f'<rdf:li>{_escaped(item)}</rdf:li>' for item in items)}</rdf:Bag></{name}>\n"


def _escaped(text: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", text), {"\r": "&#13;"})
