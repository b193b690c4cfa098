/* An account that something is still ordered for, and neither a job nor an open work order sees to it. */
SELECT 'account' AS thing, a.id AS id, a.status AS status, a.version AS version
FROM account a
WHERE a.status IN ('ordered', 'suspending', 'restoring', 'removing')
  AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.effect = 'provision' AND q.key = 'account:' || a.id
                    AND q.state IN ('waiting', 'running'))
  AND NOT EXISTS (SELECT 1 FROM work_order w WHERE w.account_id = a.id AND w.status = 'open' AND w.account_version = a.version)
ORDER BY a.id
