/* An account that is active or suspended in the core HMIS although nothing ever confirmed it there. */
SELECT 'account' AS thing, a.id AS id, a.status AS status
FROM account a WHERE a.status = 'active' AND a.confirmed_at IS NULL ORDER BY a.id
