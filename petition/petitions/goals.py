"""Goals: one within reach encourages people to sign; one reached or far away does not."""

GOALS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000)
SHARED_FROM = 50  # signatures, from which pictures and previews show the count: fewer discourage
NEXT_GOAL_AT = 0.85  # share of a goal from which the page shows the next one


def goal_for(count: int, chosen: int | None = None) -> int:
    """Return the goal to show: the chosen one until it is reached, else that of the ladder.

    That is the first of which less than 85 % is reached.
    """
    if chosen is not None and count < chosen:
        return chosen
    million = 1_000_000
    millions = million * (int(count / (million * NEXT_GOAL_AT)) + 1)
    return next((goal for goal in GOALS if count < goal * NEXT_GOAL_AT), millions)


def round_down(count: int) -> int:
    """Return a count rounded down to two significant digits."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return count // step * step


def count_to_share(count: int) -> int:
    """Return the rounded count for pictures and previews; 0, which shows none, below 50."""
    return round_down(count) if count >= SHARED_FROM else 0
