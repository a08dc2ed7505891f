"""What the ORM cannot say: number sequences, partial indexes for timers, operator classes for area subtrees."""

from tortoise import migrations
from tortoise.migrations import operations as ops

SQL = """
CREATE SEQUENCE case_numbers;
CREATE SEQUENCE household_serials;
CREATE INDEX deadlines_next ON deadlines (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deadlines_running ON deadlines (case_id, due_at) WHERE stopped_at IS NULL;
CREATE INDEX cases_area ON cases (area_path text_pattern_ops, id);
CREATE INDEX cases_open ON cases (state, id DESC) WHERE ended_at IS NULL;
CREATE INDEX households_area ON households (area_path text_pattern_ops, id);
CREATE INDEX household_codes_area ON household_codes (area_path text_pattern_ops, code_id);
CREATE INDEX supervisions_area ON supervisions (area_path text_pattern_ops, state, id);
CREATE INDEX tell_tasks_area ON tell_tasks (area_path text_pattern_ops, state, id);
CREATE INDEX areas_below ON areas (path text_pattern_ops);
"""

REVERSE = """
DROP SEQUENCE case_numbers; DROP SEQUENCE household_serials;
DROP INDEX deadlines_next, deadlines_running, cases_area, cases_open, households_area, household_codes_area,
  supervisions_area, tell_tasks_area, areas_below;
"""


class Migration(migrations.Migration):
    """Sequences and indexes in plain SQL."""

    dependencies = [("huying", "0002_initial")]
    initial = False
    operations = [ops.RunSQL([SQL], reverse_sql=REVERSE)]
