"""A pack in one file, to hand over: written with nothing but what may be shown, read without trusting a byte.

A zip of ours holds index.html, pack.json, the logs, the pages of people and clips, and nothing else: so
whatever has another name, another kind or another size than ours is refused before anything of it is opened.
"""

from __future__ import annotations

import base64
import glob
import hashlib
import posixpath
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from vigkit import files, records
from vigkit.cycle import FORMAT, PURPOSES, LeftOut
from vigkit.errors import (
    BadArchive,
    BadClip,
    BadPage,
    BadRecord,
    Busy,
    ChangedElsewhere,
    NewerFormat,
    PageTooLarge,
    TooLarge,
    VigkitError,
    on_disk,
    refused_by_system,
)
from vigkit.render import index
from vigkit.render.index import Clip
from vigkit.render.pack import Page, pages_of, reason_row
from vigkit.render.room import INDEX, PACK

CLIPS = "clips.html"
_TOPS = (INDEX, CLIPS, PACK)
MEGA = 1_000_000  # bytes
MOST = 4_000  # megabytes: what a zip of the plain kind can hold
_ENTRIES = 20_000
_PAGE, _CLIP = 20 * MEGA, 200 * MEGA  # bytes of one page, and of one clip
_PAGES = 500 * MEGA  # bytes of all pages together
_INFLATED = 100  # times: no page of ours grows more
_SMALL = 10_000  # bytes: what is smaller may grow as it likes
_PACKED = 6  # the level of zlib
_MISSES = 3  # clips without room, one after another
_TURNS = 5
_HEAD, _CENTRAL, _END = 30, 46, 22  # bytes before the names in a zip
_DAY = 1 << 5 | 1  # 1 January 1980, as a zip says it
_FILE = stat.S_IFREG | 0o600
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
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


@dataclass(frozen=True, slots=True)
class _Taken:
    """A clip that has room, under its name."""

    name: str
    clip: Clip
    file: Path
    size: int


def write(
    out: Path,
    file: Path,
    clips: Callable[[], Iterable[Clip | LeftOut]],
    most: int,
    again: Callable[[], bool],
) -> HandedOver:
    """Put the pack in OUT and its clips into one file of at most so many bytes, the first clips first.

    Clips take long, and somebody may take something back meanwhile. So `again` is asked once they are made,
    and just before the file gets its name: it packs again, and says so, where something has changed.
    """
    _sweep(file)
    for _ in range(_TURNS):
        _chosen(clips(), most, ())
        if again():
            continue
        try:
            given = _written(out, file, clips(), most, again)
        except (FileNotFoundError, _Meanwhile):  # something was taken back in this very moment
            continue
        except OSError as e:
            raise refused_by_system(e, file.name) from e
        if given.file is None:  # the one of before may hold what may not be shown any more
            with on_disk(file):
                file.unlink(missing_ok=True)
        return given
    raise Busy(files.shown(out))


class _Meanwhile(Exception):
    """Something has changed while the file was written."""


def _sweep(file: Path) -> None:
    """Delete what a zip of this name has left that was broken off, and that nobody works on any more."""
    import psutil  # type: ignore[import-untyped]

    with on_disk(file):
        for part in file.parent.glob(f".{glob.escape(file.name[:40])}.*.part"):
            number = part.name.split(".")[-2]
            if number.isdecimal() and not psutil.pid_exists(int(number)):
                part.unlink(missing_ok=True)


def _written(
    out: Path, file: Path, clips: Iterable[Clip | LeftOut], most: int, again: Callable[[], bool]
) -> HandedOver:
    with on_disk(PACK):
        manifest = records.parse(out.joinpath(PACK).read_bytes(), PACK)
    pages = {page.file: out.joinpath(page.file) for page in pages_of(out)}
    sizes, names = {}, {*pages, *_TOPS}
    for name, path in pages.items():
        data = path.read_bytes()
        if len(data) > _PAGE:
            return _none(PageTooLarge(name, _PAGE // MEGA))
        if wrong := page_wrong(data, name, names):  # a team's page may hold what a reader will not open
            return _none(BadPage(name, wrong))
        sizes[name] = _takes(name, _deflated(data))
    if sum(path.stat().st_size for path in pages.values()) > _PAGES:
        return _none(TooLarge(_PAGES // MEGA, 0))
    room = most - _END - sum(sizes.values())
    taken, over, left_out = _chosen(clips, room, pages)
    while True:  # what the pages at the top take is known once it is known which clips there are
        missing = [*left_out, *_without_room(over, most)]
        tops = _tops(out, manifest, taken, missing)
        if sum(_takes(name, _deflated(data)) for name, data in tops.items()) <= room - _of_all(taken):
            break
        if not taken:
            return _none(TooLarge(most // MEGA, 0))
        over.append(taken.pop().clip)
    given = tuple((each.name, each.file) for each in taken)

    def fill(beside: Path) -> None:
        _zip(beside, tops, pages, given)
        if again():
            raise _Meanwhile

    files.fill(file, fill)
    return HandedOver(file=file, clips=len(taken), left_out=tuple(missing))


def _none(why: VigkitError) -> HandedOver:
    return HandedOver(file=None, clips=0, left_out=(_told(why),))


def _chosen(
    clips: Iterable[Clip | LeftOut], room: int, pages: Sized
) -> tuple[list[_Taken], list[Clip], list[LeftOut]]:
    """The clips that have room; those that have none; those that cannot be made.

    After some that had no room no more are made: a film takes longer to cut than to leave out.
    """
    taken: list[_Taken] = []
    over: list[Clip] = []
    left_out: list[LeftOut] = []
    names: set[str] = set()
    missed = 0
    for each in clips:
        if isinstance(each, LeftOut):
            left_out.append(each)
            continue
        if missed == _MISSES or len(pages) + len(_TOPS) + len(taken) == _ENTRIES:
            over.append(each)
            continue
        made = each.make()
        if isinstance(made, LeftOut):
            left_out.append(made)
            continue
        name = _free(f"{each.casebook}/{each.cycle}/{each.moment}", names)
        size = made.stat().st_size
        if film_wrong(made.read_bytes()):  # somebody else has written it
            left_out.append(_told(BadClip(), each.casebook, each.cycle))
            continue
        if size > _CLIP or _takes(name, size) > room:
            over.append(each)
            missed += 1
            continue
        names.add(name.casefold())
        taken.append(_Taken(name, each, made, size))
        room -= _takes(name, size)
        missed = 0
    return taken, over, left_out


def _of_all(clips: Iterable[_Taken]) -> int:
    return sum(_takes(each.name, each.size) for each in clips)


def _without_room(over: Sequence[Clip], most: int) -> Iterator[LeftOut]:
    counts: dict[tuple[str, str], int] = {}
    for clip in over:
        counts[clip.casebook, clip.cycle] = counts.get((clip.casebook, clip.cycle), 0) + 1
    for (book, cycle), count in sorted(counts.items()):
        yield _told(TooLarge(most // MEGA, count), book, cycle)


def _free(stem: str, taken: Container[str]) -> str:
    """A name that Windows and macOS can tell from the others: for them m1 and M1 are one."""
    name, number = f"{stem}.mp4", 2
    while name.casefold() in taken:
        name, number = f"{stem}.{number}.mp4", number + 1
    return name


def _told(why: VigkitError, book: str | None = None, cycle: str | None = None) -> LeftOut:
    return LeftOut(casebook=book, cycle=cycle, code=why.code, sentence=why.sentence)


def _tops(
    out: Path, packed: dict[str, Any], taken: Sequence[_Taken], missing: Sequence[LeftOut]
) -> dict[str, bytes]:
    """The index, the page of the clips and pack.json, as they are in this file."""
    first = out.joinpath(INDEX).read_bytes()
    tops: dict[str, bytes] = {}
    manifest = dict(packed)
    if taken or missing:
        first = index.with_clips(first.decode(), len(taken), len(missing)).encode()
        clips = [(each.name, each.clip) for each in taken]
        tops[CLIPS] = index.clips_page(clips, missing, packed["purpose"], packed["day"]).encode()
        manifest["clips_page"] = hashlib.sha256(tops[CLIPS]).hexdigest()
    manifest["clips"] = [
        {
            "casebook": each.clip.casebook,
            "cycle": each.clip.cycle,
            "moment": each.clip.moment,
            "file": each.name,
            "sha256": files.sha256(each.file),
        }
        for each in taken
    ]
    manifest["index"] = hashlib.sha256(first).hexdigest()
    manifest["left_out"] = [*packed["left_out"], *map(reason_row, missing)]
    return {INDEX: first, **tops, PACK: records.text(manifest).encode()}


def _zip(
    beside: Path, tops: dict[str, bytes], pages: dict[str, Path], clips: Sequence[tuple[str, Path]]
) -> None:
    with zipfile.ZipFile(beside, "w") as made:
        for name, data in tops.items():
            _add_page(made, name, data)
        for name, path in sorted(pages.items()):
            _add_page(made, name, path.read_bytes())
        for name, path in clips:
            made.writestr(_entry(name, zipfile.ZIP_STORED), path.read_bytes())


def _add_page(made: zipfile.ZipFile, name: str, data: bytes) -> None:
    made.writestr(_entry(name, zipfile.ZIP_DEFLATED), data, compresslevel=_level(data))


def _entry(name: str, kind: int) -> zipfile.ZipInfo:
    """The same on every computer and at every time."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.create_system = kind, 3
    entry.external_attr = _FILE << 16
    return entry


def _takes(name: str, size: int) -> int:
    return size + _HEAD + _CENTRAL + 2 * len(name)


def _deflated(data: bytes) -> int:
    return len(zlib.compress(data, _level(data)))  # with a few bytes more than a zip has


def _level(data: bytes) -> int:
    """How hard a page is packed: what could grow as a bomb does is not packed at all."""
    return 0 if _grows(len(data), len(zlib.compress(data, _PACKED))) else _PACKED


def _grows(size: int, packed: int) -> bool:
    return size > _SMALL and size > _INFLATED * packed


# --- Reading ---------------------------------------------------------------------------------------------


def is_ours(file: Path) -> bool:
    """Whether a file is a pack of ours, sound or not: one that a new one may take the place of."""
    try:
        with zipfile.ZipFile(file) as found:
            names = set(found.namelist())
            return {PACK, INDEX} <= names and all(map(_OURS.fullmatch, names))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def problems(file: Path) -> list[Problem]:
    """Everything that is not in order in a zip; BadArchive where it is none. Nothing of it is unpacked."""
    with on_disk(file.name), file.open("rb") as raw:
        entries, listed = _entries(raw, file.name)
        found = list(_structure(raw, entries, listed))
        return found or list(_contents(raw, entries))


def pages(file: Path) -> list[tuple[Page, str]]:
    """The logs of a zip; BadArchive where anything in it is not in order."""
    if found := problems(file):
        raise BadArchive(file.name, found[0].sentence)
    with on_disk(file.name), zipfile.ZipFile(file) as opened:
        manifest = records.parse(opened.read(PACK), PACK)
        rows = [records.read(Page, row, PACK) for row in manifest["logs"]]
        return [(row, opened.read(row.file).decode()) for row in rows]


def _entries(raw: BinaryIO, name: str) -> tuple[list[zipfile.ZipInfo], bytes]:
    """What a zip says it holds, and the bytes that say it; BadArchive where its end is not as ours are."""
    raw.seek(0, 2)
    size = raw.tell()
    raw.seek(max(size - _END, 0))
    end = raw.read(_END)
    if len(end) < _END or end[:4] != b"PK\5\6":
        raise BadArchive(name, "It is no zip, or half of one.")
    _, disk, first, here, count, length, start, comment = struct.unpack("<4s4H2LH", end)
    if count > _ENTRIES or length > size or disk or first or here != count or comment:
        raise BadArchive(name, "It holds something beside its files, or far too many of them.")
    if start + length + _END != size:
        raise BadArchive(name, "It holds something beside its files, or far too many of them.")
    try:
        with zipfile.ZipFile(raw) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeError) as e:
        raise BadArchive(name, "Its list of files cannot be read.") from e
    raw.seek(start)
    if len(entries) != count:
        raise BadArchive(name, "Its list of files cannot be read.")
    return entries, raw.read(length)


def _structure(raw: BinaryIO, entries: Sequence[zipfile.ZipInfo], listed: bytes) -> Iterator[Problem]:
    """Names, kinds and sizes that no pack of ours has, and bytes that are no part of it."""
    seen: set[str] = set()
    total, inside, at, sound = 0, 0, 0, True
    folders: dict[str, str] = {}
    for entry in entries:
        name = entry.orig_filename
        folded = unicodedata.normalize("NFC", name).casefold()
        total += entry.file_size
        inside += 0 if name.endswith(".mp4") else entry.file_size
        wrong = _name(name) or _kind(entry) or _size(entry, total, inside)
        if any(
            folders.setdefault(each.casefold(), each) != each
            for each in accumulate(name.split("/")[:-1], _join)
        ):
            wrong = "For Windows and macOS its folder is another one that is there too."
        if folded in seen:
            wrong = "It stands there twice, or for Windows and macOS it does."
        if wrong is None and (entry.header_offset != at or _read(raw, at, len(_head(entry))) != _head(entry)):
            wrong = "What is said of it in one place is not so in another."
        seen.add(folded)
        sound = sound and wrong is None
        at = entry.header_offset + _HEAD + len(name.encode()) + entry.compress_size
        if wrong:
            yield _problem(name, wrong)
    for name in sorted({INDEX, PACK} - {entry.orig_filename for entry in entries}):
        yield _problem(name, "It is not there.")
    if sound and (listed != b"".join(map(_line, entries)) or raw.seek(0, 2) != at + len(listed) + _END):
        yield _problem(PACK, "There is more in this zip than its files.")


def _read(raw: BinaryIO, at: int, size: int) -> bytes:
    raw.seek(at)
    return raw.read(size)


def _head(entry: zipfile.ZipInfo) -> bytes:
    """What stands before a file in a zip of ours, and nothing else may."""
    name = entry.orig_filename.encode()
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    return (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, entry.compress_type, 0, _DAY, *sizes, len(name), 0) + name
    )


def _line(entry: zipfile.ZipInfo) -> bytes:
    """What the list at the end of a zip of ours says of a file."""
    name = entry.orig_filename.encode()
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    first = struct.pack("<4s2B5H3L", b"PK\1\2", 20, 3, 20, 0, entry.compress_type, 0, _DAY, *sizes)
    return first + struct.pack("<5H2L", len(name), 0, 0, 0, 0, _FILE << 16, entry.header_offset) + name


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
    way = zipfile.ZIP_STORED if entry.orig_filename.endswith(".mp4") else zipfile.ZIP_DEFLATED
    if entry.flag_bits or entry.extra or entry.comment or entry.compress_type != way:
        return "It is locked, or packed in another way than ours."
    return None


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}"


def _size(entry: zipfile.ZipInfo, total: int, pages: int) -> str | None:
    clip = entry.orig_filename.endswith(".mp4")
    if entry.file_size > (_CLIP if clip else _PAGE) or total > MOST * MEGA or pages > _PAGES:
        return "It is far larger than a part of a pack."
    if _grows(entry.file_size, entry.compress_size):
        return "It would grow far larger when it is opened."
    return "Its size is not what it says." if clip and entry.file_size != entry.compress_size else None


def _inflated(raw: BinaryIO, entry: zipfile.ZipInfo) -> bytes | None:
    """A file of a zip, and never more than it says it has; None where it is damaged."""
    packed = _read(raw, entry.header_offset + len(_head(entry)), entry.compress_size)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        opener = zlib.decompressobj(-15)
        try:
            data = opener.decompress(packed, entry.file_size + 1)
        except zlib.error:
            return None
        if not opener.eof or opener.unused_data:
            return None
    else:
        data = packed
    return data if (len(data), zlib.crc32(data)) == (entry.file_size, entry.CRC) else None


def _contents(raw: BinaryIO, entries: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Files that are not what pack.json says, and pages that could do something."""
    by_name = {entry.orig_filename: entry for entry in entries}
    try:
        named = _named(_inflated(raw, by_name[PACK]) or b"")
    except BadRecord as e:
        yield Problem(file=PACK, code=e.code, sentence=e.sentence)
        return
    for name, entry in by_name.items():
        if name == PACK:
            continue
        data = _inflated(raw, entry)
        if data is None:
            yield _problem(name, "It is damaged.")
        elif name not in named:
            yield _changed(name, "is no part of this pack")
        elif hashlib.sha256(data).hexdigest() != named[name]:
            yield _changed(name, "is not as it was packed")
        elif wrong := film_wrong(data) if name.endswith(".mp4") else page_wrong(data, name, by_name.keys()):
            yield _problem(name, wrong)
    for name in sorted(named.keys() - by_name.keys()):
        yield _changed(name, "is not there")


def _named(text: bytes) -> dict[str, str]:
    """The files that pack.json names, and their sha256."""
    manifest = records.parse(text, PACK)
    found = manifest.get("format")
    if not isinstance(found, int) or found is True or found < 1:
        raise BadRecord(PACK, "It says of no format that it has it.", "format")
    if found > FORMAT:
        raise NewerFormat(PACK, found, FORMAT)
    left_out = manifest.get("left_out")
    if manifest.get("purpose") not in PURPOSES or not re.fullmatch(_DATE, str(manifest.get("day"))):
        raise BadRecord(PACK, "It says no purpose, or no day.", "purpose")
    if not isinstance(left_out, list) or not all(isinstance(each, dict) for each in left_out):
        raise BadRecord(PACK, "A list is needed here.", "left_out")
    named = {INDEX: manifest.get("index")}
    if "clips_page" in manifest:
        named[CLIPS] = manifest["clips_page"]
    for kind in ("logs", "people", "clips"):
        rows = manifest.get(kind, [])
        if not isinstance(rows, list):
            raise BadRecord(PACK, "A list is needed here.", kind)
        for row in rows:
            file = row.get("file") if isinstance(row, dict) else None
            if not isinstance(file, str) or not _OURS.fullmatch(file):
                raise BadRecord(PACK, "Each entry needs a file of a pack.", kind)
            if not (_is_clip(row) if kind == "clips" else records.read(Page, row, PACK, kind).file == file):
                raise BadRecord(PACK, "An entry names another file than its own.", kind)
            if file in named:
                raise BadRecord(PACK, "Two entries name one file.", kind)
            named[file] = row.get("sha256")
    return {name: str(sha256) for name, sha256 in named.items()}


def _is_clip(row: dict[str, Any]) -> bool:
    """Whether the file of a clip has the name that it would have from us."""
    ids = [row.get(key) for key in ("casebook", "cycle", "moment")]
    found = _OURS.fullmatch(row["file"])
    clip = found["clip"] if found else None
    return bool(clip and ids == clip.split(".")[0].split("/"))


def _changed(name: str, what: str) -> Problem:
    return Problem(file=name, code=_CHANGED, sentence=f"{name} {what}. Ask for the pack again.")


def _problem(name: str, wrong: str) -> Problem:
    shown = re.sub(r"[^\x20-\x7e]", "?", name)[:80] or "?"
    return Problem(file=shown, code=BadArchive.code, sentence=f"{shown}: {wrong} Do not unpack it.")


# --- What a page and a clip may hold ---------------------------------------------------------------------
#
# A browser mends what is no good HTML, and each does it in its own way. So a page has to be of the few words
# that our own are written in, all of them whole: then there is one way to read it.

_PAGE_HEAD = re.compile(
    '<!doctype html>\n<html lang="[a-z-]{2,12}">\n<head>\n'
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'none'; img-src data:; media-src data:; style-src 'sha256-(?P<hash>[A-Za-z0-9+/=]{44})'; "
    "base-uri 'none'; form-action 'none'"
    '">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>[^<]*</title>\n<style>(?P<style>[^<]*)</style>\n</head>\n{1,2}<body>\n"
)
_PAGE_END = re.compile(r"</body>\n</html>\n?")
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [A-Za-z][A-Za-z0-9-]*="[^"<>]*")*) ?/?>')
_ATTRIBUTE = re.compile(r' ([A-Za-z][A-Za-z0-9-]*)="([^"]*)"')
_SIGNS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TAGS = re.compile(
    "a|abbr|article|aside|b|blockquote|br|caption|circle|cite|code|col|colgroup|dd|details|div|dl|dt|ellipse|em"
    "|figcaption|figure|footer|g|h[1-6r]|header|i|img|li|line|main|mark|nav|ol|p|path|polygon|polyline|pre|q"
    "|rect|s|section|small|span|strong|sub|summary|sup|svg|table|tbody|td|text|tfoot|th|thead|time|title|tr"
    "|tspan|u|ul"
)
_ATTRIBUTES = re.compile(
    "(?:aria|data)-[a-z-]+|alt|class|colspan|c[xy]|d|datetime|dir|dominant-baseline|fill|fill-opacity|font-size"
    "|font-weight|headers|height|href|id|lang|opacity|overflow|paint-order|points|preserveAspectRatio|r[xy]?"
    "|role|rowspan|scope|src|start|stroke|stroke-[a-z]+|text-anchor|title|transform|vector-effect|viewBox"
    "|width|[xy][12]?"
)
_SAID = frozenset({"alt", "title"})  # words, which may hold any sign


def page_wrong(data: bytes, name: str, names: Container[str]) -> str | None:
    """What a page holds that no page of ours does: something that runs, loads, or leads elsewhere."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "It is no page of ours."
    head = _PAGE_HEAD.match(text)
    if head is None or _SIGNS.search(text):
        return "It does not forbid what a page could do."
    if re.search(r"@import|url\s*\(|\\", head["style"], re.IGNORECASE):
        return "It loads something from another place."
    style = hashlib.sha256(head["style"].encode()).digest()
    if base64.b64encode(style).decode() != head["hash"]:
        return "It does not forbid what a page could do."
    at = head.end()
    while (next_tag := text.find("<", at)) >= 0:
        if _PAGE_END.fullmatch(text, next_tag):
            return None
        tag = _TAG.match(text, next_tag)
        if tag is None or not _TAGS.fullmatch(tag[2]):
            return "It holds something that could run."
        for attribute, value in _ATTRIBUTE.findall(tag[3]):
            if wrong := _attribute_wrong(tag[2], attribute, value, name, names):
                return wrong
        at = tag.end()
    return "It is no page of ours."


def _attribute_wrong(tag: str, attribute: str, value: str, page: str, names: Container[str]) -> str | None:
    if not _ATTRIBUTES.fullmatch(attribute):
        return "It holds something that could run."
    if attribute == "src":
        picture = tag == "img" and re.fullmatch(r"data:image/(jpeg|png);base64,[A-Za-z0-9+/]*=*", value)
        return None if picture else "It loads something from another place."
    if attribute == "href":
        file, _, _ = value.partition("#")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(page), file)) if file else page
        return None if there in names and re.fullmatch("[A-Za-z0-9_./#-]*", value) else "It leads elsewhere."
    said = attribute in _SAID or attribute.startswith(("aria-", "data-"))
    if not said and re.search(r"url|[\\:&]", value, re.IGNORECASE):
        return "It loads something from another place."
    return None


_BOXES: dict[bytes, set[bytes]] = {
    b"": {b"ftyp", b"moov", b"free", b"mdat"},
    b"moov": {b"mvhd", b"trak", b"udta"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"},
    b"stsd": {b"avc1", b"mp4a"},
    b"avc1": {b"avcC", b"colr", b"btrt", b"pasp", b"fiel"},
    b"mp4a": {b"esds", b"btrt"},
}
_BEFORE = {b"stsd": 8, b"avc1": 78, b"mp4a": 28}  # bytes of a box before those inside it
_NAMES = {b"vide": b"VideoHandler\0", b"soun": b"SoundHandler\0"}
_PROGRAM = slice(42, 74)  # of the program that has made the pictures
# What ffmpeg always writes: a list of words that is empty, and that a film lies in its own file.
_WHOLE = {
    b"free": b"",
    b"udta": b"\0\0\0\x35meta\0\0\0\0\0\0\0\x21hdlr" + bytes(8) + b"mdirappl" + bytes(9) + b"\0\0\0\x08ilst",
    b"dref": bytes(7) + b"\x01\0\0\0\x0curl \0\0\0\x01",
}
_MORE = "It holds more than picture and sound."


def film_wrong(data: bytes) -> str | None:
    """What a clip holds beside picture and sound: a place, a day, a name, or something else altogether."""
    kinds: list[bytes] = []
    sizes: Counter[bytes] = Counter()
    wrong = _boxes_wrong(data, b"", kinds, sizes)
    if wrong is None and (sizes[b"mdat"] != sizes[b"stsz"] or kinds not in ([b"vide"], [b"vide", b"soun"])):
        wrong = _MORE
    return wrong if data[4:8] == b"ftyp" else "It is no clip of ours."


def _boxes_wrong(data: bytes, around: bytes, kinds: list[bytes], sizes: Counter[bytes]) -> str | None:
    """What is wrong with the boxes inside one; `kinds` gets those of the tracks, `sizes` their bytes."""
    at, seen = 0, set()
    while at < len(data):
        size, kind = struct.unpack(">L4s", data[at : at + 8]) if at + 8 <= len(data) else (0, b"")
        if not 8 <= size <= len(data) - at:
            return "It is no clip of ours."
        inside = data[at + 8 : at + size] if kind != b"mdat" else b""
        if kind not in _BOXES[around] or (kind in seen and kind != b"trak"):
            return _MORE
        if wrong := _box_wrong(kind, inside):
            return wrong
        if kind == b"hdlr":
            kinds.append(inside[8:12])
        if kind in _BOXES and (wrong := _boxes_wrong(inside[_BEFORE.get(kind, 0) :], kind, kinds, sizes)):
            return wrong
        if kind == b"mdat":
            sizes[kind] += size - 8
        if kind == b"stsz":
            sizes[kind] += _samples(inside)
        seen.add(kind)
        at += size
    return None


def _samples(inside: bytes) -> int:
    """The bytes of all pictures, or of all sound, of one track."""
    if len(inside) < 12:
        return -1
    each, count = struct.unpack(">2L", inside[4:12])
    if each:
        return int(each * count)
    return sum(struct.unpack(f">{count}L", inside[12:])) if len(inside) == 12 + 4 * count else -1


def _box_wrong(kind: bytes, inside: bytes) -> str | None:
    """What is wrong with what stands in a box beside other boxes."""
    if kind in (b"mvhd", b"tkhd", b"mdhd") and any(inside[4 : 4 + (16 if inside[:1] == b"\1" else 8)]):
        return "It tells the day on which it was made."
    if kind == b"hdlr" and (inside[24:] != _NAMES.get(inside[8:12]) or any(inside[:8] + inside[12:24])):
        return _MORE
    if kind == b"avc1" and inside[_PROGRAM].rstrip(b"\0") not in (b"", b"\1 "):
        return _MORE
    if kind == b"ftyp" and len(inside) > 32:
        return _MORE
    return None if inside == _WHOLE.get(kind, inside) else _MORE
