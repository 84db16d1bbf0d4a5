"""The form of an update: its text in each language, a picture, a time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField, ValidationError
from wtforms.widgets import DateTimeLocalInput

from petition.core.errors import PictureInvalid
from petition.core.i18n import language_name
from petition.organisers.news.reading import News, NewsText
from petition.organisers.news.writing import NewsForm
from petition.petitions import pictures
from petition.petitions.pictures import WebPicture
from petition.web.organisers.forms import (
    OrganiserForm,
    TidyField,
    TidyTextArea,
    VersionField,
    at_most,
)
from petition.web.support.markdown import find_images

MAX_TITLE, MAX_BODY, MAX_NOTE, MAX_ALT = 200, 50_000, 500, 300
_ACCEPTED = ", ".join(f"image/{kind.lower()}" for kind in pictures.FORMATS)


class UpdateForm(OrganiserForm):
    """What is in every language the same; `make_form` adds the texts."""

    languages: Sequence[str] = ()
    picture_names: Iterable[str] = ()

    version = VersionField(default=0)
    author = TidyField(_("Author"), [at_most(MAX_TITLE)])
    at = TidyField(_("When to publish (UTC)"), widget=DateTimeLocalInput())
    picture = FileField(_("Picture"), render_kw={"accept": _ACCEPTED})
    alt = TidyField(_("What the picture shows"), [at_most(MAX_ALT)])
    action = StringField()  # the button that was pressed

    encoded: WebPicture | None = None

    def validate_at(self, field: TidyField) -> None:
        """Refuse what is no time."""
        if field.data and self.publish_at() is None:
            raise ValidationError(str(_("Give a day and a time, such as 2027-01-31 09:00.")))

    def validate_picture(self, field: FileField) -> None:
        """Read the picture, whatever its name says, and encode it again."""
        if field.data is None:
            return
        content = field.data.stream.read(pictures.MAX_BYTES + 1)
        if len(content) > pictures.MAX_BYTES:
            raise ValidationError(str(_("This picture is larger than 5 MB. Make it smaller.")))
        try:
            self.encoded = pictures.make_picture(content)
        except PictureInvalid:
            message = _("This file is no picture. Choose a JPEG, PNG, WebP or AVIF file.")
            raise ValidationError(str(message)) from None

    def validate_alt(self, field: TidyField) -> None:
        """Want words for those who do not see the picture."""
        if self.picture.data is not None and not field.data:
            raise ValidationError(
                str(_("Say what the picture shows, for people who cannot see it."))
            )

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, and that each language has a title and a text, one at least."""
        valid = bool(super().validate(extra_validators))
        written = [code for code in self.languages if self.is_written(code)]
        for code in written:
            self._check_text(code)
        if not written:
            self.refuse(f"title_{self.languages[0]}", _("Write a title and a text."))
        return valid and not self.wrong_fields

    def _check_text(self, code: str) -> None:
        for name in (f"title_{code}", f"body_{code}"):
            if not self[name].data:
                self.refuse(name, _("Fill in both, the title and the text."))
        if self[f"body_{code}"].errors:
            return  # it may take long to read
        for name, alt in find_images(self[f"body_{code}"].data or ""):
            if name not in self.picture_names:
                message = _("There is no picture named %(name)s. Add it below.", name=name[:100])
                self.refuse(f"body_{code}", message)
            elif not alt:
                message = _("Say in the square brackets what %(name)s shows.", name=name)
                self.refuse(f"body_{code}", message)

    def shown_languages(self) -> list[str]:
        """Return the languages whose fields are not folded: the first, and those in use."""
        return [
            code
            for code in self.languages
            if code == self.languages[0] or self.is_written(code) or self.is_wrong(code)
        ]

    def is_wrong(self, code: str) -> bool:
        """Return whether something is wrong in a language."""
        return any(self[f"{part}_{code}"].errors for part in ("title", "body", "note"))

    def is_written(self, code: str) -> bool:
        """Return whether anything is written in a language."""
        return bool(self[f"title_{code}"].data or self[f"body_{code}"].data)

    def publish_at(self) -> datetime | None:
        """Return the time that was given, in UTC."""
        try:
            at = datetime.fromisoformat(self.at.data or "")
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):  # the first hours of year 1, east of Greenwich
            return None
        return at if 2000 <= at.year < 2200 else None

    def content(self) -> NewsForm:
        """Return what was written."""
        written = [code for code in self.languages if self.is_written(code)]
        return NewsForm(
            self.author.data,
            [NewsText(one, self[f"title_{one}"].data, self[f"body_{one}"].data) for one in written],
            {one: self[f"note_{one}"].data for one in written},
        )

    def append(self, line: str) -> None:
        """Add a line to the text in the first language that has one."""
        code = next((one for one in self.languages if self.is_written(one)), self.languages[0])
        field = self[f"body_{code}"]
        field.data = f"{field.data or ''}\n\n{line}".strip()


class StartForm(OrganiserForm):
    """Starts to email an update."""

    insist = BooleanField(_("Send it all the same. We record that you did."))


def make_form(languages: Sequence[str], picture_names: Iterable[str], **options: Any) -> UpdateForm:
    """Return a form with fields for the text in each language."""
    fields: dict[str, Any] = {"languages": languages, "picture_names": picture_names}
    for code in languages:
        name = language_name(code)
        fields[f"title_{code}"] = TidyField(
            _("Title: %(language)s", language=name), [at_most(MAX_TITLE)]
        )
        fields[f"body_{code}"] = TidyTextArea(
            _("Text: %(language)s", language=name), [at_most(MAX_BODY)], render_kw={"rows": 12}
        )
        fields[f"note_{code}"] = TidyField(
            _("What you corrected: %(language)s", language=name), [at_most(MAX_NOTE)]
        )
    form: UpdateForm = type("UpdateForm", (UpdateForm,), fields)(**options)
    return form


def fields_of(news: News) -> dict[str, Any]:
    """Return what the form of a stored update begins with."""
    fields: dict[str, Any] = {"version": news.version, "author": news.author}
    if news.published_at is not None:
        fields["at"] = f"{news.published_at:%Y-%m-%dT%H:%M}"
    for text in news.texts:
        fields |= {f"title_{text.language}": text.title, f"body_{text.language}": text.body}
    return fields
