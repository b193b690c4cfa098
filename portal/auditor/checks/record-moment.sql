/* Evidence that says it was recorded or withdrawn at another moment than the record says. */
SELECT 'evidence' AS thing, e.id AS id, e.kind AS kind, a.act AS act, a.at AS record_says
FROM audit_entry a JOIN evidence e ON e.id = a.thing_id
WHERE a.thing = 'evidence' AND a.refused = ''
  AND (a.act = 'evidence.record' AND e.recorded_at <> a.at
    OR a.act = 'evidence.withdraw' AND e.withdrawn_at <> a.at AND NOT (e.withdrawn_at = e.recorded_at AND a.at < e.recorded_at))
ORDER BY e.id
