/* A person with more than one account, or accounts that share a User ID or an external id. */
SELECT 'account' AS thing, a.id AS id, a.person_id AS person, a.user_id AS user_id
FROM account a
WHERE a.person_id IN (SELECT person_id FROM account GROUP BY person_id HAVING count(*) > 1)
  OR a.external_id IN (SELECT external_id FROM account GROUP BY external_id HAVING count(*) > 1)
  OR lower(a.user_id) IN (SELECT lower(user_id) FROM account GROUP BY lower(user_id) HAVING count(*) > 1)
ORDER BY a.id
