/* The thirty prerequisites, put to every row of `asked` on its own day with what was known at its own moment.

   Read from the manual and the text of the packs, not from the program. Handed in: `reach` (for each day the earliest
   one from which a period still reaches it), `marks` (pass marks of single courses), `binding` (from which day on a
   published version does away with older ones, for each prerequisite that asks for the version in force). */
/* --- where in the record each row of evidence was written, and withdrawn */
noted AS MATERIALIZED (
  SELECT thing_id AS evidence, min(CASE act WHEN 'evidence.record' THEN id END) AS recorded,
    min(CASE act WHEN 'evidence.withdraw' THEN id END) AS withdrawn
  FROM audit_entry WHERE thing = 'evidence' GROUP BY thing_id),

/* --- the versions of a document that will do */
published AS (
  SELECT k.ask, b.prerequisite, b.kind, e.version, e.valid_from,
    CASE WHEN b.binds_on <= k.on_day THEN e.valid_from END AS in_force_since
  FROM asked k
  JOIN evidence e ON e.about = 'lead' AND e.subject_id = 0 AND e.kind = 'published'
  JOIN binding b ON b.published = e.id
  LEFT JOIN noted n ON n.evidence = e.id
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)),
newest AS (
  SELECT ask, prerequisite, max(in_force_since) AS since FROM published GROUP BY ask, prerequisite),
will_do AS MATERIALIZED (
  SELECT DISTINCT p.ask, p.prerequisite, p.kind, p.version
  FROM published p JOIN newest n ON n.ask = p.ask AND n.prerequisite = p.prerequisite
  WHERE n.since IS NULL OR p.valid_from >= n.since),

/* --- the agency */
of_agency AS MATERIALIZED (
  SELECT k.ask, e.kind, e.detail, e.version, e.valid_from
  FROM asked k
  JOIN evidence e ON e.about = 'agency' AND e.subject_id = k.agency AND e.valid_from <= k.on_day AND e.valid_until >= k.on_day
  LEFT JOIN noted n ON n.evidence = e.id
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)),
agency AS (
  SELECT ask,
    max(CASE kind WHEN 'excluded_provider' THEN 1 ELSE 0 END) AS excluded,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS shut,
    max(CASE kind WHEN 'information_form' THEN 1 ELSE 0 END) AS form,
    max(CASE kind WHEN 'configured' THEN 1 ELSE 0 END) AS configured,
    count(DISTINCT CASE WHEN kind = 'receipt' AND detail IN :receipts THEN detail END) AS receipts,
    count(DISTINCT CASE WHEN kind = 'protocol' AND detail IN :topics THEN detail END) AS protocols,
    count(DISTINCT CASE WHEN kind = 'posted' AND detail IN :posted THEN detail END) AS posted,
    max(CASE kind WHEN 'security_review' THEN valid_from END) AS reviewed_on,
    max(CASE WHEN kind = 'seat_free' AND detail = 'core' THEN 1 ELSE 0 END) AS seat_free,
    max(CASE WHEN kind = 'waiver' AND detail = 'housing-inventory' THEN 1 ELSE 0 END) AS without_inventory,
    max(CASE WHEN kind = 'waiver' AND detail = 'privacy-notice-posted' THEN 1 ELSE 0 END) AS without_posting,
    max(CASE WHEN kind = 'waiver' AND detail = 'security-review' THEN 1 ELSE 0 END) AS without_review,
    max(CASE WHEN kind = 'waiver' AND detail = 'agency-admin-training' THEN 1 ELSE 0 END) AS without_training
  FROM of_agency GROUP BY ask),

/* --- the person */
of_person AS MATERIALIZED (
  SELECT k.ask, k.member, e.kind, e.detail, e.valid_from,
    CASE WHEN e.kind = 'training' AND e.value >= coalesce(mk.mark, :pass_mark) THEN 1 ELSE 0 END AS passed
  FROM asked k
  JOIN evidence e ON e.about = 'person' AND e.subject_id = k.person AND e.valid_from <= k.on_day AND e.valid_until >= k.on_day
  LEFT JOIN noted n ON n.evidence = e.id
  LEFT JOIN marks mk ON mk.course = e.detail AND e.kind = 'training'
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)),
person AS (
  SELECT ask,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS shut,
    max(CASE kind WHEN 'retraining' THEN 1 ELSE 0 END) AS retraining,
    max(CASE WHEN detail = 'security' AND passed = 1 THEN valid_from END) AS security_on,
    max(CASE WHEN detail = 'agency-admin' AND passed = 1 THEN 1 ELSE 0 END) AS admin_course,
    max(CASE WHEN kind = 'background_check' AND detail = 'cleared' THEN 1 ELSE 0 END) AS cleared
  FROM of_person GROUP BY ask),

/* --- the membership */
of_member AS MATERIALIZED (
  SELECT k.ask, e.kind, e.detail, e.value, e.version
  FROM asked k
  JOIN evidence e ON e.about = 'membership' AND e.subject_id = k.member AND e.valid_from <= k.on_day AND e.valid_until >= k.on_day
  LEFT JOIN noted n ON n.evidence = e.id
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)),
member AS (
  SELECT ask,
    max(CASE kind WHEN 'departure' THEN 1 ELSE 0 END) AS departed,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS shut,
    max(CASE kind WHEN 'request' THEN 1 ELSE 0 END) AS request,
    max(CASE kind WHEN 'lead_approval' THEN 1 ELSE 0 END) AS approved,
    max(CASE kind WHEN 'privacy_pledge' THEN 1 ELSE 0 END) AS pledge,
    max(CASE WHEN kind = 'access_level' AND detail IN :levels THEN 1 ELSE 0 END) AS level,
    max(CASE WHEN kind = 'access_level' AND detail = 'agency_admin' THEN 1 ELSE 0 END) AS administers,
    max(CASE WHEN kind = 'access_level' AND detail IN ('agency_admin', 'system_operator', 'system_admin_1', 'system_admin_2')
               OR kind = 'role' AND detail IN ('security_officer', 'lead_security') THEN 1 ELSE 0 END) AS needs_check,
    max(CASE WHEN kind = 'seat' AND detail = 'core' THEN 1 ELSE 0 END) AS seat,
    max(CASE kind WHEN 'inherited' THEN 1 ELSE 0 END) AS inherited,
    max(CASE WHEN kind = 'waiver' AND detail = 'housing-inventory' THEN 1 ELSE 0 END) AS without_inventory,
    max(CASE WHEN kind = 'waiver' AND detail = 'privacy-notice-posted' THEN 1 ELSE 0 END) AS without_posting,
    max(CASE WHEN kind = 'waiver' AND detail = 'security-review' THEN 1 ELSE 0 END) AS without_review,
    max(CASE WHEN kind = 'waiver' AND detail = 'agency-admin-training' THEN 1 ELSE 0 END) AS without_training
  FROM of_member GROUP BY ask),

/* --- documents in a version that will do, the agency's and the membership's own */
papers AS (
  SELECT ask,
    max(CASE prerequisite WHEN 'participation-agreement' THEN 1 ELSE 0 END) AS participation,
    max(CASE prerequisite WHEN 'housing-inventory' THEN 1 ELSE 0 END) AS inventory,
    max(CASE prerequisite WHEN 'user-agreement' THEN 1 ELSE 0 END) AS users,
    max(CASE prerequisite WHEN 'own-admin-agreement' THEN 1 ELSE 0 END) AS admins
  FROM (
    SELECT w.ask, w.prerequisite FROM will_do w
    JOIN of_agency e ON e.ask = w.ask AND e.kind = w.kind AND e.version = w.version
    WHERE w.prerequisite IN ('participation-agreement', 'housing-inventory')
    UNION ALL
    SELECT w.ask, w.prerequisite FROM will_do w
    JOIN of_member e ON e.ask = w.ask AND e.kind = w.kind AND e.version = w.version
    WHERE w.prerequisite IN ('user-agreement', 'own-admin-agreement')) each_paper
  GROUP BY ask),

/* --- a colleague who is the Agency Administrator, and one who is the security officer */
officer AS (
  SELECT ms.agency_id AS agency, e.subject_id AS member, e.detail AS role, e.valid_from, e.valid_until, e.recorded_at,
    e.withdrawn_at, n.recorded AS recorded_seq, n.withdrawn AS withdrawn_seq
  FROM evidence e
  JOIN membership ms ON ms.id = e.subject_id
  LEFT JOIN noted n ON n.evidence = e.id
  WHERE e.about = 'membership' AND e.kind = 'role' AND e.detail IN ('agency_admin', 'security_officer')),
in_office AS (
  SELECT k.ask, k.on_day, k.known_at, k.seq, o.member, o.role
  FROM asked k
  JOIN officer o ON o.agency = k.agency AND o.valid_from <= k.on_day AND o.valid_until >= k.on_day
    AND coalesce(o.recorded_seq < k.seq, o.recorded_at <= k.known_at)
    AND coalesce(o.withdrawn_seq > k.seq, o.withdrawn_at > k.known_at)),
offices AS (
  SELECT k.ask,
    max(CASE WHEN k.role = 'agency_admin' AND e.kind = 'agency_admin_agreement' AND d.version IS NOT NULL
      THEN 1 ELSE 0 END) AS admin,
    max(CASE WHEN k.role = 'security_officer' AND e.kind = 'security_officer_acceptance' THEN 1 ELSE 0 END) AS officer
  FROM in_office k
  JOIN evidence e ON e.about = 'membership' AND e.subject_id = k.member
    AND e.kind IN ('agency_admin_agreement', 'security_officer_acceptance')
    AND e.valid_from <= k.on_day AND e.valid_until >= k.on_day
  LEFT JOIN noted n ON n.evidence = e.id
  LEFT JOIN will_do d ON d.ask = k.ask AND d.prerequisite = 'an-agency-admin' AND d.version = e.version
    AND e.kind = 'agency_admin_agreement'
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)
  GROUP BY k.ask),

/* --- every course that was assigned; none assigned is not enough */
courses AS (
  SELECT ask, count(*) AS assigned, sum(passed) AS passed FROM (
    SELECT c.ask, c.detail, max(coalesce(t.passed, 0)) AS passed
    FROM of_member c
    LEFT JOIN of_person t ON t.ask = c.ask AND t.kind = 'training' AND t.detail = c.detail
    WHERE c.kind = 'course_assigned'
    GROUP BY c.ask, c.detail) each_course
  GROUP BY ask),

/* --- the device that lacks least of the three */
device AS (
  SELECT u.ask, u.value AS device,
    max(CASE e.kind WHEN 'device_authorised' THEN 1 ELSE 0 END) AS authorised,
    max(CASE WHEN e.kind = 'trait' AND e.detail = 'laptop' THEN 1 ELSE 0 END) AS laptop,
    max(CASE e.kind WHEN 'laptop_statement' THEN 1 ELSE 0 END) AS statement,
    max(CASE WHEN e.kind = 'trait' AND e.detail = 'home_office' THEN 1 ELSE 0 END) AS home,
    count(DISTINCT CASE WHEN e.kind = 'home_office' AND e.detail IN :home_papers THEN e.detail END) AS home_papers
  FROM (SELECT DISTINCT ask, value FROM of_member WHERE kind = 'device_in_use') u
  JOIN asked k ON k.ask = u.ask
  JOIN evidence e ON e.about = 'device' AND e.subject_id = u.value AND e.valid_from <= k.on_day AND e.valid_until >= k.on_day
  LEFT JOIN noted n ON n.evidence = e.id
  WHERE coalesce(n.recorded < k.seq, e.recorded_at <= k.known_at) AND coalesce(n.withdrawn > k.seq, e.withdrawn_at > k.known_at)
  GROUP BY u.ask, u.value),
best_device AS (
  SELECT * FROM (
    SELECT d.*, row_number() OVER (PARTITION BY ask ORDER BY
        CASE WHEN authorised = 1 THEN 0 ELSE 1 END + CASE WHEN laptop = 1 AND statement = 0 THEN 1 ELSE 0 END
        + CASE WHEN home = 1 AND home_papers < :home_papers_count THEN 1 ELSE 0 END, device) AS place
    FROM device d) ranked
  WHERE place = 1)

SELECT k.ask, coalesce(m.inherited, 0) AS inherited,
  CASE WHEN k.agency = 0 THEN '-' WHEN a.excluded = 1 THEN 'unmet' ELSE 'met' END AS "not-excluded-provider",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.shut = 1 THEN 'unmet' ELSE 'met' END AS "agency-not-suspended",
  CASE WHEN k.agency = 0 THEN '-' WHEN d.participation = 1 THEN 'met' ELSE 'unmet' END AS "participation-agreement",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.form = 1 THEN 'met' ELSE 'unmet' END AS "information-form",
  CASE WHEN k.agency = 0 THEN '-' WHEN d.inventory = 1 THEN 'met'
       WHEN 1 IN (a.without_inventory, m.without_inventory) THEN 'waived' ELSE 'unmet' END AS "housing-inventory",
  CASE WHEN k.agency = 0 THEN '-' WHEN o.admin = 1 THEN 'met' ELSE 'unmet' END AS "an-agency-admin",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.receipts = :receipts_count THEN 'met' ELSE 'unmet' END AS "manuals-received",
  CASE WHEN k.agency = 0 THEN '-' WHEN o.officer = 1 THEN 'met' ELSE 'unmet' END AS "a-security-officer",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.protocols = :topics_count THEN 'met' ELSE 'unmet' END AS "security-protocols",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.posted = :posted_count THEN 'met'
       WHEN 1 IN (a.without_posting, m.without_posting) THEN 'waived' ELSE 'unmet' END AS "privacy-notice-posted",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.reviewed_on >= r.review_since THEN 'met'
       WHEN 1 IN (a.without_review, m.without_review) THEN 'waived' ELSE 'unmet' END AS "security-review",
  CASE WHEN k.agency = 0 THEN '-' WHEN a.configured = 1 THEN 'met' ELSE 'unmet' END AS "configured",
  CASE WHEN m.departed = 1 THEN 'unmet' ELSE 'met' END AS "not-departed",
  CASE WHEN p.shut = 1 THEN 'unmet' ELSE 'met' END AS "no-open-sanction",
  CASE WHEN m.shut = 1 THEN 'unmet' ELSE 'met' END AS "licence-not-revoked",
  CASE WHEN p.retraining = 1 THEN 'unmet' ELSE 'met' END AS "no-open-retraining",
  CASE WHEN m.request = 1 THEN 'met' ELSE 'unmet' END AS "request-authorised",
  CASE WHEN k.agency <> 0 THEN '-' WHEN m.approved = 1 THEN 'met' ELSE 'unmet' END AS "second-person-of-the-lead",
  CASE WHEN d.users = 1 THEN 'met' ELSE 'unmet' END AS "user-agreement",
  CASE WHEN m.pledge = 1 THEN 'met' ELSE 'unmet' END AS "privacy-notice-acknowledged",
  CASE WHEN c.assigned = c.passed THEN 'met' ELSE 'unmet' END AS "courses-passed",
  CASE WHEN p.security_on >= r.training_since THEN 'met' ELSE 'unmet' END AS "security-training",
  CASE WHEN coalesce(m.administers, 0) = 0 THEN '-' WHEN p.admin_course = 1 THEN 'met'
       WHEN 1 IN (a.without_training, m.without_training) THEN 'waived' ELSE 'unmet' END AS "agency-admin-training",
  CASE WHEN coalesce(m.administers, 0) = 0 THEN '-' WHEN d.admins = 1 THEN 'met' ELSE 'unmet' END AS "own-admin-agreement",
  CASE WHEN coalesce(m.needs_check, 0) = 0 THEN '-' WHEN p.cleared = 1 THEN 'met' ELSE 'unmet' END AS "background-check",
  CASE WHEN m.level = 1 THEN 'met' ELSE 'unmet' END AS "access-level",
  CASE WHEN m.seat = 1 OR a.seat_free = 1 THEN 'met' ELSE 'unmet' END AS "licence-seat",
  CASE WHEN v.authorised = 1 THEN 'met' ELSE 'unmet' END AS "device",
  CASE WHEN coalesce(v.laptop, 0) = 0 THEN '-' WHEN v.statement = 1 THEN 'met' ELSE 'unmet' END AS "laptop-statement",
  CASE WHEN coalesce(v.home, 0) = 0 THEN '-' WHEN v.home_papers = :home_papers_count THEN 'met' ELSE 'unmet' END AS "home-office"
FROM asked k
JOIN reach r ON r.on_day = k.on_day
LEFT JOIN agency a ON a.ask = k.ask
LEFT JOIN person p ON p.ask = k.ask
LEFT JOIN member m ON m.ask = k.ask
LEFT JOIN papers d ON d.ask = k.ask
LEFT JOIN offices o ON o.ask = k.ask
LEFT JOIN courses c ON c.ask = k.ask
LEFT JOIN best_device v ON v.ask = k.ask
ORDER BY k.ask
