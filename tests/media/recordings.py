"""The metadata of recordings, as cameras write them: boxes of MP4, and user data of H.264."""

import io
import struct
from fractions import Fraction
from typing import Any

from tests.media.clips import scenes, video


def box(name: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), name) + data


def iso_file(brand: bytes, *handlers: bytes, padding: int = 0) -> bytes:
    """An ISO media file with a track for each handler, after some bytes of media."""
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12)))) for handler in handlers]
    return box(b"ftyp", brand, bytes(4), b"isom") + box(b"mdat", bytes(padding)) + box(b"moov", *tracks)


def mdpm(entries: dict[int, bytes]) -> bytes:
    """An SEI unit of H.264 with MDPM, whose bytes are escaped."""
    packed = b"".join(bytes([tag]) + value for tag, value in sorted(entries.items()))
    payload = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM" + bytes([len(entries)]) + packed
    unit = b"\x06\x05" + bytes([len(payload)]) + payload + b"\x80"
    escaped, zeros = bytearray(), 0
    for byte in unit:
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        zeros = zeros + 1 if byte == 0 else 0
        escaped.append(byte)
    return b"\0\0\0\1" + bytes(escaped)


def with_keys(data: bytes, keys: dict[str, str]) -> bytes:
    """A video as QuickTime, with metadata by keys."""
    import av

    out = io.BytesIO()
    options = {"movflags": "use_metadata_tags"}
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format="mov", container_options=options) as target:
        target.metadata.update(keys)
        _copy(source, target)
    return out.getvalue()


def transport_stream(unit: bytes) -> bytes:
    """A transport stream of H.264 with a unit before the first picture."""
    import av

    raw, out = io.BytesIO(), io.BytesIO()
    with av.open(io.BytesIO(video(scenes(1, 0.5), "mpegts"))) as source, av.open(raw, "w", format="h264") as plain:
        _copy(source, plain)
    data = raw.getvalue()
    picture = data.index(b"\0\0\1\x65")
    changed = io.BytesIO(data[:picture] + unit + data[picture:])
    with av.open(changed, format="h264") as source, av.open(out, "w", format="mpegts") as target:
        _copy(source, target, step=9000)
    return out.getvalue()


def _copy(source: Any, target: Any, step: int = 0) -> None:
    """Copy the video stream, with times of its own where it has none."""
    [stream] = source.streams.video
    copied = target.add_stream_from_template(stream)
    for number, packet in enumerate(source.demux(stream)):
        if packet.size:
            if step:
                packet.time_base, packet.pts, packet.dts = Fraction(1, 90_000), number * step, number * step
            packet.stream = copied
            target.mux(packet)
