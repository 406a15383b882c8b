"""The members of a tar archive of which nobody knows who wrote it: headers that lie about sizes, chains of
headers and maps of sparse files end the archive there, not the reading."""

import errno
import tarfile
from collections.abc import Iterator

NO_TAR, PACKED, BROKEN = "no tar archive", "compressed; unpack it once", "a damaged tar archive"
HEADERS = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
           tarfile.GNUTYPE_LONGLINK}  # members that say something of the next one
LARGEST = 2**20  # bytes of one of these


class Member(tarfile.TarInfo):
    """A header as tarfile reads it; one with an impossible size is none."""

    @classmethod
    def frombuf(cls, *given):
        found = super().frombuf(*given)
        if found.size < 0 or (found.type in HEADERS and found.size > LARGEST):
            raise tarfile.InvalidHeaderError("impossible size")
        return found


class Archive:
    """An open archive. cut: it ended too early.  broken: something in it is no header that can be read."""

    def __init__(self, f, end: int):
        self.f, self.end = f, end
        self.cut = self.broken = False

    def members(self) -> Iterator[tarfile.TarInfo]:
        """What the archive holds whole. ValueError in a few words where it is none at all."""
        packed = self.f.read(2) == b"\x1f\x8b"
        self.f.seek(0)
        tar, last = None, -1
        while True:
            try:
                tar = tar or tarfile.open(fileobj=self.f, mode="r:", tarinfo=Member)
                member = tar.next()
            except OSError as error:
                if error.errno is not None and error.errno != errno.EINVAL:  # a place before its beginning
                    raise
                return self.stopped()
            except tarfile.TarError:
                if tar is None:
                    raise ValueError(PACKED if packed else NO_TAR) from None
                return self.stopped()
            except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
                return self.stopped()
            if member is None:
                return self.finished(tar)
            whole = tar.offset > last and member.size >= 0
            if not whole or (not member.issparse() and member.offset_data + member.size > self.end):
                self.broken, self.cut = not whole, whole
                return
            last = tar.offset
            yield member

    def stopped(self) -> None:
        """At something that is no header: the end of a file that was cut, or damage."""
        self.cut = self.f.tell() >= self.end
        self.broken = not self.cut

    def finished(self, tar: tarfile.TarFile) -> None:
        """An archive ends with blocks of zeros."""
        self.f.seek(tar.offset)
        block = self.f.read(tarfile.BLOCKSIZE)
        whole = block == tarfile.NUL * tarfile.BLOCKSIZE
        self.broken = not whole and len(block) == tarfile.BLOCKSIZE and tar.offset > 0
        self.cut = not whole and not self.broken and tar.offset > 0
