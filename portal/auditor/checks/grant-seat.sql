/* Access that does not hold a seat of its own on a licence of its own agency. */
SELECT 'grant' AS thing, g.id AS id, g.seat_id AS seat, s.status AS seat_is, s.membership_id AS seat_of_membership
FROM access_grant g
JOIN membership ms ON ms.id = g.membership_id
LEFT JOIN seat s ON s.id = g.seat_id
LEFT JOIN licence l ON l.id = s.licence_id
WHERE g.status <> 'ended' AND (s.id IS NULL OR s.status <> 'held' OR s.kind <> 'core' OR s.membership_id <> g.membership_id
    OR s.agency_id <> ms.agency_id OR l.id IS NULL OR l.agency_id <> ms.agency_id OR l.kind <> 'core'
    OR l.withdrawn_at IS NOT NULL
    OR EXISTS (SELECT 1 FROM access_grant o WHERE o.seat_id = g.seat_id AND o.id <> g.id AND o.status <> 'ended'))
ORDER BY g.id
