/* A seat that is held and belongs to nobody's access. */
SELECT 'seat' AS thing, s.id AS id, s.membership_id AS membership, s.agency_id AS agency
FROM seat s
WHERE s.status = 'held'
  AND NOT EXISTS (SELECT 1 FROM access_grant g WHERE g.seat_id = s.id AND g.status <> 'ended')
ORDER BY s.id
