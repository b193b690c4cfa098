/* A grant whose account or membership belongs to somebody else. */
SELECT 'grant' AS thing, g.id AS id, g.person_id AS person, a.person_id AS person_of_account, ms.person_id AS person_of_membership
FROM access_grant g LEFT JOIN account a ON a.id = g.account_id LEFT JOIN membership ms ON ms.id = g.membership_id
WHERE a.id IS NULL OR ms.id IS NULL OR a.person_id <> g.person_id OR ms.person_id <> g.person_id
ORDER BY g.id
