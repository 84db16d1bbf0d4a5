"""The pack that is handed over, as PDF: its texts in one language, and the names of the list."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask

from petition.artwork.stream import pack
from petition.artwork.stream.name_pages import Signer
from petition.artwork.stream.pack import PackText
from petition.core import i18n
from petition.core.config import site_url
from petition.organisers.export import Export, FileOptions, Format, Profile
from petition.petitions.queries import PetitionView
from petition.web.middleware.translations import get_catalogue
from petition.web.support.markdown import to_plain_text

MAX_ORGANISATIONS = 5_000  # further ones are counted
_LIST_SHARE = 0.3  # of the time: reading the list


class PackFile:
    """A pack, to be iterated over once, in pieces. Memory does not grow with the names.

    The list is read first, as CSV, for its hash is in the pack. It is kept in `list_file`, if one
    is given; it is as `signatures.csv?profile=handover` would have been then, but for the language
    of its last line.
    """

    def __init__(
        self,
        petition: PetitionView,
        words: "PackWords",
        *,
        folder: Path,
        list_file: Path | None = None,
    ) -> None:
        self._words = words
        self._petition, self._folder, self._list_file = petition, folder, list_file
        self._countries: Counter[str] = Counter()
        self._organisations: dict[str, Counter[str]] = {}
        self._hash = sha256()
        # Made here: it may be read outside the application's context.
        options = FileOptions(Format.CSV, Profile.HANDOVER)
        self._list = Export(petition.id, options, words.withheld, folder, on_rows=self._note)
        self._names: IO[str] | None = None
        self.rows = self.withheld = self.other_organisations = 0
        self.list_sha256 = ""
        self.progress = 0.0

    @property
    def sha256(self) -> str:
        """The hash of what has been read, in hexadecimal."""
        return self._hash.hexdigest()

    def sealed(self) -> dict[str, Any]:
        """Return what is stored of the pack beside its file."""
        language = self._petition.text.language
        return {"language": language, "withheld": self.withheld, "list_sha256": self.list_sha256}

    def __iter__(self) -> Iterator[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=self._folder) as temporary,
            (Path(temporary) / "names").open("w+", encoding="utf-8") as names,
        ):
            yield from self._read_list(names)
            names.seek(0)
            text = self._words.text(self)
            for piece in pack.write(text, self._signers(names)):
                self._hash.update(piece)
                yield piece

    def _read_list(self, names: IO[str]) -> Iterator[bytes]:
        """Read the list, and yield an empty piece for each part of it."""
        self._names = names
        path = self._list_file or Path(names.name).with_name("list")
        with path.open("wb") as file:
            for piece in self._list:
                file.write(piece)
                self.progress = _LIST_SHARE * self._list.progress
                yield b""
        self.rows, self.list_sha256 = self._list.rows, self._list.sha256
        self.withheld = self._list.count_withheld()

    def _note(self, rows: list[Sequence[Any]]) -> None:
        """Keep names and countries in a temporary file, and count countries and organisations."""
        assert self._names is not None  # noqa: S101 (the list is being read)
        for number, name, country, organisation, role, *_ in rows:
            self._names.write(f"{json.dumps([number, name, country])}\n")
            self._countries[country] += 1
            if organisation:
                self._note_organisation(organisation, role)

    def _note_organisation(self, name: str, role: str) -> None:
        if name not in self._organisations:
            if len(self._organisations) >= MAX_ORGANISATIONS:
                self.other_organisations += 1
                return
            self._organisations[name] = Counter()
        if role:
            self._organisations[name][role] += 1

    def _signers(self, names: IO[str]) -> Iterator[Signer]:
        for index, line in enumerate(names, start=1):
            number, name, country = json.loads(line)
            yield self._words.signer(number, name, country)
            self.progress = _LIST_SHARE + (1 - _LIST_SHARE) * index / max(1, self.rows)

    @property
    def countries(self) -> list[tuple[str, int]]:
        """The names by country, most first."""
        return self._countries.most_common()

    @property
    def organisations(self) -> list[tuple[str, list[str]]]:
        """The organisations with the roles of those who signed, in alphabetical order."""
        return sorted((name, sorted(roles)) for name, roles in self._organisations.items())


class PackWords:
    """The words of a pack, in the language of the petition's text that was chosen.

    Where the site does not speak it, headings are in the site's first language.
    """

    def __init__(self, app: Flask, petition: PetitionView, on: date) -> None:
        languages = app.config["LANGUAGES"]
        text_language = petition.text.language
        self._language = text_language if text_language in languages else languages[0]
        self._petition, self._on = petition, on
        self._locale = i18n.format_locale(self._language)
        self._catalogue = get_catalogue(app, self._language)
        self._countries = i18n.countries(self._language)
        self._address = f"{site_url(app.config)}/p/{petition.slug}"

    def withheld(self, count: int) -> str:
        """Return the line about people who are not named."""
        return str(
            self._catalogue.ngettext(
                "and %(number)s person whose name is withheld for their safety",
                "and %(number)s people whose names are withheld for their safety",
                count,
            )
            % {"number": self._number(count)}
        )

    def signer(self, number: int, name: str, country: str) -> Signer:
        """Return a line of the list."""
        return Signer(self._number(number), name, self._countries.get(country, country), country)

    def text(self, file: PackFile) -> PackText:
        """Return the texts around the list that was read."""
        gettext, text = self._catalogue.gettext, self._petition.text
        total = file.rows + file.withheld
        names = [
            (gettext("Names in this list"), self._number(file.rows)),
            (gettext("Names withheld for safety"), self._number(file.withheld)),
            (gettext("Signatures in all"), self._number(total)),
        ]
        if paper := self._petition.paper:
            names.append((gettext("On paper, in no list"), self._number(paper)))
        if self._petition.present_text is not None:
            present_text = self._number(min(total, self._petition.present_text))
            names.append((gettext("For the present text, signed or confirmed later"), present_text))
        by_country = [
            (self._countries.get(code, code), self._number(count)) for code, count in file.countries
        ]
        return PackText(
            language=text.language,
            right_to_left=i18n.is_right_to_left(text.language),
            title=text.title,
            target=gettext("To: %(target)s") % {"target": text.target},
            organiser=text.organiser,
            address=self._address,
            date=self._date(),
            counted=self._counted(total),
            letter_heading=gettext("The letter"),
            letter=to_plain_text(text.letter),
            demands=[line for line in text.demands.split("\n") if line],
            totals_heading=gettext("Totals"),
            totals=names,
            countries_heading=gettext("Names by country"),
            countries=by_country,
            organisations_heading=gettext("Organisations"),
            organisations=self._organisations(file),
            verified_heading=gettext("How the signatures were verified"),
            verified=self._verified(),
            hash_label=gettext("SHA-256 of the list (CSV) that goes with this file:"),
            sha256=file.list_sha256,
            names_heading=gettext("Names"),
            foot=self._foot,
            created_at=datetime.combine(self._on, time(), UTC),
        )

    def _counted(self, total: int) -> str:
        counted = self._catalogue.ngettext(
            "%(number)s person has signed.", "%(number)s people have signed.", total
        )
        return str(counted % {"number": self._number(total)})

    def _organisations(self, file: PackFile) -> list[str]:
        lines = [
            f"{name} ({', '.join(roles)})" if roles else name for name, roles in file.organisations
        ]
        if file.other_organisations:
            others = self._catalogue.ngettext(
                "and %(number)s more", "and %(number)s more", file.other_organisations
            )
            lines.append(others % {"number": self._number(file.other_organisations)})
        return lines

    def _verified(self) -> str:
        gettext = self._catalogue.gettext
        return "\n".join(
            (
                gettext(
                    "Everybody gave a name, a country and an email address. We sent an email with a"
                    " link to that address. A signature counts once its owner has opened the link"
                    " and pressed a button."
                ),
                gettext(
                    "A mailbox counts once, however its address is written. Whoever has withdrawn"
                    " their signature is not counted."
                ),
                gettext(
                    "The names are of people who agreed to be named to you. All others are counted,"
                    " and their names are withheld for their safety."
                ),
            )
        )

    def _foot(self, number: int, total: int) -> str:
        page = self._catalogue.gettext("Page %(number)s of %(total)s")
        numbers = {"number": self._number(number), "total": self._number(total)}
        return f"{self._petition.text.title[:70]} · {self._date()} · {page % numbers}"

    def _date(self) -> str:
        return str(format_date(self._on, "long", locale=self._locale))

    def _number(self, number: int) -> str:
        return str(format_decimal(number, locale=self._locale))
