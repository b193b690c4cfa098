/* An account whose status does not follow from its grants. */
SELECT 'account' AS thing, a.id AS id, a.status AS status, g.live AS live_grants, g.suspended AS suspended_grants
FROM account a
JOIN (SELECT b.id, coalesce(sum(CASE x.status WHEN 'live' THEN 1 END), 0) AS live,
        coalesce(sum(CASE x.status WHEN 'suspended' THEN 1 END), 0) AS suspended
      FROM account b LEFT JOIN access_grant x ON x.account_id = b.id GROUP BY b.id) g ON g.id = a.id
WHERE CASE WHEN g.live > 0 THEN a.status NOT IN ('ordered', 'active', 'restoring')
           WHEN g.suspended > 0 THEN a.status NOT IN ('suspending', 'suspended')
           ELSE a.status NOT IN ('removing', 'removed') END
ORDER BY a.id
