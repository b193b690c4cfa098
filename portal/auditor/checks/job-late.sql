/* Work about access that has been due for longer than the grace: no worker runs, or it does not keep up. */
SELECT 'job' AS thing, q.id AS id, q.effect AS effect, q.key AS key
FROM queue q WHERE q.state IN ('waiting', 'running') AND q.run_at < :settled AND q.effect IN ('provision', 'reconsider', 'expire')
ORDER BY q.id
