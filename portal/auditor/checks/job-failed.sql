/* Work about access that used up its tries: nobody will do it unless it is tried again. */
SELECT 'job' AS thing, q.id AS id, q.effect AS effect, q.key AS key
FROM queue q WHERE q.state = 'failed' AND q.effect IN ('provision', 'reconsider', 'expire') ORDER BY q.id
