-- Writes the facts of one unit of work, given in the order of their areas: locks the heads of all areas first, so commit
-- order is chain order and nobody deadlocks; then each line with its number and hash, the feed beside it, the new heads.
-- `tails` is what the hash covers after area, number and instant, as domain/journal/flush.py puts it into JSON.
CREATE FUNCTION journal_write(
    moved interval, areas text[], actors text[], events text[], cases uuid[], subjects uuid[], said text[], tails text[],
    entities text[], entity_ids uuid[], versions int[], OUT numbers bigint[], OUT written_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    head journal_heads;
    stamp text;
BEGIN
    FOR i IN 1 .. cardinality(areas) LOOP
        CONTINUE WHEN head.area = areas[i];
        SELECT * INTO head FROM journal_heads WHERE area = areas[i] FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO journal_heads (area, n, feed_n, hash) VALUES (areas[i], 0, 0, '') ON CONFLICT (area) DO NOTHING;
            SELECT * INTO STRICT head FROM journal_heads WHERE area = areas[i] FOR UPDATE;
        END IF;
    END LOOP;
    written_at := clock_timestamp() + moved;
    stamp := to_char(written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00';
    FOR i IN 1 .. cardinality(areas) LOOP
        IF head.area IS DISTINCT FROM areas[i] THEN
            UPDATE journal_heads SET n = head.n, feed_n = head.feed_n, hash = head.hash WHERE area = head.area;
            SELECT * INTO STRICT head FROM journal_heads WHERE area = areas[i];
        END IF;
        head.n := head.n + 1;
        numbers[i] := head.n;
        head.hash := sha256(head.hash || convert_to(
            '[' || to_json(head.area) || ',' || head.n || ',"' || stamp || '",' || tails[i], 'UTF8'));
        INSERT INTO journal (key, area, n, at, actor, event, case_id, subject_id, data, hash)
            VALUES (head.area || ':' || head.n, head.area, head.n, written_at, actors[i], events[i], cases[i], subjects[i],
                    said[i]::jsonb, head.hash);
        IF entities[i] IS NOT NULL THEN
            head.feed_n := head.feed_n + 1;
            INSERT INTO feed (key, area, seq, entity, entity_id, version)
                VALUES (head.area || ':' || head.feed_n, head.area, head.feed_n, entities[i], entity_ids[i], versions[i]);
        END IF;
    END LOOP;
    UPDATE journal_heads SET n = head.n, feed_n = head.feed_n, hash = head.hash WHERE area = head.area;
END $$;
