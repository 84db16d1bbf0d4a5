"""The figures of a petition, which add up to its count: all are read from kept sums."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, literal, select, union_all

from petition.database.base import db
from petition.models import Activity, Signature, SignatureSum, Tally
from petition.models.sums import ActivityKind, SumKind
from petition.petitions import visits

HOURS = 48
DAYS, FEWEST_DAYS = 60, 14  # in the chart by day
POINTS = 60  # of the cumulative chart, at most
STEP_DAYS = 30  # of the way from the page to the confirmation
_TALLY = "tally"  # beside the kinds of sums
# The names of organisations can be very many.
_READ_WHOLE = [kind for kind in SumKind if kind not in {SumKind.HOUR, SumKind.ORGANISATION}]

_sum, _tally, _activity = SignatureSum.table(), Tally.table(), Activity.table()
_Rows = list[tuple[str, int]]


class Steps(NamedTuple):
    """How many got how far since a day: page opened, form sent, email accepted, confirmed."""

    since: date
    visits: int
    forms: int
    emails: int
    confirmed: int


class _Activity(NamedTuple):
    number: int = 0
    first: date | None = None


_NOTHING = _Activity()


@dataclass(frozen=True, slots=True)
class Figures:
    """Counted signatures by time (UTC, oldest first) and by key (largest first), and the others.

    `hours` has the last 48 and `days` those of the chart, also without signatures; `per_day` has
    all with some. Of `channels`, "" is for signatures without one.
    """

    confirmed: int
    pending: int
    refused: int
    withdrawn: int
    invalidated: int
    disposable: int
    hours: list[tuple[datetime, int]]
    days: list[tuple[date, int]]
    per_day: list[tuple[date, int]]
    countries: _Rows
    languages: _Rows
    channels: _Rows
    texts: _Rows  # by language and newest version that was signed or confirmed: "en-2"
    visits: dict[str, int]  # by channel
    steps: Steps

    @property
    def totals(self) -> list[tuple[date, int]]:
        """The count at the end of some days up to today, evenly spaced, oldest first."""
        if not self.per_day:
            return []
        first, last = self.per_day[0][0], self.days[-1][0]
        numbers, total, at_end = dict(self.per_day), 0, []
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            total += numbers.get(day, 0)
            at_end.append((day, total))
        step = -(-len(at_end) // POINTS)
        return at_end[::-1][::step][::-1]  # the last one is today's


def get_figures(petition_id: int, *, now: datetime) -> Figures:
    """Return the figures of a petition. What is counted adds up to `confirmed`."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=n) for n in reversed(range(HOURS))]
    by_kind = _read_sums(petition_id, hours[0])
    confirmed = by_kind[_TALLY].get("", 0)
    channels = by_kind[SumKind.CHANNEL]
    channels |= {"": confirmed - sum(channels.values())}
    per_day = {date.fromisoformat(day): n for day, n in sorted(by_kind[SumKind.DAY].items())}
    activity = _sum_activity(petition_id)
    since = _first_day_of_steps(per_day, activity, now.date())
    by_channel = visits.count_by_channel(petition_id, since=since)
    per_hour = {
        datetime.strptime(key, "%Y-%m-%d %H").replace(tzinfo=UTC): number
        for key, number in by_kind[SumKind.HOUR].items()
    }
    return Figures(
        confirmed=confirmed,
        pending=count_pending(petition_id),
        refused=activity.get(ActivityKind.REFUSED, _NOTHING).number,
        withdrawn=activity.get(ActivityKind.WITHDRAWN, _NOTHING).number,
        invalidated=sum(by_kind[SumKind.INVALIDATED].values()),
        disposable=by_kind[SumKind.DISPOSABLE].get("yes", 0),
        hours=[(hour, per_hour.get(hour, 0)) for hour in hours],
        days=[(day, per_day.get(day, 0)) for day in _chart_days(per_day, now.date())],
        per_day=list(per_day.items()),
        countries=_largest_first(by_kind[SumKind.COUNTRY]),
        languages=_largest_first(by_kind[SumKind.LANGUAGE]),
        channels=_largest_first(channels),
        texts=_largest_first(by_kind[SumKind.TEXT]),
        visits={channel: number for channel, (number, _) in by_channel.items()},
        steps=_read_steps(petition_id, since, per_day, sum(n for _, n in by_channel.values())),
    )


def count_pending(petition_id: int) -> int:
    """Return how many signatures are not confirmed yet."""
    is_pending = (Signature.petition_id == petition_id, Signature.confirmed_at.is_(None))
    return db.session.scalar(select(func.count()).where(*is_pending)) or 0


def _read_sums(petition_id: int, first_hour: datetime) -> defaultdict[str, dict[str, int]]:
    """Return the sums by kind and key, and the count: in one statement, as they change together."""
    columns = (_sum.c.kind, _sum.c.key, _sum.c.confirmed)
    of_petition = select(*columns).where(_sum.c.petition_id == petition_id)
    is_recent = (_sum.c.kind == SumKind.HOUR, _sum.c.key >= f"{first_hour:%Y-%m-%d %H}")
    counted = select(literal(_TALLY), literal(""), _tally.c.counted)
    query = union_all(
        of_petition.where(_sum.c.kind.in_(_READ_WHOLE)),
        of_petition.where(*is_recent),
        counted.where(_tally.c.petition_id == petition_id),
    )
    by_kind: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for kind, key, number in db.session.execute(query):
        by_kind[kind][key] = number
    return by_kind


def _sum_activity(petition_id: int, since: date = date.min) -> dict[str, _Activity]:
    """Return the number and the first day of each kind, from a day on."""
    query = (
        select(_activity.c.kind, func.sum(_activity.c.number), func.min(_activity.c.day))
        .where(_activity.c.petition_id == petition_id, _activity.c.day >= since)
        .group_by(_activity.c.kind)
    )
    rows = db.session.execute(query)
    return {kind: _Activity(max(0, int(number)), first) for kind, number, first in rows}


def _chart_days(per_day: dict[date, int], today: date) -> list[date]:
    first = min(per_day, default=today)
    number = max(FEWEST_DAYS, min(DAYS, (today - first).days + 1))
    return [today - timedelta(days=n) for n in reversed(range(number))]


def _first_day_of_steps(
    per_day: dict[date, int], activity: dict[str, _Activity], today: date
) -> date:
    """Return the first of the last days, but of none before forms were counted.

    The day on which that began is left out where people had signed before: it is not whole.
    """
    began = activity.get(ActivityKind.FORM, _NOTHING).first or today
    if any(day < began for day in per_day):
        began += timedelta(days=1)
    return max(began, today - timedelta(days=STEP_DAYS - 1))


def _read_steps(petition_id: int, since: date, per_day: dict[date, int], visits: int) -> Steps:
    activity = _sum_activity(petition_id, since)
    return Steps(
        since,
        visits,
        forms=activity.get(ActivityKind.FORM, _NOTHING).number,
        emails=activity.get(ActivityKind.EMAIL, _NOTHING).number,
        confirmed=sum(number for day, number in per_day.items() if day >= since),
    )


def _largest_first(numbers: dict[str, int]) -> _Rows:
    shown = [(key, number) for key, number in numbers.items() if number]
    return sorted(shown, key=lambda item: (-item[1], item[0]))
