/* A membership with more than one grant that has not ended. */
SELECT 'membership' AS thing, membership_id AS id, count(*) AS grants
FROM access_grant WHERE status <> 'ended' GROUP BY membership_id HAVING count(*) > 1 ORDER BY membership_id
