/* Live access of somebody against whom something speaks: a sanction, a retraining, a departure, an excluded provider. */
SELECT 'grant' AS thing, g.id AS id, e.id AS evidence, e.about AS about, e.kind AS kind, e.detail AS detail
FROM access_grant g
JOIN membership ms ON ms.id = g.membership_id
JOIN evidence e ON e.about = 'membership' AND e.subject_id = g.membership_id
WHERE g.status = 'live' AND (e.kind = 'departure' OR e.kind = 'sanction' AND e.detail IN ('suspension', 'revocation'))
  AND e.recorded_at <= :settled AND e.withdrawn_at > :now AND e.valid_from <= :settled_day AND e.valid_until >= :today
UNION ALL
SELECT 'grant', g.id, e.id, e.about, e.kind, e.detail
FROM access_grant g
JOIN evidence e ON e.about = 'person' AND e.subject_id = g.person_id
WHERE g.status = 'live' AND (e.kind = 'retraining' OR e.kind = 'sanction' AND e.detail IN ('suspension', 'revocation'))
  AND e.recorded_at <= :settled AND e.withdrawn_at > :now AND e.valid_from <= :settled_day AND e.valid_until >= :today
UNION ALL
SELECT 'grant', g.id, e.id, e.about, e.kind, e.detail
FROM access_grant g
JOIN membership ms ON ms.id = g.membership_id AND ms.agency_id <> 0
JOIN evidence e ON e.about = 'agency' AND e.subject_id = ms.agency_id
WHERE g.status = 'live'
  AND (e.kind = 'excluded_provider' OR e.kind = 'sanction' AND e.detail IN ('suspension', 'revocation'))
  AND e.recorded_at <= :settled AND e.withdrawn_at > :now AND e.valid_from <= :settled_day AND e.valid_until >= :today
ORDER BY 2, 3
