-- What we add to procrastinate's schema; runs inside schema "jobs", right after the library's own script.

-- The library writes bare table names into its functions. Pinning their search_path lets any connection
-- call them, whatever its own path is, and leaves "public" to the models.
DO $$
DECLARE routine regprocedure;
BEGIN
    FOR routine IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_temp', routine);
    END LOOP;
END $$;

-- One living job per unique key. Wider than the library's index (waiting jobs only), under which the retry
-- of a running job would fail if its key had been enqueued again meanwhile.
CREATE UNIQUE INDEX jobs_unique_key ON procrastinate_jobs (queueing_lock)
    WHERE status IN ('todo', 'doing', 'failed');

-- "Is an earlier job of this key alive?" is asked for every candidate; the library indexes (id, lock).
CREATE INDEX jobs_key_order ON procrastinate_jobs (lock, id) WHERE status IN ('todo', 'doing');

-- Why and when it was given up: kind and place, never the message, which may carry personal data.
ALTER TABLE procrastinate_jobs ADD COLUMN error text, ADD COLUMN parked_at timestamptz;
CREATE FUNCTION park() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.parked_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER park BEFORE UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (NEW.status = 'failed') EXECUTE FUNCTION park();

-- A job lives for milliseconds and the journal says what it did: no diary of each of its states, no look for periodic
-- jobs (timers are ours) when it goes, no index on a queue that all share, none beside a wider one of ours.
DROP TRIGGER procrastinate_trigger_status_events_update_v1 ON procrastinate_jobs;
DROP TRIGGER procrastinate_trigger_status_events_insert_v1 ON procrastinate_jobs;
DROP TRIGGER procrastinate_trigger_scheduled_events_v1 ON procrastinate_jobs;
DROP TRIGGER procrastinate_trigger_abort_requested_events_v1 ON procrastinate_jobs;
DROP TRIGGER procrastinate_trigger_delete_jobs_v1 ON procrastinate_jobs;
ALTER TABLE procrastinate_events DROP CONSTRAINT procrastinate_events_job_id_fkey;
ALTER TABLE procrastinate_periodic_defers DROP CONSTRAINT procrastinate_periodic_defers_job_id_fkey;
DROP INDEX procrastinate_jobs_queueing_lock_idx_v1;
DROP INDEX procrastinate_jobs_queue_name_idx_v1;
DROP INDEX procrastinate_jobs_id_lock_idx_v1;

-- One word for all jobs of a transaction, said by `enqueue`, instead of two for each.
DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs;

-- With a backlog the planner would join all waiting jobs with all of them for every single fetch.
ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_hashjoin = off;
ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_mergejoin = off;
ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_seqscan = off;
ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_bitmapscan = off;
ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_sort = off;

-- Enqueue in the order of the array, skip jobs whose unique key is alive, return how many were new.
-- The locks last until commit: ids are then in commit order per key, so a later transaction's job can
-- never be seen, and run, before an earlier one's. 1024 of them bound the lock table; taken sorted.
CREATE FUNCTION enqueue(names text[], args text[], keys text[], unique_keys text[], run_ats timestamptz[])
    RETURNS integer LANGUAGE plpgsql SET search_path = jobs, pg_temp
AS $$
DECLARE
    slot integer;
    fresh integer;
BEGIN
    FOR slot IN
        SELECT DISTINCT hashtext(k) & 1023 FROM unnest(keys || unique_keys) AS k WHERE k IS NOT NULL ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock(482514, slot);
    END LOOP;
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
        SELECT 'default', name, key, unique_key, arg::jsonb, run_at
          FROM unnest(names, args, keys, unique_keys, run_ats) WITH ORDINALITY
            AS given (name, arg, key, unique_key, run_at, place) ORDER BY place
        ON CONFLICT (queueing_lock) WHERE status IN ('todo', 'doing', 'failed') DO NOTHING;
    GET DIAGNOSTICS fresh = ROW_COUNT;
    IF fresh > 0 THEN
        PERFORM pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted"}');
    END IF;
    RETURN fresh;
END $$;

-- Workers are woken for new jobs only: the next job of a key would wait for the poll (seconds).
CREATE FUNCTION wake_for_next() RETURNS trigger LANGUAGE plpgsql SET search_path = jobs, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM procrastinate_jobs WHERE lock = OLD.lock AND status = 'todo') THEN
        PERFORM pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted"}');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER wake_for_next_when_finished AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND OLD.lock IS NOT NULL) EXECUTE FUNCTION wake_for_next();
CREATE TRIGGER wake_for_next_when_deleted AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND OLD.lock IS NOT NULL) EXECUTE FUNCTION wake_for_next();
