/* Somebody was let in by a decision under another pack than the one that was in force by then. */
SELECT 'decision' AS thing, d.id AS id, d.policy_version AS decided_under, f.version AS in_force
FROM (SELECT x.id, x.policy_version, min(e.id) AS seq FROM decision x JOIN audit_entry e ON e.decision_id = x.id
      WHERE x.outcome = 'permitted' GROUP BY x.id, x.policy_version) d
JOIN (SELECT a.version, min(e.id) AS seq,
        lead(min(e.id)) OVER (ORDER BY min(e.id)) AS until
      FROM pack_activation a JOIN audit_entry e ON e.thing = 'pack_activation' AND e.thing_id = a.id
        AND e.act IN ('policy pack.activate', 'policy pack.adopt')
      GROUP BY a.id, a.version) f ON f.seq < d.seq AND (f.until IS NULL OR f.until > d.seq)
WHERE d.policy_version <> f.version
ORDER BY d.id
