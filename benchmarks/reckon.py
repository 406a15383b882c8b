"""What 1e9 pictures of 32 x 32 pixels would cost, reckoned from the figures of growth.py, beside what was
measured.

    python benchmarks/reckon.py    writes the section "A thousand million pictures" of benchmarks/README.md

Nothing is trained. Throughput is taken as it was measured on the largest set of each kind; what grows with
the number of pictures is reckoned by its bytes, and said so.
"""

import json
from pathlib import Path

from results import write_into

from sslbench.catalog import Table

HERE = Path(__file__).parent
LARGE, PIXELS = 10**9, 3 * 32 * 32  # pictures, bytes of one
HOURS = 24  # in which an epoch should end
# bytes for each picture: its place in the epoch, its label, the name of its file
ORDER, LABEL, NAME = 8, 8, 150


def largest(rows: list[dict], case: str) -> dict:
    return max((r for r in rows if r["case"] == case and r["processes"] == 1), key=lambda r: r["images"])


def reckoned(rows: list[dict]) -> list[dict]:
    """One row for each way to keep pictures."""
    two = [next(r for r in rows if r["case"] == "processes" and r["processes"] == n) for n in (1, 2)]
    shared = two[1]["samples per second"] / two[0]["samples per second"]  # on the same two cores
    found = []
    for case, held, listed in (("in memory", PIXELS, 0), ("memory map", 0, 0), ("limited", 0, NAME)):
        r = largest(rows, case)
        hours = LARGE / r["samples per second"] / 3600
        ready = r["ready after seconds"] * LARGE / r["images"] / 3600
        memory = LARGE * (held + listed + ORDER + LABEL) / 1e9
        found.append({"pictures": {"limited": "streamed from files"}.get(case, case),
                      "measured at": f"{r['images']:.0e}".replace("e+0", "e"),
                      "samples per second": r["samples per second"], "hours for an epoch": round(hours),
                      f"two-core machines for {HOURS} hours": -(-round(hours / shared) // HOURS),
                      "hours until it is ready": round(ready, 1),
                      "GB of disk": round(LARGE * PIXELS / 1e9),
                      "GB of memory for each process": round(memory)})
    return found


def words(rows: list[dict]) -> str:
    """What breaks first, in the order in which it does."""
    streamed, mapped = largest(rows, "limited"), largest(rows, "memory map")
    each = 1e6 * streamed["ready after seconds"] / streamed["images"]
    return (f"Measured with up to {mapped['images']:,} pictures in one file and {streamed['images']:,} in "
            "folders, two cores. What would break first:\n\n"
            f"1. **Folders.** Their files are listed and their headers read before the first step: "
            f"{each:.0f} microseconds for each, and about {NAME} bytes for its name in every "
            "process. Beyond some ten million files, shards or one file are the way.\n"
            f"2. **The order of an epoch** is one permutation in every process, {ORDER} bytes for each "
            f"picture, and labels take {LABEL} more: {LARGE * (ORDER + LABEL) / 1e9:.0f} GB for each process "
            "at 1e9.\n"
            "3. **Random reads.** A memory map is read picture by picture; the measured sets fit into the "
            "operating system's cache. From a disk a picture costs one read of its own.\n"
            "4. **The network.** What is left is arithmetic: the hours of the table, divided by the "
            "machines.")


def main() -> None:
    rows = json.loads((HERE / "growth.json").read_text())[0]["rows"]
    text = f"{words(rows)}\n\n{Table(reckoned(rows)).markdown()}"
    write_into(HERE / "README.md", "reckoned", text)
    print(text)


if __name__ == "__main__":
    main()
