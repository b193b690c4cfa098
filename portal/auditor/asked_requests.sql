/* Every open request whose day has come and that nobody has been let in for, on one day as known at one moment. */
  SELECT q.id AS ask, q.membership_id AS member, ms.agency_id AS agency, ms.person_id AS person, r.on_day AS on_day,
    m.known_at AS known_at, CAST(NULL AS integer) AS seq
  FROM access_request q
  JOIN membership ms ON ms.id = q.membership_id
  CROSS JOIN (SELECT max(on_day) AS on_day FROM reach) r
  CROSS JOIN moment m
  WHERE q.status = 'open' AND q.start_on <= r.on_day
    AND NOT EXISTS (SELECT 1 FROM access_grant g WHERE g.membership_id = q.membership_id AND g.status <> 'ended')
