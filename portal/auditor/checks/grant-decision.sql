/* A grant whose decision does not let this membership in: refused, about somebody else, or made after the access. */
SELECT 'grant' AS thing, g.id AS id, g.membership_id AS membership, g.decision_id AS decision, d.outcome AS outcome,
  d.membership_id AS decided_about, d.made_for AS made_for
FROM access_grant g LEFT JOIN decision d ON d.id = g.decision_id
WHERE d.id IS NULL OR d.outcome NOT IN ('permitted', 'inherited') OR d.outcome <> g.outcome
  OR d.membership_id <> g.membership_id OR (d.made_at > g.issued_at AND d.made_for NOT IN ('change', 'inherited'))
  OR NOT EXISTS (SELECT 1 FROM decision f WHERE f.membership_id = g.membership_id
                   AND f.outcome IN ('permitted', 'inherited') AND f.made_at <= g.issued_at)
ORDER BY g.id
