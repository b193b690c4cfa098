/* A licence on which more than one seat stands. */
SELECT 'licence' AS thing, licence_id AS id, count(*) AS seats
FROM seat WHERE status <> 'returned' GROUP BY licence_id HAVING count(*) > 1 ORDER BY licence_id
