"""The lines of a backup in a gzip file: each a JSON value, the last the SHA-256 of all before."""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from petition.core.errors import BackupInvalid

LEVEL = 3  # at 6 a file is a tenth smaller and takes twice the time
CHUNK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024  # a row with a picture has a few hundred kB
# RFC 1952: deflate, no flags, no time, unknown system. So each byte of the file is checked.
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode_line(value: object) -> bytes:
    """Return a line of a backup."""
    return _encode(value).encode() + b"\n"


def compress(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a gzip file of lines, with one more line at the end: their SHA-256."""
    compressor = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    digest, crc, size = hashlib.sha256(), 0, 0

    def deflated() -> Iterator[bytes]:
        nonlocal crc, size
        for line in _with_digest(lines, digest):
            crc, size = zlib.crc32(line, crc), size + len(line)
            yield compressor.compress(line)
        yield compressor.flush()

    waiting, length = [HEADER], 0
    for part in deflated():
        waiting.append(part)
        length += len(part)
        if length >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join([*waiting, struct.pack("<II", crc, size & 0xFFFFFFFF)])


def _with_digest(lines: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line
    yield encode_line({"sha256": digest.hexdigest()})


def read_lines(file: BinaryIO) -> Iterator[tuple[bytes, Any]]:
    """Yield each line with its value, without the last, which is checked. Raises: BackupInvalid."""
    digest, last = hashlib.sha256(), b""
    for line in _split(_decompress(file)):
        if last:
            digest.update(last)
            yield last, _decode(last)
        last = line
    if not last or _decode(last) != {"sha256": digest.hexdigest()}:
        raise BackupInvalid("the checksum of the whole is wrong or missing")


def _decode(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise BackupInvalid("a line is not JSON") from None


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else [rest + chunk]
        if len(rest) > MAX_LINE_BYTES:
            raise BackupInvalid("a line is too long")
        yield from (line + b"\n" for line in lines)
    if rest:
        raise BackupInvalid("it is cut off in the middle of a line")


def _decompress(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of a gzip file that `compress` made, and of nothing else."""
    if file.read(len(HEADER)) != HEADER:
        raise BackupInvalid("it is no backup of a petition site")
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    crc, size = 0, 0
    while not inflater.eof:
        data = inflater.unconsumed_tail or file.read(CHUNK_BYTES)
        try:
            content = inflater.decompress(data, CHUNK_BYTES)
        except zlib.error:
            raise BackupInvalid("it is damaged and does not decompress") from None
        if not data and not content and not inflater.eof:
            raise BackupInvalid("it is cut off")
        crc, size = zlib.crc32(content, crc), size + len(content)
        yield content
    end = inflater.unused_data + file.read(9)
    if end[:8] != struct.pack("<II", crc, size & 0xFFFFFFFF):
        raise BackupInvalid("its checksum is wrong, or it is cut off")
    if end[8:]:
        raise BackupInvalid("something follows its end")
