"""Check that every catalogue says all that the code can say: nothing missing, fuzzy or stale.

Usage: python tests/catalogues.py TEMPLATE CATALOGUE...
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po


def read(path: Path) -> Catalog:
    """Return a catalogue or a template."""
    with path.open("rb") as file:
        return read_po(file, locale=None if path.suffix == ".pot" else path.parts[-3])


def faults(template: Catalog, catalogue: Catalog) -> list[str]:
    """Return a line for each fault of a catalogue."""
    found = []
    wanted = {message.id for message in template if message.id}
    for key in wanted:
        message = catalogue.get(key if isinstance(key, str) else key[0])
        strings = message.string if message and isinstance(message.string, tuple | list) else None
        said = all(strings) if strings is not None else bool(message and message.string)
        if not said:
            found.append(f"missing: {key}")
        elif message is not None and message.fuzzy:
            found.append(f"fuzzy: {key}")
    for message in catalogue:
        if message.id and message.id not in wanted:
            found.append(f"said nowhere any more: {message.id}")
        found += [f"{error}: {message.id}" for error in message.check(catalogue) if message.id]
    return sorted(found)


def main(template: str, *catalogues: str) -> int:
    """Print the faults of all catalogues, and return how many have some."""
    wrong = 0
    committed = read(Path("petition/translations/messages.pot"))
    made = read(Path(template))
    if {message.id for message in committed} != {message.id for message in made}:
        sys.stderr.write("messages.pot is not what the code says: run `make translations`\n")
        wrong += 1
    for path in catalogues:
        lines = faults(made, read(Path(path)))
        sys.stderr.writelines(f"{path}: {line}\n" for line in lines)
        wrong += bool(lines)
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
