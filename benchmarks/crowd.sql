-- The steps of benchmarks/crowd.py, in order. $1 is the number of cases; the plan also takes the topics ($2) and for how
-- many late days half of the cases are still open ($3).

-- step: residents
INSERT INTO residents (id, name, phone, created_at) SELECT gen_random_uuid(), '', '',
    now() - interval '3 years' FROM generate_series(1, $1::int / 5);

-- step: plan
CREATE UNLOGGED TABLE crowd AS
SELECT p.*, p.state IN ('closed', 'not_accepted', 'redirected', 'transferred', 'withdrawn', 'voided') AS ended,
  (ARRAY['村口的路灯坏了三天,晚上看不见路',
    '自来水又停了,锅里没有水',
    '隔壁夜里施工,老人睡不着',
    '低保金这个月没有发下来',
    '河道里倒了垃圾,味道很大',
    '村道塌了一段,车过不去',
    '工程队欠了两个月工资',
    '孩子上学的补贴没有到账'])[1 + h % 8]
    || '。第' || n || '号,请帮忙看看。' AS words
FROM (
WITH v AS (SELECT array_agg(a.code ORDER BY a.code) AS codes, array_agg(a.path ORDER BY a.code) AS paths FROM areas a
            WHERE a.kind = 'grid' OR (a.kind = 'village' AND NOT EXISTS (SELECT 1 FROM areas g WHERE g.parent_code = a.code))),
 d AS (SELECT array_agg(id ORDER BY code) AS ids FROM departments WHERE active),
 t AS (SELECT array_agg(code ORDER BY code) AS codes FROM unnest($2::text[]) AS code),
 r AS (SELECT array_agg(id ORDER BY id) AS ids FROM residents),
 s AS (SELECT n, now() - interval '3 years' * (1 - n::float8 / $1) AS at,
    hashint4(n) & 2147483647 AS h FROM generate_series(1, $1::int) n)
SELECT s.n, s.at, s.h, s.h % 5 = 0 AS event,
  (lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(s.n::text), 1, 3) || '8'
    || substr(md5(s.n::text), 4, 15))::uuid AS id,
  (lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0') || '7' || substr(md5('a' || s.n), 1, 3) || '9'
    || substr(md5('a' || s.n), 4, 15))::uuid AS appeal_id,
  v.codes[1 + s.h % cardinality(v.codes)] AS code, v.paths[1 + s.h % cardinality(v.codes)] AS path,
  d.ids[1 + (s.h / 7) % cardinality(d.ids)] AS lead, t.codes[1 + (s.h / 11) % cardinality(t.codes)] AS topic,
  r.ids[1 + (s.h / 13) % cardinality(r.ids)] AS resident,
  CASE WHEN s.at > now() - make_interval(days => $3) AND s.h % 100 < 50 OR s.h % 1000 < 3
    THEN (ARRAY['submitted', 'registered', 'accepted', 'dispatched', 'signed', 'investigating', 'handling',
    'reviewing',
                'answered', 'handling'])[1 + (s.h / 17) % 10]
    WHEN s.h % 100 < 93 THEN 'closed'
    ELSE (ARRAY['not_accepted', 'redirected', 'transferred', 'withdrawn', 'voided'])[1 + (s.h / 19) % 5] END AS state
FROM s, v, d, t, r
) p;

-- step: cases
INSERT INTO cases (id, number, kind, state, version, origin, area_code, area_path, title, topic, appeal_type,
      petition_class, event_type, level, track, handling_track, lead_id, first_unit_id, received_at, received_on,
    accepted_at,
      dispatched_at, answered_at, ended_at, track_reasons, steps, plus_steps, skipped, recused, lon, lat, datum)
      SELECT id, 'GD' || to_char(at, 'YYYYMMDD') || 'B' || n, CASE WHEN event THEN 'event' ELSE 'appeal' END,
        CASE WHEN event AND NOT ended AND state IN ('registered', 'accepted',
    'answered') THEN 'submitted' ELSE state END,
        CASE WHEN ended THEN 12 ELSE 3 END, 'town_direct', code, path, left(words, 30), topic,
        'help', 'appeal_for_decision', CASE WHEN event THEN '01' ELSE '' END,
    CASE WHEN event THEN 'ordinary' ELSE '' END,
        'HOTLINE_5WD', 'HOTLINE_5WD', CASE WHEN state IN ('submitted', 'registered',
    'accepted') THEN NULL ELSE lead END,
        CASE WHEN ended THEN lead END, at, (at AT TIME ZONE 'Asia/Shanghai')::date, at + interval '4 hours',
        at + interval '6 hours', CASE WHEN state IN ('closed', 'answered') THEN at + interval '4 days' END,
        CASE WHEN ended THEN at + interval '6 days' END, '[]', '{}', '{}', '{}', '[]',
        CASE WHEN h % 3 = 0 THEN 115.8 + (h % 4000) / 10000.0 END,
    CASE WHEN h % 3 = 0 THEN 25.6 + (h / 4000 % 4000) / 10000.0 END,
        CASE WHEN h % 3 = 0 THEN 'wgs84' END FROM crowd ORDER BY n;

-- step: appeals
INSERT INTO appeals (id, case_id, number, query_hash, channel, kind, topic, content, area_code, area_path,
      resident_id, identity, content_check, received_at, received_on)
      SELECT appeal_id, id, 'SQ' || to_char(at, 'YYYYMMDD') || 'B' || n, '\x00', 'miniprogram', 'help', topic,
    words, code, path,
        resident, CASE WHEN h % 20 = 0 THEN 'anonymous' WHEN h % 10 = 1 THEN 'hidden_from_handler' ELSE 'named' END, 'pass', at,
        (at AT TIME ZONE 'Asia/Shanghai')::date FROM crowd WHERE NOT event ORDER BY n;

-- step: appellants
INSERT INTO appellants (appeal_id, name, phone) SELECT appeal_id, '李建国', '139' || lpad((h / 13 % ($1 / 5))::text,
    8, '0')
      FROM crowd WHERE NOT event AND h % 20 <> 0 ORDER BY n;

-- step: deadlines
INSERT INTO deadlines (id, case_id, area_path, name, round, track, started_at, due_at, limit_text, limit_code, added,
      explanation, ladder, level, next_at, stopped_at, met)
      SELECT gen_random_uuid(), id, path, k.name, 1, 'HOTLINE_5WD', at, due, '5个工作日', '5WD', '[]', '[]',
        jsonb_build_array(jsonb_build_array('yellow', due - interval '3 days'), jsonb_build_array('red', due)),
        CASE WHEN due < now() THEN 'red' ELSE 'none' END,
        CASE WHEN NOT ended AND k.running AND due > now() + interval '1 day' THEN due END,
        CASE WHEN ended OR NOT k.running THEN least(due, now()) - interval '1 hour' END,
        CASE WHEN ended OR NOT k.running THEN TRUE END
      FROM crowd CROSS JOIN (VALUES ('accept', FALSE, 1), ('handling', TRUE, 7)) k(name, running, days)
      CROSS JOIN LATERAL (SELECT CASE WHEN ended OR NOT k.running THEN at + make_interval(days => k.days)
        ELSE now() + make_interval(hours => h % 400 - 60) END AS due) x ORDER BY n;

-- step: replies
INSERT INTO replies (id, appeal_id, case_id, round, text, unit_name, at) SELECT gen_random_uuid(), appeal_id, id, 1,
      '您反映的问题已经办好。', '市城管局', at + interval '4 days' FROM crowd WHERE NOT event AND state IN ('closed',
    'answered') ORDER BY n;

-- step: ratings
INSERT INTO ratings (id, appeal_id, case_id, round, source, process, result, solved, staff, counts, rated_at,
    rated_on)
      SELECT gen_random_uuid(), appeal_id, id, 1, 'callback', 4, 3 + h % 3, 'yes', 'active', TRUE,
    at + interval '5 days',
        (at + interval '5 days')::date FROM crowd WHERE NOT event AND state = 'closed' AND h % 3 > 0 ORDER BY n;

-- step: case_texts
INSERT INTO case_texts (id, case_id, action, text, public, author, at) SELECT gen_random_uuid(), id, 'answer',
      '您反映的问题已经办好。', TRUE, 'system', at + interval '4 days' FROM crowd WHERE state = 'closed' ORDER BY n;

-- step: journal
INSERT INTO journal (key, area, n, at, actor, event, case_id, subject_id, data, hash)
      SELECT code || ':' || k, code, k, at, 'system',
    CASE WHEN event THEN 'event.reported' ELSE 'appeal.submitted' END, id,
        CASE WHEN event THEN id ELSE appeal_id END, '{"to": "submitted", "version": 1}', '\x00'
      FROM (SELECT *, row_number() OVER (PARTITION BY code ORDER BY n) AS k FROM crowd) c ORDER BY n;

-- step: journal_heads
INSERT INTO journal_heads (area, n, feed_n, hash) SELECT code, count(*), 0, '\x00' FROM crowd GROUP BY code
      ON CONFLICT (area) DO UPDATE SET n = EXCLUDED.n;
