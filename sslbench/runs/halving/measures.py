"""How good an embedding is where nobody has labels: its effective rank, alignment and uniformity, and whether
augmentation leaves neighbours what they are. None of them is proof."""

MEASURES = ("rankme", "alignment + uniformity", "agreement of neighbours")
HIGHER = {"rankme": True, "alignment + uniformity": False, "agreement of neighbours": True}


def measured(scores: dict[str, float]) -> dict[str, float]:
    """The three measures, as far as an evaluation has them. scores: its own."""
    found = {"rankme": scores["rankme"]} if "rankme" in scores else {}
    if {"alignment", "uniformity"} <= scores.keys():
        found["alignment + uniformity"] = scores["alignment"] + scores["uniformity"]
    return found | ({"agreement of neighbours": scores["agreement"]} if "agreement" in scores else {})


def mean_ranks(every: list[dict[str, float]]) -> list[float]:
    """The mean place of each by all measures that all of them have: 1 is best by each."""
    names = [name for name in MEASURES if all(name in one for one in every)]
    places = {name: sorted((one[name] for one in every), reverse=HIGHER[name]) for name in names}
    return [sum(1 + places[name].index(one[name]) for name in names) / max(1, len(names)) for one in every]
