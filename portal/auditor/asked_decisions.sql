/* Every decision that let somebody in under one pack, at its own day and moment.

   `seq` is its place in the record: within one agency and for one person all who write and all who issue hold the same
   lock, so that the record's own order, and not the clock, says what was known first. */
  SELECT d.id AS ask, d.membership_id AS member, ms.agency_id AS agency, ms.person_id AS person, d.on_day AS on_day,
    d.made_at AS known_at, s.seq AS seq
  FROM decision d
  JOIN membership ms ON ms.id = d.membership_id
  LEFT JOIN (SELECT decision_id, min(id) AS seq FROM audit_entry WHERE decision_id IS NOT NULL GROUP BY decision_id) s
    ON s.decision_id = d.id
  WHERE d.outcome = 'permitted' AND d.policy_version = :pack
    AND d.on_day >= :first_day AND d.on_day <= :last_day
