"""The stories of cases, folded from the journal up to an instant: the case tables may have moved on, this does not.

Parameters of every statement: `$1` the instant before which facts count, `$2` the start of the period. Only cases with
a fact in the 200 days before the period are folded: no limit is longer, so nothing of the period hangs on older ones.
"""

CLOCKS = ("accept", "sign", "first_contact", "handling")
WINDOW_DAYS = 200

_CLOCK = """
 (array_agg((j.data->'clocks'->'due'->>'{c}')::timestamptz ORDER BY j.at DESC, j.n DESC)
   FILTER (WHERE j.data->'clocks'->'due' ? '{c}'))[1] AS due_{c},
 (array_agg((j.data->'clocks'->'due'->>'{c}')::timestamptz ORDER BY j.at DESC, j.n DESC)
   FILTER (WHERE j.data->'clocks'->'due' ? '{c}'))[(count(*) FILTER (WHERE j.data->'clocks'->'due' ? '{c}'))::int] AS base_{c},
 max(j.at) FILTER (WHERE j.data->'clocks'->'due' ? '{c}') AS set_{c}_at,
 (array_agg((j.data->'clocks'->'met'->>'{c}')::boolean ORDER BY j.at DESC, j.n DESC)
   FILTER (WHERE j.data->'clocks'->'met' ? '{c}'))[1] AS met_{c},
 max(j.at) FILTER (WHERE j.data->'clocks'->'met' ? '{c}') AS met_{c}_at"""

_FOLDED = """
folded AS (
 SELECT j.case_id AS id,
 (array_agg(a.path ORDER BY j.at DESC, j.n DESC))[1] AS path,
 min(j.at) FILTER (WHERE j.event IN ('appeal.submitted', 'event.reported')) AS filed_at,
 CASE WHEN bool_or(j.event IN ('appeal.submitted', 'case.converted')) THEN 'appeal' ELSE 'event' END AS kind,
 COALESCE(bool_or(j.data->>'origin' = 'proactive'), FALSE) AS proactive,
 (array_agg(j.data->>'origin' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'origin'))[1] AS origin,
 COALESCE(bool_and((j.data->>'initial')::boolean) FILTER (WHERE j.data ? 'initial'), TRUE) AS initial,
 (array_agg(j.data->>'channel' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'channel'))
   [(count(*) FILTER (WHERE j.data ? 'channel'))::int] AS channel,
 (array_agg(j.data->>'topic' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'topic'))[1] AS topic,
 (array_agg(j.data->>'track' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'track'))[1] AS track,
 (array_agg((j.data->>'unit_id')::uuid ORDER BY j.at DESC, j.n DESC)
   FILTER (WHERE j.event = 'case.dispatched' AND j.data ? 'unit_id'))[1] AS unit_id,
 (array_agg(j.data->>'to' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'to'))[1] AS state,
 (array_agg((j.data->>'into')::uuid ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.event = 'case.merged'))[1] AS into_id,
 min(j.at) FILTER (WHERE j.event = 'case.accepted') AS accepted_at,
 min(j.at) FILTER (WHERE j.event = 'case.dispatched') AS dispatched_at,
 min(j.at) FILTER (WHERE j.event = 'case.signed') AS signed_at,
 min(j.at) FILTER (WHERE j.event = 'case.transferred') AS transferred_at,
 min(j.at) FILTER (WHERE j.event = 'appeal.withdrawn') AS withdrawn_at,
 min(j.at) FILTER (WHERE j.event = 'case.answered') AS answered_at,
 min(j.at) FILTER (WHERE j.data->>'to' = 'closed') AS first_closed_at,
 max(j.at) FILTER (WHERE j.data->>'to' = 'closed' AND j.data->>'from' <> 'closed') AS last_closed_at,
 count(*) FILTER (WHERE j.event = 'case.return-granted') AS returned,
 count(*) FILTER (WHERE j.event = 'case.reworked') AS reworked,
 count(*) FILTER (WHERE j.event = 'case.extended') AS extended,
 count(*) FILTER (WHERE j.event = 'case.escalated') AS escalated,
 count(*) FILTER (WHERE j.event = 'review.requested') AS reviews,
 count(*) FILTER (WHERE j.event = 'appeal.submitted') AS filed,
 COALESCE(bool_or(j.event = 'case.suspended' AND j.data->>'reason' = 'natural_cause'
   AND NOT (j.data->>'stops_clock')::boolean), FALSE) AS held_up,
 {clocks}
 FROM journal j JOIN areas a ON a.code = j.area
 WHERE j.at < $1::timestamptz AND j.case_id IN (
  SELECT k.case_id FROM journal k WHERE k.case_id IS NOT NULL AND k.at < $1
   AND k.at >= $2::timestamptz - INTERVAL '{window} days')
 GROUP BY j.case_id
)""".format(clocks=", ".join(_CLOCK.format(c=name) for name in CLOCKS), window=WINDOW_DAYS)

# X1 transferred before anybody signed, X2 led onto a legal path, X5 void, X7 withdrawn before anybody signed (剔除);
# X3 unreachable by the calls that the rules ask for, X4 a demand that a third-party panel found unreasonable (both of
# satisfaction and resolution only, of X3 taking part too), X6 force majeure while time ran on (`held_up`; questions of
# time only). Dissatisfaction is never a reason.
_STORIES = """
stories AS (
 SELECT f.*, CASE WHEN f.state = 'closed' THEN f.last_closed_at END AS closed_at,
 (date_trunc('day', f.filed_at AT TIME ZONE 'Asia/Shanghai') + INTERVAL '16 days') AT TIME ZONE 'Asia/Shanghai'
   AS transfer_due,
 EXISTS (SELECT 1 FROM journal r WHERE r.event = 'case.registered' AND r.data ? 'repeats' AND r.at < $1
   AND r.data->>'repeats' = f.id::text
   AND r.at <= f.first_closed_at + INTERVAL '90 days' AND r.at > f.first_closed_at) AS came_again,
 CASE WHEN f.transferred_at < COALESCE(f.signed_at, 'infinity') THEN 'X1' WHEN f.state = 'redirected' THEN 'X2'
  WHEN f.state = 'voided' THEN 'X5' WHEN f.withdrawn_at < COALESCE(f.signed_at, 'infinity') THEN 'X7' END AS excluded
 FROM folded f WHERE f.filed_at IS NOT NULL AND f.state IS DISTINCT FROM 'merged'
),
given AS (
 SELECT j.case_id, j.at, j.data FROM journal j JOIN stories s ON s.id = j.case_id
 WHERE j.event = 'rating.given' AND j.at < $1 AND j.data->>'source' IN ('self', 'callback')
),
unreachable AS (
 SELECT DISTINCT ON (1, 3) j.case_id, j.at, j.data->>'round' AS round FROM journal j JOIN stories s ON s.id = j.case_id
 WHERE j.event = 'case.called-back' AND j.data ? 'unreachable' AND j.at < $1 AND NOT EXISTS (
  SELECT 1 FROM given g WHERE g.case_id = j.case_id AND g.data->>'round' = j.data->>'round') ORDER BY 1, 3, 2
),
unreasonable AS (
 SELECT j.case_id, j.data->>'round' AS round FROM journal j WHERE j.event = 'assessment.given' AND j.at < $1
  AND (j.data->>'unreasonable')::boolean
),
ratings AS (
 SELECT s.id, s.path, s.kind, s.origin, s.channel, s.topic, s.track, s.unit_id,
 COALESCE(s.excluded, CASE WHEN u.round IS NOT NULL THEN 'X4' END) AS excluded, s.proactive, g.at,
 (g.data->>'process')::int AS process, (g.data->>'result')::int AS result, g.data->>'solved' AS solved
 FROM stories s JOIN given g ON g.case_id = s.id
 LEFT JOIN unreasonable u ON u.case_id = s.id AND u.round = g.data->>'round' WHERE COALESCE(g.data->>'flag', '') = ''
 UNION ALL
 SELECT s.id, s.path, s.kind, s.origin, s.channel, s.topic, s.track, s.unit_id, COALESCE(s.excluded, 'X3'), s.proactive,
 u.at, NULL, NULL, NULL FROM stories s JOIN unreachable u ON u.case_id = s.id
),
answers AS (
 SELECT s.id, s.path, s.kind, s.origin, s.channel, s.topic, s.track, s.unit_id, s.proactive, j.at,
 COALESCE(s.excluded, CASE WHEN EXISTS (SELECT 1 FROM unreachable u WHERE u.case_id = s.id
   AND u.round = j.data->>'round') THEN 'X3' END) AS excluded,
 EXISTS (SELECT 1 FROM given g WHERE g.case_id = s.id AND g.data->>'round' = j.data->>'round') AS rated
 FROM stories s JOIN journal j ON j.case_id = s.id AND j.event = 'case.answered' AND j.at < $1
),
joined AS (SELECT into_id, sum(filed) AS filed FROM folded WHERE state = 'merged' GROUP BY into_id),
issues AS (
 SELECT s.*, s.filed + COALESCE(m.filed, 0) AS contacts FROM stories s LEFT JOIN joined m ON m.into_id = s.id
 WHERE s.kind = 'appeal'
)"""

LEDGER = f"WITH {_FOLDED.strip()},\n{_STORIES.strip()}\n"
