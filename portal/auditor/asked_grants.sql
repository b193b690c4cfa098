/* Every membership that has access, on one day as known at one moment. */
  SELECT g.id AS ask, g.membership_id AS member, ms.agency_id AS agency, ms.person_id AS person, r.on_day AS on_day,
    m.known_at AS known_at, CAST(NULL AS integer) AS seq
  FROM access_grant g
  JOIN membership ms ON ms.id = g.membership_id
  CROSS JOIN (SELECT max(on_day) AS on_day FROM reach) r
  CROSS JOIN moment m
  WHERE g.status = 'live' AND (:everybody = 1 OR g.id IN :only)
