"""What files are by their endings and names, where somebody gives a folder to a source that does not read
them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .tables.table import count

# files that are about the data
ABOUT = "readme", "license", "licence", "source-readme", "copying", "citation"
SOUND = {".wav", ".ogg", ".oga", ".opus", ".mp3", ".flac", ".m4a", ".aac", ".aif", ".aiff", ".au", ".wma"}
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


def about_the_data(path: Path) -> bool:
    """Whether a file is called like one that only says something of the others."""
    return path.stem.lower().startswith(ABOUT)


def otherwise(paths: Iterable[Path], read: int) -> str:
    """What most of these files are, and what to do with them, in words; "" where no more than `read` of them,
    those of the source's own kinds, are of a kind that is known here."""
    endings = Counter(path.suffix.lower() for path in paths)
    for kinds, noun, advice in (
            (SOUND, "sound file", "sound is not read yet, so save each as an array of its numbers (.npy) and "
                                  "give those to the source series"),
            (PICTURES, "picture", "the source images reads those")):
        own = Counter({ending: n for ending, n in endings.items() if ending in kinds})
        if own.total() > read:
            return f"{count(own.total(), noun)} ({', '.join(e for e, _ in own.most_common(3))}): {advice}"
    return ""
