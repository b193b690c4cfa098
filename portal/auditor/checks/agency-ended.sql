/* Access at an agency that has ended its participation. */
SELECT 'grant' AS thing, g.id AS id, ms.agency_id AS agency, g.status AS grant_is
FROM access_grant g JOIN membership ms ON ms.id = g.membership_id JOIN agency a ON a.id = ms.agency_id
WHERE g.status <> 'ended' AND a.status = 'ended' AND (a.ended_at IS NULL OR a.ended_at <= :settled)
ORDER BY g.id
