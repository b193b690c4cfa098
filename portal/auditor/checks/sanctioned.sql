/* Live access of somebody whom a sanction in force suspends or revokes, whatever evidence says: it may have lost its own. */
SELECT 'grant' AS thing, g.id AS id, s.id AS sanction, s.about AS about, s.measure AS measure
FROM access_grant g
JOIN membership ms ON ms.id = g.membership_id
JOIN sanction s ON s.about = 'agency' AND s.agency_id = ms.agency_id
  OR s.about = 'person' AND s.person_id = g.person_id
  OR s.about = 'membership' AND s.membership_id = g.membership_id
WHERE g.status = 'live' AND s.status IN ('in_force', 'appealed', 'upheld') AND s.appeal_holds = false
  AND s.measure IN ('suspension', 'revocation') AND s.decided_at <= :settled
  AND s.first_day <= :settled_day AND (s.last_day IS NULL OR s.last_day >= :today)
ORDER BY 2, 3
