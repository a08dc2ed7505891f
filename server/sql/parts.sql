-- Of which rare tables a case has rows: most cases have none, so reading one asks only the tables that are marked.
-- A mark outlives its rows, which costs a look in vain and nothing else.
CREATE TABLE case_parts (case_id uuid, part text, PRIMARY KEY (case_id, part));

CREATE FUNCTION mark_case_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO case_parts (case_id, part) VALUES (NEW.case_id, TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

DO $$
DECLARE rare text;
BEGIN
    FOREACH rare IN ARRAY ARRAY[
        'appeal_messages', 'attachment_declarations', 'case_crossings', 'case_units', 'closure_talks', 'demand_assessments',
        'extension_requests', 'first_handler_reviews', 'instructions', 'leader_cases', 'on_site_reports',
        'resource_requests', 'return_requests', 'second_signatures', 'supervisions', 'suspensions', 'urgent_files',
        'verifications'
    ] LOOP
        EXECUTE format('CREATE TRIGGER mark_case_part AFTER INSERT OR UPDATE OF case_id ON %I'
                       ' FOR EACH ROW WHEN (NEW.case_id IS NOT NULL) EXECUTE FUNCTION mark_case_part()', rare);
    END LOOP;
END $$;
