/* An agency with more seats taken or reserved than licences. */
SELECT 'agency' AS thing, s.agency_id AS id, s.kind AS kind, s.seats AS seats, coalesce(l.licences, 0) AS licences
FROM (SELECT agency_id, kind, count(*) AS seats FROM seat WHERE status <> 'returned' GROUP BY agency_id, kind) s
LEFT JOIN (SELECT agency_id, kind, count(*) AS licences FROM licence WHERE withdrawn_at IS NULL GROUP BY agency_id, kind) l
  ON l.agency_id = s.agency_id AND l.kind = s.kind
WHERE s.seats > coalesce(l.licences, 0)
ORDER BY s.agency_id
