"""What needs somebody's attention, as gauges: a warning that is late, a delivery nobody can vouch for, a parked job."""

from datetime import datetime, timedelta

from prometheus_client import Gauge

from domain.clock import now, real_now
from domain.households.scans import alarms_of_today
from domain.notices.delivery import figures
from domain.rosters.gaps import gap_figures
from domain.sql import fetch_one
from server.observe import METRICS

WARNINGS_LATE = Gauge(
    "huying_warnings_late_seconds", "Age of the oldest deadline level nobody recorded yet", registry=METRICS.registry
)
DELIVERIES = Gauge("huying_deliveries", "Deliveries that did not surely arrive", ("state",), registry=METRICS.registry)
PARKED = Gauge("huying_jobs_parked", "Jobs that were given up and wait for an operator", registry=METRICS.registry)
TASKS = Gauge("huying_tell_tasks_open", "Answers that a grid worker has still to tell", registry=METRICS.registry)
SCANS = Gauge(
    "huying_scan_alarms", "Alarms of the last 24 hours: junk scans, plates shown by too many, reported plates", ("kind",),
    registry=METRICS.registry,
)  # fmt: skip
DUTY_GAPS = Gauge(
    "huying_duty_gaps", "Units with nobody on duty: now, and at some time in the next 24 hours", ("when",),
    registry=METRICS.registry,
)  # fmt: skip
UNANSWERED = Gauge("huying_duty_calls_unanswered", "Urgent calls of the last day that nobody took", registry=METRICS.registry)
TICK = Gauge("huying_timers_last_tick_seconds", "When the timers last ran (Unix time)", registry=METRICS.registry)

_LOOK = """
SELECT (SELECT min(next_at) FROM deadlines WHERE next_at <= $1 AND name <> 'info') AS oldest,
  (SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'failed') AS parked,
  (SELECT count(*) FROM tell_tasks WHERE state = 'open') AS tasks,
  (SELECT count(*) FROM duty_calls WHERE rung_at > $1::timestamptz - interval '1 day' AND next_at IS NULL
    AND acknowledged_at IS NULL) AS unanswered
"""


def ticked() -> None:
    """Note that the timers of this process ran."""
    TICK.set(real_now().timestamp())


async def look() -> None:
    """Read the figures."""
    row = await fetch_one(_LOOK, [now()])
    if row is None:
        return
    oldest: datetime | None = row["oldest"]
    WARNINGS_LATE.set((now() - oldest).total_seconds() if oldest else 0)
    PARKED.set(row["parked"])
    TASKS.set(row["tasks"])
    UNANSWERED.set(row["unanswered"])
    for when, units in (await gap_figures(now())).items():
        DUTY_GAPS.labels(when).set(units)
    for state, count in (await figures()).items():
        DELIVERIES.labels(state).set(count)
    for kind, count in (await alarms_of_today(now() - timedelta(days=1))).items():
        SCANS.labels(kind).set(count)
