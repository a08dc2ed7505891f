"""What the ORM cannot say: number sequences, partial indexes for timers, operator classes for area subtrees."""

from importlib.resources import files

from tortoise import migrations
from tortoise.migrations import operations as ops

JOURNAL, PARTS = (
    files("server").joinpath("sql", name).read_text(encoding="utf-8") for name in ("journal.sql", "parts.sql")
)
SQL = """
CREATE SEQUENCE case_numbers;
CREATE SEQUENCE household_serials;
CREATE SEQUENCE sync_item_numbers;
CREATE INDEX deadlines_next ON deadlines (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deadlines_by_calendar ON deadlines (calendar_version, case_id) WHERE stopped_at IS NULL;
CREATE INDEX cases_suspended ON cases (suspended_until, id) WHERE suspended_until IS NOT NULL;
CREATE UNIQUE INDEX leader_cases_one ON leader_cases (case_id) WHERE state = 'open';
CREATE INDEX deadlines_running ON deadlines (case_id, due_at) WHERE stopped_at IS NULL;
CREATE INDEX cases_area ON cases (area_path text_pattern_ops, id);
CREATE FUNCTION bigrams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT COALESCE(array_agg(DISTINCT one || next), '{}') FROM (SELECT one, lead(one) OVER (ORDER BY place) AS next
    FROM unnest(string_to_array(lower(said), NULL)) WITH ORDINALITY AS u(one, place)) pairs WHERE next IS NOT NULL $$;
CREATE INDEX appeals_words ON appeals USING gin (bigrams(content));
CREATE INDEX cases_event_area ON cases (area_path text_pattern_ops, id) WHERE kind = 'event';
CREATE INDEX cases_open_lead ON cases (lead_id, id) WHERE ended_at IS NULL;
CREATE INDEX cases_open_event ON cases (area_path text_pattern_ops, id, state) WHERE kind = 'event' AND ended_at IS NULL;
CREATE INDEX cases_open_handler ON cases (handler_id, id) WHERE ended_at IS NULL AND handler_id IS NOT NULL;
CREATE INDEX cases_open_reporter ON cases (reporter_id, id) WHERE ended_at IS NULL AND reporter_id IS NOT NULL;
CREATE INDEX cases_place_time ON cases (area_code, received_at);
CREATE INDEX appellants_phone_recent ON appellants (phone, appeal_id DESC) WHERE phone <> '';
CREATE INDEX cases_open ON cases (state, id DESC) WHERE ended_at IS NULL;
CREATE INDEX households_area ON households (area_path text_pattern_ops, id);
CREATE INDEX households_route ON households (area_path COLLATE "C", route_key COLLATE "C", id);
CREATE UNIQUE INDEX households_external ON households (village_code, external_no)
  WHERE external_no <> '' AND state <> 'merged';
CREATE UNIQUE INDEX household_codes_live ON household_codes (household_id)
  WHERE state IN ('printed', 'active', 'suspect');
CREATE UNIQUE INDEX memberships_live ON memberships (resident_id, household_id) WHERE state IN ('waiting', 'bound');
CREATE INDEX memberships_area ON memberships (area_path text_pattern_ops, state, id);
CREATE INDEX household_codes_area ON household_codes (area_path text_pattern_ops, code_id);
CREATE INDEX supervisions_area ON supervisions (area_path text_pattern_ops, state, id);
CREATE INDEX tell_tasks_area ON tell_tasks (area_path text_pattern_ops, state, id);
CREATE INDEX visits_area ON visits (area_path text_pattern_ops, id);
CREATE INDEX appeals_unchecked ON appeals (id) WHERE content_check = 'waiting';
CREATE INDEX referrals_area ON referrals (area_path text_pattern_ops, id);
CREATE INDEX patrols_area ON patrols (area_path text_pattern_ops, id);
CREATE INDEX findings_area ON findings (area_path text_pattern_ops, id);
CREATE INDEX suggestions_area ON suggestions (area_path text_pattern_ops, id);
CREATE INDEX households_placed ON households (lat, lon) WHERE lat IS NOT NULL;
CREATE INDEX cases_placed ON cases (lat, lon) WHERE lat IS NOT NULL;
CREATE INDEX areas_below ON areas (path text_pattern_ops);
CREATE INDEX sync_items_held ON sync_items (entity, device, sequence) WHERE status = 'held';
CREATE INDEX sync_items_waiting ON sync_items (device, sequence) WHERE status = 'held';
CREATE INDEX sync_items_refused ON sync_items (worker, number)
  WHERE status IN ('rejected', 'conflict') AND settled_at IS NULL;
CREATE INDEX sync_items_settled ON sync_items (number) WHERE settled_at IS NOT NULL;
CREATE INDEX cases_grid ON cases (area_code, id) WHERE kind = 'event';
CREATE INDEX journal_at ON journal USING brin (at);
CREATE INDEX journal_repeats ON journal ((data->>'repeats')) WHERE event = 'case.registered' AND data ? 'repeats';
CREATE INDEX journal_assigned ON journal (at) WHERE event = 'appeal.submitted' AND data->>'origin' = 'superior_assigned';
CREATE INDEX journal_households ON journal (subject_id, at DESC, n DESC) WHERE event LIKE 'household.%' AND data ? 'state';
CREATE INDEX journal_assessments ON journal (case_id) WHERE event = 'assessment.given';
CREATE INDEX journal_visits ON journal (at) WHERE event = 'visit.logged';
CREATE INDEX journal_root_causes ON journal (area, at) WHERE event = 'root-cause.opened';
CREATE UNIQUE INDEX root_cause_projects_open ON root_cause_projects (topic, area_code, department_id)
  WHERE finished_at IS NULL;
CREATE INDEX root_cause_projects_area ON root_cause_projects (area_path text_pattern_ops, id);
CREATE INDEX office_clocks_next ON office_clocks (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX office_clocks_running ON office_clocks (due_at, id) WHERE stopped_at IS NULL;
CREATE INDEX cases_first ON cases (urgent DESC, is_initial DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX accountability_area ON accountability_leads (area_path text_pattern_ops, state, id);
CREATE INDEX demand_assessments_area ON demand_assessments (area_path text_pattern_ops, state, id);
CREATE INDEX hearing_requests_area ON hearing_requests (area_path text_pattern_ops, state, id);
CREATE INDEX obligation_records_area ON obligation_records (area_path text_pattern_ops, period_on);
CREATE UNIQUE INDEX duty_versions_draft ON duty_versions (state) WHERE state = 'draft';
CREATE INDEX duty_calls_unanswered ON duty_calls (rung_at) WHERE next_at IS NULL AND acknowledged_at IS NULL;
CREATE INDEX case_units_due ON case_units (due_on, id) WHERE done_at IS NULL AND warned_at IS NULL;
CREATE INDEX departments_place ON departments (area_code) WHERE active;
CREATE INDEX duty_calls_next ON duty_calls (next_at, id) WHERE next_at IS NOT NULL;
INSERT INTO server_epoch (id, epoch, secret, changed_at, reason)
  VALUES (1, 1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), now(), '');
"""

REVERSE = """
DROP SEQUENCE case_numbers; DROP SEQUENCE household_serials; DROP SEQUENCE sync_item_numbers;
DROP INDEX appeals_words, cases_event_area, cases_open_lead; DROP FUNCTION bigrams;
DROP INDEX cases_open_event, cases_open_handler, cases_open_reporter;
DROP INDEX cases_place_time, appellants_phone_recent, deadlines_by_calendar, cases_suspended, leader_cases_one, deadlines_next, deadlines_running, cases_area, cases_open, households_area, household_codes_area,
  households_route, households_external, household_codes_live, memberships_live, memberships_area, supervisions_area, tell_tasks_area, visits_area, areas_below, appeals_unchecked,
  referrals_area, patrols_area, findings_area, suggestions_area, households_placed, cases_placed,
  sync_items_held, sync_items_waiting, sync_items_refused, sync_items_settled, cases_grid;
DROP INDEX journal_assigned, journal_assessments, journal_households, journal_visits, journal_root_causes,
  root_cause_projects_open, root_cause_projects_area;
DROP INDEX journal_at, journal_repeats, office_clocks_next, office_clocks_running;
DROP INDEX cases_first, accountability_area, obligation_records_area, hearing_requests_area,
  demand_assessments_area;
DROP INDEX duty_versions_draft, duty_calls_unanswered, case_units_due, departments_place, duty_calls_next;
DELETE FROM server_epoch; DROP FUNCTION journal_write; DROP FUNCTION mark_case_part CASCADE; DROP TABLE case_parts;
"""


class Migration(migrations.Migration):
    """Sequences and indexes in plain SQL."""

    dependencies = [("huying", "0002_initial")]
    initial = False
    operations = [ops.RunSQL([SQL, JOURNAL, PARTS], reverse_sql=REVERSE)]
