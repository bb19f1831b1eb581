"""Every error a user can meet: one sentence that says what to do next.

VigkitError                     exit 2: refused, nothing on disk has changed
├── BadUsage                    bad-usage
├── BadRecord                   bad-record
│   ├── BrokenFile              bad-record: a file of the casebook holds it
│   └── NewerFormat             newer-format
├── NotACasebook                not-a-casebook
├── FolderNotEmpty              folder-not-empty
├── BadArchive · TooLarge       unsafe-zip · too-large
├── Unknown…                    unknown-cycle · -film · -moment · -person · -principle · -purpose
├── MomentOutsideFilm           moment-outside-film
├── Film…                       film-unreadable · film-missing · film-changed
├── Stopped                     what may not be shown
│   ├── ConsentMissing          consent-missing
│   ├── ConsentExpired          consent-expired
│   ├── ConsentWithdrawn        consent-withdrawn
│   └── NotShared               not-shared
│       └── NothingToShow       not-shared: no moment of a cycle is
├── BadPrinciples               bad-principles
├── SyncCopy                    sync-copy
├── AnsweredElsewhere           answered-elsewhere
├── NothingAsked                nothing-asked
├── ChangedElsewhere            changed-elsewhere (exit 1: your words are in kept/)
├── TemplateFailed · TookTooLong · TooMuchMemory · WorkerDied
├── Cluster…                    cluster-not-installed · cluster-unreachable · cluster-differs
└── MachineFailed               exit 3: what was there before is whole
    ├── Busy                    busy
    ├── ClusterLost             cluster-lost: while it was at work
    ├── FolderGone              machine-failed: the casebook's folder is not where it was
    ├── DiskFull                disk-full
    └── NoPermission            no-permission

Sentences name files inside the casebook, never the folders above it: a home folder holds a person's name.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar


class VigkitError(Exception):
    """What went otherwise than hoped, as a sentence with the next step."""

    code: ClassVar[str] = "unexpected"
    exit: ClassVar[int] = 2

    def __init__(self, sentence: str, *, where: str | None = None, who: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.where = where and short(where)
        self.who = tuple(who)

    @property
    def sentence(self) -> str:
        """The sentence shown to the person."""
        return str(self)

    @property
    def told(self) -> str:
        """The sentence for a pack, which others open: it names no file and no folder."""
        return self.sentence

    @property
    def on_page(self) -> str:
        """The sentence for a page, whose reader has never opened a file of the casebook."""
        return self.sentence


def clock(seconds: float) -> str:
    """A time on the film as a person reads it.

    >>> clock(0), clock(12.4), clock(75.25), clock(3600)
    ('0:00', '0:12.4', '1:15.25', '60:00')
    """
    if not abs(seconds) < 1e9:
        return f"{seconds:g}"
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    whole, thousandths = divmod(rest, 1000)
    tail = f".{thousandths:03d}".rstrip("0") if thousandths else ""
    return f"{minutes}:{whole:02d}{tail}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words joined as one says them.

    >>> listed(["S1"]), listed(["S1", "C1"]), listed(["gaze", "face", "word"], "or")
    ('S1', 'S1 and C1', 'gaze, face or word')
    """
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def short(name: str) -> str:
    """A name that somebody typed, as it can stand in a sentence.

    >>> short("snack"), short("a" * 100_000)[38:], short("a\\nb")
    ('snack', 'aa…', 'a b')
    """
    name = "".join(letter if letter.isprintable() else " " for letter in name[:1000])
    return name if len(name) <= 80 else f"{name[:40]}…"


class BadUsage(VigkitError):
    """The words of the command line cannot be read."""

    code = "bad-usage"


class BadRecord(VigkitError):
    """A record says something that it cannot say."""

    code = "bad-record"

    def __init__(self, where: str, what: str, place: str = "") -> None:
        self._place, self._what = f" at {place}" if place else "", what
        super().__init__(f"{where}{self._place}: {what}", where=where)

    @property
    def told(self) -> str:
        """Anybody may have named the file."""
        return f"A record cannot be read{self._place}. {self._what} Run vigkit check on the casebook."


class BrokenFile(BadRecord):
    """A file of the casebook cannot be read as it lies there."""

    def __init__(self, where: str, found: BadRecord) -> None:
        VigkitError.__init__(self, found.sentence, where=where)
        self._place, self._what = found._place, found._what
        folder, _, file = where.rpartition("/")
        kind = {"cycles": "cycle", "films": "film", "consent": "consent of", "notes": "note"}.get(folder)
        self._name = f"The {kind} {file.removesuffix('.json')}" if kind else f"The file {where}"

    @property
    def on_page(self) -> str:
        """What it is, rather than how it is broken."""
        return (
            f"{self._name} cannot be read, and nothing has been changed. Put back an older copy of "
            f"{self.where}, from a backup or the history of your sync folder. Or ask whoever helps you."
        )


class NewerFormat(BadRecord):
    """The file was written by a newer vigkit."""

    code = "newer-format"

    def __init__(self, where: str, found: object, known: int) -> None:
        super().__init__(
            where,
            f"This file has format {found} and this vigkit writes format {known}. "
            "To change it, use the newer vigkit.",
        )

    @property
    def told(self) -> str:
        """Anybody may have named the file."""
        return "A record was written by a newer vigkit. Use that one for this casebook."


class NotACasebook(VigkitError):
    """There is no casebook in this folder."""

    code = "not-a-casebook"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The folder {name} holds no casebook.json. Choose the casebook's own folder, "
            "or make one with vigkit new.",
            where=name,
        )

    @property
    def told(self) -> str:
        """A folder's name may be a person's."""
        return "A folder holds no casebook.json. Run vigkit check on it."


class FolderNotEmpty(VigkitError):
    """Something lies in the folder already."""

    code = "folder-not-empty"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is something in {name} already. Choose a new folder.", where=name)


class BadArchive(VigkitError):
    """A zip that is no pack of ours, or that could do harm."""

    code = "unsafe-zip"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not opened. {why} Ask for the pack again.", where=name)


class BadPage(BadArchive):
    """A page that nobody would open out of a zip."""

    def __init__(self, page: str, why: str) -> None:
        VigkitError.__init__(
            self, f"{page}: {why} Nobody would open it, so there is no zip. Look at its template.", where=page
        )


class BadClip(BadArchive):
    """A clip in a casebook's cache that somebody else has written."""

    def __init__(self) -> None:
        VigkitError.__init__(
            self, "A clip is not as vigkit cuts it. Delete the folder cache in its casebook, and pack again."
        )


class TooLarge(VigkitError):
    """No room in a file of the size that was asked for; `clips` of a log, or 0 for all logs."""

    code = "too-large"

    def __init__(self, most: int, clips: int) -> None:
        what = f"{clips} clip{'' if clips == 1 else 's'} of this log" if clips else "The logs alone"
        have = "has" if clips == 1 else "have"
        super().__init__(f"{what} {have} no room in {most} MB. Give more after --under, or pack less.")


class PageTooLarge(TooLarge):
    """A page is larger than one in a zip may be."""

    def __init__(self, page: str, most: int) -> None:
        VigkitError.__init__(
            self, f"{page} is larger than {most} MB, so there is no zip. Make it shorter, or pack without it."
        )


class UnknownCycle(VigkitError):
    """The casebook has no such cycle."""

    code = "unknown-cycle"

    def __init__(self, cycle: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no cycle {short(cycle)} in this casebook. {_choose(known, 'cycle')}", where=cycle
        )


class UnknownFilm(VigkitError):
    """The casebook has no such film."""

    code = "unknown-film"

    def __init__(self, film: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no film {short(film)} in this casebook. "
            f"{_choose(known, 'film', 'Add it with vigkit film add.')}",
            where=film,
        )


class UnknownMoment(VigkitError):
    """The cycle has no such moment."""

    code = "unknown-moment"

    def __init__(self, moment: str, cycle: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no moment {short(moment)} in the cycle {cycle}. {_choose(known, 'moment')}",
            where=moment,
        )


class UnknownPerson(VigkitError):
    """Nobody in the film has this code."""

    code = "unknown-person"

    def __init__(self, person: str, film: str, known: Sequence[str]) -> None:
        super().__init__(
            f"The film {film} does not name {short(person)}. {_choose(known, 'person')}",
            where=person,
            who=[person],
        )


class UnknownPrinciple(VigkitError):
    """No principle has this id."""

    code = "unknown-principle"

    def __init__(self, principle: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no principle {short(principle)}. {_choose(known, 'principle')}", where=principle
        )

    @property
    def told(self) -> str:
        """Anybody may have typed it."""
        return "A moment names a principle that is not there. Run vigkit check on the casebook."


class UnknownPurpose(VigkitError):
    """No purpose has this name."""

    code = "unknown-purpose"

    def __init__(self, purpose: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no purpose {short(purpose)}. {_choose(known, 'purpose')}", where=purpose)

    @property
    def told(self) -> str:
        """Anybody may have typed it."""
        return "Something is shared for a purpose that is not there. Run vigkit check on the casebook."


class MomentOutsideFilm(VigkitError):
    """A moment that does not lie inside its film."""

    code = "moment-outside-film"

    def __init__(self, start: float, end: float, film: str, seconds: float) -> None:
        if 0 <= start <= seconds and 0 <= end <= seconds and end <= start:
            sentence = (
                f"The moment starts at {clock(start)} and ends at {clock(end)}. "
                "Choose an end that comes after the start."
            )
        else:
            sentence = (
                f"The moment {_signed(start)} to {_signed(end)} is outside the film {film}. "
                f"Choose times between 0:00 and {clock(seconds)}."
            )
        super().__init__(sentence, where=film)


class TimeOutsideMoment(MomentOutsideFilm):
    """A picture is asked for that does not lie inside the moment."""

    def __init__(self, at: float, moment: str, start: float, end: float) -> None:
        VigkitError.__init__(
            self,
            f"{_signed(at)} is outside the moment {moment}. "
            f"Choose a time from {clock(start)} to before {clock(end)}.",
            where=moment,
        )


class FilmUnreadable(VigkitError):
    """No picture can be read from this file."""

    code = "film-unreadable"

    def __init__(self, film: str, reason: str = "No picture can be read from it") -> None:
        super().__init__(
            f"The film {film} cannot be used. {reason}. "
            "Copy it from the phone or camera once more, or choose another film.",
            where=film,
        )


class FilmMissing(VigkitError):
    """The film is not where it was."""

    code = "film-missing"

    def __init__(self, film: str) -> None:
        super().__init__(
            f"The film {film} is not there. Check its name and folder, or wait until your folder is in sync.",
            where=film,
        )


class FilmChanged(VigkitError):
    """The film is another one than the one that was added."""

    code = "film-changed"

    def __init__(self, film: str) -> None:
        super().__init__(
            f"The file of the film {film} has changed since it was first looked at. "
            "Put the first file back, or add the new one under another id.",
            where=film,
        )


class Stopped(VigkitError):
    """Something that may not be shown for this purpose on this day."""


class ConsentMissing(Stopped):
    """Somebody has not agreed to this purpose."""

    code = "consent-missing"

    def __init__(self, film: str, who: Sequence[str], purpose: str) -> None:
        sentence = (
            f"The film {film} has no consent for {purpose} from {listed(who)}. "
            "Ask first, or leave this cycle for yourself."
            if who
            else f"The film {film} names nobody, and nobody has agreed to {purpose}. "
            "Add it again with --people."
        )
        super().__init__(sentence, where=film, who=who)


class ConsentExpired(Stopped):
    """Somebody's consent has come to its end."""

    code = "consent-expired"

    def __init__(self, film: str, who: Sequence[str], purpose: str) -> None:
        super().__init__(
            f"The time that {listed(who)} agreed to has ended for the film {film} ({purpose}). "
            "Ask again, or delete the film.",
            where=film,
            who=who,
        )


class ConsentWithdrawn(Stopped):
    """Somebody has taken their consent back."""

    code = "consent-withdrawn"

    def __init__(self, film: str, who: Sequence[str], purpose: str) -> None:
        super().__init__(
            f"The consent of {listed(who)} for the film {film} was taken back. "
            "It is not shown any more. Delete the film and ask for copies back.",
            where=film,
            who=who,
        )


class NotShared(Stopped):
    """The person has not shared this moment for this purpose."""

    code = "not-shared"

    def __init__(self, moment: str, purpose: str) -> None:
        super().__init__(
            f"The moment {moment} is not shared for {purpose}. Its owner chooses what is shared.",
            where=moment,
        )


class NothingToShow(NotShared):
    """No moment of the cycle is shared for this purpose."""

    def __init__(self, cycle: str, purpose: str) -> None:
        VigkitError.__init__(
            self,
            f"No moment of the cycle {cycle} is shared for {purpose}. Its owner chooses what is shared.",
            where=cycle,
        )


class ChangedElsewhere(VigkitError):
    """The file has changed since it was read; both versions are kept."""

    code = "changed-elsewhere"
    exit = 1

    def __init__(self, where: str, kept: str) -> None:
        super().__init__(
            f"{where} was changed somewhere else meanwhile. It is left as it is. "
            f"Your version is in {kept}. Open both and choose.",
            where=where,
        )


class AnsweredElsewhere(VigkitError):
    """Another window has given another answer to the same question."""

    code = "answered-elsewhere"

    def __init__(self, where: str, theirs: object) -> None:
        super().__init__(
            "Another window has changed this answer meanwhile. Both are here: choose the one to keep.",
            where=where,
        )
        self.theirs = theirs


class NothingAsked(VigkitError):
    """There is no cycle yet, and a cycle begins with a question."""

    code = "nothing-asked"

    def __init__(self) -> None:
        super().__init__("Write your helping question first. It stands on page 1.")


class SyncCopy(VigkitError):
    """Two files claim to be the same record."""

    code = "sync-copy"

    def __init__(self, where: str, same_as: str) -> None:
        super().__init__(
            f"{where} and {same_as} are copies of one thing. Look at both, and keep the one you need.",
            where=where,
        )

    @property
    def told(self) -> str:
        """A sync client puts the computer's name, which may be a person's, into the copy's."""
        return "Something in this casebook is there twice. Run vigkit check on it, and keep the one you need."


class BadPrinciples(VigkitError):
    """A team's own words for the principles cannot be read."""

    code = "bad-principles"

    def __init__(self, where: str, line: int, reason: str) -> None:
        super().__init__(f"{where}, line {line}: {reason}", where=where)
        self._told = f"The team's own words for the principles, line {line}: {reason}"

    @property
    def told(self) -> str:
        """Without the file."""
        return self._told


class TemplateFailed(VigkitError):
    """A log's notebook did not run to its end."""

    code = "template-failed"

    def __init__(self, template: str, reason: str) -> None:
        super().__init__(f"The template {template} could not make this log: {reason}", where=template)
        self._reason = reason

    @property
    def told(self) -> str:
        """A template is called as its folder."""
        return f"The template could not make this log: {self._reason}"


class TookTooLong(VigkitError):
    """A log was not ready in time."""

    code = "took-too-long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"This log was not ready after {seconds:g} seconds. Try again, or allow more with --timeout."
        )


class WorkerDied(VigkitError):
    """The process that made a log ended by itself."""

    code = "worker-died"

    def __init__(self) -> None:
        super().__init__("The program that made this log ended by itself. Run the same command again.")


class TooMuchMemory(VigkitError):
    """A log took more memory than one log may."""

    code = "too-much-memory"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"This log needed more than {most / 2**30:g} GB of memory. Look at what its template loads."
        )


class ClusterNotInstalled(VigkitError):
    """What speaks to a cluster is not installed."""

    code = "cluster-not-installed"

    def __init__(self) -> None:
        super().__init__(
            "--cluster needs the package distributed. Install vigkit[cluster] beside vigkit, then try again."
        )


class ClusterUnreachable(VigkitError):
    """There is no cluster at this address that could make logs."""

    code = "cluster-unreachable"

    def __init__(self, address: str, why: str = "") -> None:
        super().__init__(
            why
            or f"No Dask scheduler answers at {short(address)}. "
            "Check the address and its certificates, or pack without --cluster.",
            where=address,
        )


class ClusterDiffers(VigkitError):
    """The cluster has another vigkit, which would make other pages."""

    code = "cluster-differs"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} of the cluster has another vigkit than this computer, or none. "
            "Install the same one on both, then try again."
        )


class MachineFailed(VigkitError):
    """The computer could not do it; what was there before is whole."""

    code = "machine-failed"
    exit = 3

    def __init__(self, where: str, reason: str = "The computer could not use") -> None:
        super().__init__(f"{reason} {where}. Nothing of yours is lost. Try again.", where=where)

    @property
    def told(self) -> str:
        """Without the file."""
        return "This computer could not read or write something in this casebook. Run vigkit check on it."


class DiskFull(MachineFailed):
    """There is no space left."""

    code = "disk-full"

    def __init__(self, where: str) -> None:
        super().__init__(where, "There is no space left on the disk for")

    def __str__(self) -> str:
        return (
            f"There is no space left on the disk for {self.where}. Make room and try again. Nothing is lost."
        )

    @property
    def told(self) -> str:
        """Without the file."""
        return "There is no space left on the disk. Make room and try again. Nothing is lost."


class NoPermission(MachineFailed):
    """The folder or file may not be written or read."""

    code = "no-permission"

    def __str__(self) -> str:
        return f"This computer does not let vigkit use {self.where}. Check that you may read and write there."

    @property
    def told(self) -> str:
        """Without the file."""
        return "This computer does not let vigkit read something in this casebook. Run vigkit check on it."


class Busy(MachineFailed):
    """Another program has been saving for a long time."""

    code = "busy"

    def __str__(self) -> str:
        return f"Another window is saving in {self.where}. Close it or wait a minute, then try again."


class ClusterLost(MachineFailed):
    """The cluster has gone while it was at work."""

    code = "cluster-lost"

    def __str__(self) -> str:
        return f"{self.where}. The logs that are done stay. Run the same command again for the rest."


class FolderGone(MachineFailed):
    """The folder of a casebook that is open is not where it was."""

    def __str__(self) -> str:
        return (
            f"The casebook's folder {self.where} is not where it was. Your words are kept in this window. "
            "Put the folder back under its old name, then try again."
        )


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def on_disk(where: str | Path) -> Iterator[None]:
    """Turn what the operating system says about `where` into a sentence."""
    try:
        yield
    except OSError as e:
        raise refused_by_system(e, where if isinstance(where, str) else where.name) from e


def refused_by_system(error: OSError, name: str) -> VigkitError:
    """The sentence for what the operating system says about something with this name."""
    if error.errno == errno.ENAMETOOLONG:
        return BadUsage(
            f"The name {short(name)} is too long for this computer. Choose a shorter one.", where=name
        )
    if error.errno in _FULL:
        return DiskFull(name)
    return NoPermission(name) if error.errno in _FORBIDDEN else MachineFailed(name)


def _choose(known: Sequence[str], noun: str, otherwise: str = "") -> str:
    if not known:
        return otherwise or f"It has no {noun} yet."
    return (
        f"Choose {listed(known[:12], 'or')}."
        if len(known) <= 12
        else f"Choose one of {len(known)}, such as {known[0]}."
    )


def _signed(seconds: float) -> str:
    return f"-{clock(-seconds)}" if seconds < 0 else clock(seconds)
