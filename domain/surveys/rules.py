"""What the profile says about a wave: about which days it asks (`period`) and by which ways (`modes`). Pure."""

from datetime import date

from domain.offices.periods import ONE_DAY, period_of
from domain.practices import Survey
from domain.problems import invalid

FOUR = "four_questions"  # the survey of the profile


def period_before(survey: Survey, today: date) -> tuple[date, date] | None:
    """The days whose closed cases are asked about today: the last whole period; none for 定期, where the office sets
    the days."""
    if survey.period == "regular":
        return None
    return period_of(survey.period, period_of(survey.period, today)[0] - ONE_DAY)


def chosen_days(survey: Survey, first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The days that were named, or the period before; 422 for one without the other and for days to come."""
    if first is None and last is None:
        found = period_before(survey, today)
        if found is None:
            raise invalid("closed_from", "定期调查请写明办结日期的起止")
        return found
    if first is None or last is None:
        raise invalid("closed_from" if first is None else "closed_to", "起止日期请都写,或者都不写")
    if not first <= last <= today:
        raise invalid("closed_to", "起止日期不对")
    return first, last


def chosen_modes(survey: Survey, named: tuple[str, ...]) -> tuple[str, ...]:
    """The ways that were named, or all of the profile; 422 for one that the profile does not know."""
    if not set(named) <= set(survey.modes):
        raise invalid("modes", "这里的四问调查不用这种方式")
    return named or survey.modes
