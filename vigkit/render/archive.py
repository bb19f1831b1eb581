"""A pack in one file, to hand over: written with nothing but what may be shown, read without trusting a byte.

A zip of ours holds index.html, pack.json, the logs, the pages of people and clips, and nothing else: so
whatever has another name, another kind or another size than ours is refused before anything of it is opened.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, BinaryIO

from vigkit import files, records
from vigkit.cycle import FORMAT, LeftOut
from vigkit.errors import BadArchive, BadRecord, ChangedElsewhere, NewerFormat, TooLarge, on_disk
from vigkit.render import index
from vigkit.render.index import Clip
from vigkit.render.pack import INDEX, PACK, Page, pages_of

CLIPS = "clips.html"
MEGA = 1_000_000  # bytes
MOST = 4_000  # megabytes: what a zip of the plain kind can hold
_ENTRIES = 20_000
_PAGE, _CLIP = 20 * MEGA, 1_000 * MEGA  # bytes of one page, and of one clip
_INFLATED = 200  # times: no page of ours grows more
_HEAD, _CENTRAL, _END = 30, 46, 22  # bytes before the names in a zip
_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}"
_OURS = re.compile(
    rf"(?P<top>index\.html|clips\.html|pack\.json)|{_ID}/(?:{_ID}|{index.OVER_TIME[:-5]})\.html"
    rf"|(?P<clip>{_ID}/{_ID}/{_ID}(?:\.[0-9]+)?\.mp4)"
)
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)
_CHANGED = ChangedElsewhere.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a zip that is not in order."""

    file: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What has come into a zip; `file` is None where not even the logs have room."""

    file: Path | None
    clips: int
    left_out: tuple[LeftOut, ...]


# --- Writing ---------------------------------------------------------------------------------------------


def write(out: Path, file: Path, clips: Iterable[Clip | LeftOut], most: int) -> HandedOver:
    """Put the pack in OUT and its clips into one file of at most so many bytes, the first clips first."""
    with on_disk(PACK):
        manifest = records.parse(out.joinpath(PACK).read_bytes(), PACK)
    pages = {page.file: out.joinpath(page.file) for page in pages_of(out)}
    room = most - _END - sum(_takes(name, _deflated(path.read_bytes())) for name, path in pages.items())
    room -= _takes(INDEX, 2 * len(out.joinpath(INDEX).read_bytes())) + _takes(
        PACK, len(records.text(manifest))
    )
    if room < 0:
        return HandedOver(file=None, clips=0, left_out=(_no_room(most, None, None, 0),))
    taken, left_out = _chosen(clips, room - _takes(CLIPS, 10_000), most)
    tops = _tops(out, manifest, taken, left_out)
    with on_disk(file):
        files.fill(file, lambda beside: _zip(beside, tops, pages, taken))
    return HandedOver(file=file, clips=len(taken), left_out=tuple(left_out))


def _chosen(
    clips: Iterable[Clip | LeftOut], room: int, most: int
) -> tuple[list[tuple[str, Clip]], list[LeftOut]]:
    """The clips that have room, with their names; what comes after one that has none is left out."""
    taken: list[tuple[str, Clip]] = []
    left_out: list[LeftOut] = []
    names: set[str] = set()
    missing: dict[tuple[str, str], int] = {}
    full = False
    for each in clips:
        if isinstance(each, LeftOut):
            left_out.append(each)
            continue
        name = _free(f"{each.casebook}/{each.cycle}/{each.moment}", names)
        # and what pack.json and the page of clips say about it
        room -= _takes(name, each.file.stat().st_size) + 1_500 + 4 * len(each.words + each.title)
        full = full or room < 0
        if full:
            place = (each.casebook, each.cycle)
            missing[place] = missing.get(place, 0) + 1
        else:
            taken.append((name, each))
    left_out += [_no_room(most, book, cycle, count) for (book, cycle), count in missing.items()]
    return taken, left_out


def _free(stem: str, taken: set[str]) -> str:
    """A name that Windows and macOS can tell from the others: for them m1 and M1 are one."""
    name, number = f"{stem}.mp4", 2
    while name.casefold() in taken:
        name, number = f"{stem}.{number}.mp4", number + 1
    taken.add(name.casefold())
    return name


def _no_room(most: int, book: str | None, cycle: str | None, count: int) -> LeftOut:
    told = TooLarge(most // MEGA, count)
    return LeftOut(casebook=book, cycle=cycle, code=told.code, sentence=told.sentence)


def _tops(
    out: Path, manifest: dict[str, Any], clips: Sequence[tuple[str, Clip]], left_out: Sequence[LeftOut]
) -> dict[str, bytes]:
    """The index, the page of the clips and pack.json, as they are in this file."""
    first = out.joinpath(INDEX).read_bytes()
    tops: dict[str, bytes] = {}
    if clips:
        first = index.with_clips(first.decode(), len(clips)).encode()
        tops[CLIPS] = index.clips_page(clips, manifest["purpose"], manifest["day"]).encode()
        manifest["clips_page"] = hashlib.sha256(tops[CLIPS]).hexdigest()
    manifest["clips"] = [
        {
            "casebook": clip.casebook,
            "cycle": clip.cycle,
            "moment": clip.moment,
            "file": name,
            "sha256": files.sha256(clip.file),
        }
        for name, clip in clips
    ]
    manifest["index"] = hashlib.sha256(first).hexdigest()
    manifest["left_out"] += [
        {
            "casebook": each.casebook,
            "cycle": each.cycle,
            "code": each.code,
            "who": list(each.who),
            "sentence": each.sentence,
        }
        for each in left_out
    ]
    return {INDEX: first, **tops, PACK: records.text(manifest).encode()}


def _zip(
    beside: Path, tops: dict[str, bytes], pages: dict[str, Path], clips: Sequence[tuple[str, Clip]]
) -> None:
    with zipfile.ZipFile(beside, "w") as made:
        for name, data in tops.items():
            made.writestr(_entry(name, zipfile.ZIP_DEFLATED), data)
        for name, path in sorted(pages.items()):
            made.writestr(_entry(name, zipfile.ZIP_DEFLATED), path.read_bytes())
        for name, clip in clips:
            made.writestr(_entry(name, zipfile.ZIP_STORED), clip.file.read_bytes())


def _entry(name: str, kind: int) -> zipfile.ZipInfo:
    """The same on every computer and at every time."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.create_system = kind, 3
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


def _takes(name: str, size: int) -> int:
    return size + _HEAD + _CENTRAL + 2 * len(name)


def _deflated(data: bytes) -> int:
    return len(zlib.compress(data)) + 16


# --- Reading ---------------------------------------------------------------------------------------------


def is_ours(file: Path) -> bool:
    """Whether a file is a pack of ours, sound or not: one that a new one may take the place of."""
    try:
        with zipfile.ZipFile(file) as found:
            return {PACK, INDEX} <= set(found.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def problems(file: Path) -> list[Problem]:
    """Everything that is not in order in a zip; BadArchive where it is none. Nothing of it is unpacked."""
    with on_disk(file.name), file.open("rb") as raw:
        entries = _entries(raw, file.name)
        found = list(_structure(raw, entries))
        return found or list(_contents(raw, entries))


def pages(file: Path) -> list[tuple[Page, str]]:
    """The logs of a zip; BadArchive where anything in it is not in order."""
    if found := problems(file):
        raise BadArchive(file.name, found[0].sentence)
    with on_disk(file.name), zipfile.ZipFile(file) as opened:
        manifest = records.parse(opened.read(PACK), PACK)
        rows = [records.read(Page, row, PACK) for row in manifest["logs"]]
        return [(row, opened.read(row.file).decode()) for row in rows]


def _entries(raw: BinaryIO, name: str) -> list[zipfile.ZipInfo]:
    """What a zip says it holds; BadArchive where its end is not as ours are."""
    raw.seek(0, 2)
    size = raw.tell()
    raw.seek(max(size - _END, 0))
    end = raw.read(_END)
    if len(end) < _END or end[:4] != b"PK\5\6":
        raise BadArchive(name, "It is no zip, or half of one.")
    _, _, _, here, count, length, start, comment = struct.unpack("<4s4H2LH", end)
    if count > _ENTRIES or here != count or comment or start + length + _END != size:
        raise BadArchive(name, "It holds something beside its files, or far too many of them.")
    try:
        with zipfile.ZipFile(raw) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeError) as e:
        raise BadArchive(name, "Its list of files cannot be read.") from e
    if len(entries) != count:
        raise BadArchive(name, "Its list of files cannot be read.")
    return entries


def _structure(raw: BinaryIO, entries: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Names, kinds and sizes that no pack of ours has."""
    seen: dict[str, str] = {}
    total, at = 0, 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        name = entry.orig_filename
        folded = unicodedata.normalize("NFC", name).casefold()
        total += entry.file_size
        wrong = _name(name) or _kind(entry) or _size(entry, total)
        if folded in seen:
            wrong = "It stands there twice, or for Windows and macOS it does."
        if wrong is None and (entry.header_offset != at or not _same(raw, entry)):
            wrong = "What is said of it in one place is not so in another."
        seen[folded] = name
        at = entry.header_offset + _HEAD + len(name.encode()) + entry.compress_size
        if wrong:
            yield _problem(name, wrong)
    names = {entry.orig_filename for entry in entries}
    for name in sorted({INDEX, PACK} - names):
        yield _problem(name, "It is not there.")


def _name(name: str) -> str | None:
    """What is wrong with a name."""
    parts = re.split(r"[/\\]", name)
    if re.search(r"[\x00-\x1f\x7f-\x9f]", name):
        return "Its name holds signs that nobody sees."
    if name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) or ".." in parts or "\\" in name:
        return "It leads out of the folder."
    if any(_DEVICE.fullmatch(part.split(".")[0].rstrip(" ")) for part in parts):
        return "Windows keeps its name for a device."
    if any(part != part.rstrip(". ") or ":" in part for part in parts):
        return "Windows would give it another name."
    return None if _OURS.fullmatch(name) else "It is no part of a pack."


def _kind(entry: zipfile.ZipInfo) -> str | None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.external_attr & 0x10:
        return "It is a link, a folder or a device, and no file."
    if entry.flag_bits & ~0x800:  # but for names in UTF-8
        return "It is locked, or packed in another way than ours."
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.extra:
        return "It is locked, or packed in another way than ours."
    return None


def _size(entry: zipfile.ZipInfo, total: int) -> str | None:
    clip = entry.orig_filename.endswith(".mp4")
    if entry.file_size > (_CLIP if clip else _PAGE) or total > MOST * MEGA:
        return "It is far larger than a part of a pack."
    if entry.file_size > MEGA and entry.file_size > _INFLATED * entry.compress_size:
        return "It would grow far larger when it is opened."
    stored = entry.compress_type == zipfile.ZIP_STORED
    return "Its size is not what it says." if stored and entry.file_size != entry.compress_size else None


def _same(raw: BinaryIO, entry: zipfile.ZipInfo) -> bool:
    """Whether the head of a file says what the list of files says."""
    name = entry.orig_filename.encode()
    raw.seek(entry.header_offset)
    head = raw.read(_HEAD + len(name))
    if len(head) < _HEAD + len(name):
        return False
    sign, _, flags, kind, _, _, crc, packed, size, named, extra = struct.unpack("<4s5H3L2H", head[:_HEAD])
    told = (sign, flags, kind, crc, packed, size, named, extra, head[_HEAD:])
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    return told == (b"PK\3\4", entry.flag_bits, entry.compress_type, *sizes, len(name), 0, name)


def _contents(raw: BinaryIO, entries: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Files that are not what pack.json says, and pages that could do something."""
    with zipfile.ZipFile(raw) as opened:
        data = dict.fromkeys((each.orig_filename for each in entries), b"")
        try:
            named = _named(opened.read(PACK))
        except (BadRecord, NewerFormat) as e:
            yield Problem(file=PACK, code=e.code, sentence=e.sentence)
            return
        except (zipfile.BadZipFile, zlib.error, EOFError):
            yield _problem(PACK, "It is damaged.")
            return
        for name in data:
            yield from _content(opened, name, named)
        for name in sorted(named.keys() - data.keys()):
            yield Problem(file=name, code=_CHANGED, sentence=f"{name} is not there. Ask for the pack again.")


def _named(text: bytes) -> dict[str, str]:
    """The files that pack.json names, and their sha256."""
    manifest = records.parse(text, PACK)
    found = manifest.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise NewerFormat(PACK, found, FORMAT)
    named = {INDEX: manifest.get("index")}
    if "clips_page" in manifest:
        named[CLIPS] = manifest["clips_page"]
    for kind in ("logs", "people", "clips"):
        for row in manifest.get(kind, []):
            if not isinstance(row, dict) or not isinstance(row.get("file"), str):
                raise BadRecord(PACK, "Each entry needs a file.", kind)
            if kind != "clips" and records.read(Page, row, PACK, kind).file != row["file"]:
                raise BadRecord(PACK, "An entry names another file than its own.", kind)
            named[row["file"]] = row.get("sha256")
    return {name: str(sha256) for name, sha256 in named.items()}


def _content(opened: zipfile.ZipFile, name: str, named: dict[str, str]) -> Iterator[Problem]:
    if name == PACK:
        return
    if name not in named:
        sentence = f"{name} is no part of this pack. Ask for the pack again."
        yield Problem(file=name, code=_CHANGED, sentence=sentence)
        return
    try:
        data = opened.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        yield _problem(name, "It is damaged.")
        return
    if hashlib.sha256(data).hexdigest() != named[name]:
        sentence = f"{name} is not as it was packed. Ask for the pack again."
        yield Problem(file=name, code=_CHANGED, sentence=sentence)
    wrong = film_wrong(data) if name.endswith(".mp4") else page_wrong(data)
    if wrong:
        yield _problem(name, wrong)


def _problem(name: str, wrong: str) -> Problem:
    shown = re.sub(r"[^\x20-\x7e]", "?", name)[:80] or "?"
    return Problem(file=shown, code=BadArchive.code, sentence=f"{shown}: {wrong} Do not unpack it.")


# --- What a page and a clip may hold ---------------------------------------------------------------------

_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'sha256-"
_TAGS = {"script", "iframe", "object", "embed", "link", "base", "form", "frame", "applet", "video", "audio"}


def page_wrong(data: bytes) -> str | None:
    """What a page holds that no page of ours does: something that runs, loads, or sends."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "It is no page of ours."
    first = re.match(
        r'<!doctype html>\s*<html lang="[a-z-]*">\s*<head>\s*'
        r'<meta http-equiv="Content-Security-Policy" content="([^"<>]*)">',
        text.lstrip().replace("&#39;", "'"),
        re.IGNORECASE,
    )
    if first is None or not first[1].startswith(_POLICY):
        return "It does not forbid what a page could do."
    reader = _Page()
    reader.feed(text)
    return reader.wrong


class _Page(HTMLParser):
    """Looks for what runs or loads."""

    wrong: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _TAGS or any(name.startswith("on") or name in ("style", "srcdoc") for name, _ in attrs):
            self.wrong = "It holds something that could run."
        for name, value in attrs:
            if name in _LEADS and not _stays(name, value or ""):
                self.wrong = "It leads to another place."


_LEADS = {
    *("src", "srcset", "href", "xlink:href", "data", "poster", "background"),
    *("action", "formaction", "ping"),
}


def _stays(kind: str, address: str) -> bool:
    """Whether an address is a picture in the page, or leads to a file of the pack."""
    if kind == "href":
        return re.fullmatch(r"(\.\./)?[A-Za-z0-9_#][A-Za-z0-9_./#-]*", address) is not None
    return address.startswith("data:image/")


def film_wrong(data: bytes) -> str | None:
    """What a clip holds beside picture and sound: a place, a day, a name, or something else altogether."""
    kinds = dict.fromkeys(kind for kind, _ in _boxes(data, whole=True))
    if not {b"ftyp", b"moov", b"mdat"} <= kinds.keys() <= {b"ftyp", b"moov", b"mdat", b"free"}:
        return "It is no clip of ours."
    for kind, inside in _boxes(data, whole=False):
        if (kind == b"ilst" and inside) or kind in (b"uuid", b"loci", b"XMP_", b"meco", b"\xa9xyz"):
            return "It holds more than picture and sound."
        if kind in (b"mvhd", b"tkhd", b"mdhd") and any(inside[4 : 4 + (16 if inside[:1] == b"\1" else 8)]):
            return "It tells the day on which it was made."
    return None


def _boxes(data: bytes, *, whole: bool) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of an mp4: the outer ones, or those inside what can hold others."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">L4s", data[at : at + 8])
        if not 8 <= size <= len(data) - at:
            yield b"????", b""
            return
        inside = data[at + 8 : at + size] if kind != b"mdat" else b""
        yield kind, inside
        if not whole and kind in (b"moov", b"trak", b"mdia", b"minf", b"udta", b"edts"):
            yield from _boxes(inside, whole=False)
        if not whole and kind == b"meta":
            yield from _boxes(inside[4:], whole=False)
        at += size
