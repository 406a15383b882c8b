"""Who imports whom in a package, read from its source; functions are included, so a late import cannot hide
an arrow."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# From the bottom up: a part may import itself and what stands in earlier lines.
LAYERS = [
    {"messages"},
    {"notes"},
    {"machine", "table"},
    {"catalog"},
    {"arguments", "field", "storage"},
    {"baselines"},
    {"data", "backbones", "shown"},
    {"pretexts"},
    {"plots", "probes", "maps"},  # they look at results: see LOOKING
    {"recipe", "exercises"},
    {"training"},
    {"runs"},
    {"workbench", "commands"},
    {"__main__"},
]
# they may import each other and what stands below, nothing above
LOOKING = next(parts for parts in LAYERS if "plots" in parts)
BELOW_LOOKING = {"catalog", "field", "data", "messages", "shown"}
HEIGHT = {part: height for height, parts in enumerate(LAYERS) for part in parts}


def modules(package: Path) -> dict[str, Path]:
    """Dotted name inside the package -> file; "data" is data/__init__.py. The package's own __init__ is above
    all layers."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def imported(path: Path, inside: str, package: str) -> set[str]:
    """Absolute dotted names that a file imports, each `from a import b` as "a.b"; `inside` is the package it
    stands in."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            here = ".".join(filter(None, [package, inside])).split(".")
            base = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*base, *filter(None, [node.module])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def graph(package: Path) -> dict[str, set[str]]:
    """Module -> the modules of the same package that it imports."""
    files = modules(package)
    edges = {}
    for name, path in files.items():
        inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
        edges[name] = set()
        for target in imported(path, inside, package.name):
            local = target.removeprefix(f"{package.name}.")
            while local and local not in files:  # "field.Field" is a name in field
                local = local.rpartition(".")[0]
            if target.startswith(f"{package.name}.") and local and local != name:
                edges[name].add(local)
    return edges


def faults(package: Path) -> list[str]:
    """One line for each arrow that points up, each module in no layer, and each cycle; empty when all is
    well."""
    edges = graph(package)
    part = {name: name.partition(".")[0] for name in edges}
    lines = [f"{name} is in no layer; add it to LAYERS in import_graph.py"
             for name in edges if part[name] not in HEIGHT]
    for name, targets in edges.items():
        for target in targets:
            if (part[name] in HEIGHT and part[target] in HEIGHT
                and not allowed(part[name], part[target], target)):
                lines.append(f"{name} must not import {target}")
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        lines.append("cycle: " + " -> ".join(error.args[1]))
    return lines


def allowed(source: str, target_part: str, target: str) -> bool:
    if source in LOOKING:
        return target_part in LOOKING or target in BELOW_LOOKING or target_part == "machine"
    return source == target_part or HEIGHT[target_part] < HEIGHT[source]


def importers(package: Path, library: str) -> set[str]:
    """The files of the package that import the library, or write torch.distributed without importing it."""
    found = set()
    for path in sorted(package.rglob("*.py")):
        names = imported(path, "", package.name)
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names |= {ast.unparse(node) for node in tree if isinstance(node, ast.Attribute) and "." in library}
        if any(name == library or name.startswith(library + ".") for name in names):
            found.add(str(path.relative_to(package)))
    return found
