/* The thirty prerequisites of the Maine pack, written by hand and sharing no code with the gate: the
   yardstick for the sweep's speed, and the oracle of its tests. Bound are the day, the moment, the earliest day from
   which a year still reaches that day and, for each document, the versions that will do. */
WITH
live AS NOT MATERIALIZED (
  SELECT about, subject_id, kind, detail, value, version, valid_from FROM evidence
  WHERE recorded_at <= :known_at AND withdrawn_at > :known_at AND valid_from <= :on_day AND valid_until >= :on_day),
a AS (
  SELECT subject_id,
    max(CASE WHEN kind = 'excluded_provider' THEN 1 ELSE 0 END) AS excluded,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS suspended,
    max(CASE WHEN kind = 'participation_agreement' AND version IN :participation_agreement THEN 1 ELSE 0 END) AS agreement,
    max(CASE WHEN kind = 'information_form' THEN 1 ELSE 0 END) AS form,
    max(CASE WHEN kind = 'housing_inventory' AND version IN :housing_inventory THEN 1 ELSE 0 END) AS inventory,
    count(DISTINCT CASE WHEN kind = 'receipt' AND detail IN ('manual', 'governance_model', 'data_quality_plan',
      'data_standards_manual', 'data_dictionary') THEN detail END) AS receipts,
    count(DISTINCT CASE WHEN kind = 'protocol' AND detail IN ('hipaa_breach', 'agency_procedures', 'posted_sign',
      'user_accounts', 'account_sharing', 'unattended_workstations', 'physical_access', 'records_storage',
      'equipment_disposal', 'compliance_audit') THEN detail END) AS protocols,
    count(DISTINCT CASE WHEN kind = 'posted' AND detail IN ('privacy_notice', 'sign') THEN detail END) AS posted,
    max(CASE WHEN kind = 'security_review' AND valid_from >= :year_ago THEN 1 ELSE 0 END) AS review,
    max(CASE WHEN kind = 'configured' THEN 1 ELSE 0 END) AS configured,
    max(CASE WHEN kind = 'seat_free' AND detail = 'core' THEN 1 ELSE 0 END) AS seat_free,
    max(CASE WHEN kind = 'waiver' AND detail = 'housing-inventory' THEN 1 ELSE 0 END) AS w_inventory,
    max(CASE WHEN kind = 'waiver' AND detail = 'privacy-notice-posted' THEN 1 ELSE 0 END) AS w_posted,
    max(CASE WHEN kind = 'waiver' AND detail = 'security-review' THEN 1 ELSE 0 END) AS w_review,
    max(CASE WHEN kind = 'waiver' AND detail = 'agency-admin-training' THEN 1 ELSE 0 END) AS w_training
  FROM live WHERE about = 'agency' GROUP BY subject_id),
p AS (
  SELECT subject_id,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS sanctioned,
    max(CASE WHEN kind = 'retraining' THEN 1 ELSE 0 END) AS retraining,
    max(CASE WHEN kind = 'training' AND detail = 'security' AND value >= 8000 AND valid_from >= :year_ago
      THEN 1 ELSE 0 END) AS security,
    max(CASE WHEN kind = 'training' AND detail = 'agency-admin' AND value >= 8000 THEN 1 ELSE 0 END) AS admin_training,
    max(CASE WHEN kind = 'background_check' AND detail = 'cleared' THEN 1 ELSE 0 END) AS cleared
  FROM live WHERE about = 'person' GROUP BY subject_id),
m AS (
  SELECT subject_id,
    max(CASE WHEN kind = 'role' AND detail = 'agency_admin' THEN 1 ELSE 0 END) AS names_admin,
    max(CASE WHEN kind = 'role' AND detail = 'security_officer' THEN 1 ELSE 0 END) AS names_officer,
    max(CASE WHEN kind = 'access_level' AND detail = 'agency_admin' THEN 1 ELSE 0 END) AS admin_level,
    max(CASE WHEN kind = 'role' AND detail IN ('security_officer', 'lead_security')
               OR kind = 'access_level' AND detail IN ('agency_admin', 'system_operator', 'system_admin_1', 'system_admin_2')
      THEN 1 ELSE 0 END) AS is_checked,
    max(CASE WHEN kind = 'departure' THEN 1 ELSE 0 END) AS departed,
    max(CASE WHEN kind = 'sanction' AND detail IN ('suspension', 'revocation') THEN 1 ELSE 0 END) AS sanctioned,
    max(CASE WHEN kind = 'request' THEN 1 ELSE 0 END) AS request,
    max(CASE WHEN kind = 'lead_approval' THEN 1 ELSE 0 END) AS approval,
    max(CASE WHEN kind = 'user_agreement' AND version IN :user_agreement THEN 1 ELSE 0 END) AS agreement,
    max(CASE WHEN kind = 'privacy_pledge' THEN 1 ELSE 0 END) AS pledge,
    max(CASE WHEN kind = 'agency_admin_agreement' AND version IN :agency_admin_agreement THEN 1 ELSE 0 END) AS admin_agreement,
    max(CASE WHEN kind = 'security_officer_acceptance' THEN 1 ELSE 0 END) AS officer_acceptance,
    max(CASE WHEN kind = 'access_level' AND detail IN ('read_only', 'volunteer', 'resource_specialist_1',
      'resource_specialist_2', 'resource_specialist_3', 'agency_staff', 'case_manager_1', 'case_manager_2',
      'case_manager_3', 'agency_admin', 'executive_director', 'system_operator', 'system_admin_1', 'system_admin_2')
      THEN 1 ELSE 0 END) AS level,
    max(CASE WHEN kind = 'seat' AND detail = 'core' THEN 1 ELSE 0 END) AS seat,
    max(CASE WHEN kind = 'inherited' THEN 1 ELSE 0 END) AS inherited,
    max(CASE WHEN kind = 'waiver' AND detail = 'housing-inventory' THEN 1 ELSE 0 END) AS w_inventory,
    max(CASE WHEN kind = 'waiver' AND detail = 'privacy-notice-posted' THEN 1 ELSE 0 END) AS w_posted,
    max(CASE WHEN kind = 'waiver' AND detail = 'security-review' THEN 1 ELSE 0 END) AS w_review,
    max(CASE WHEN kind = 'waiver' AND detail = 'agency-admin-training' THEN 1 ELSE 0 END) AS w_training
  FROM live WHERE about = 'membership' GROUP BY subject_id),
offices AS (
  SELECT ms.agency_id, max(m.names_admin * m.admin_agreement) AS admin, max(m.names_officer * m.officer_acceptance) AS officer
  FROM m JOIN membership ms ON ms.id = m.subject_id WHERE m.names_admin + m.names_officer > 0 GROUP BY ms.agency_id),
courses AS (
  SELECT subject_id, min(taken) AS passed FROM (
    SELECT asked.subject_id, asked.detail, max(CASE WHEN given.detail IS NOT NULL THEN 1 ELSE 0 END) AS taken
    FROM live asked JOIN membership ms ON ms.id = asked.subject_id
    LEFT JOIN live given ON given.about = 'person' AND given.subject_id = ms.person_id AND given.kind = 'training'
      AND given.detail = asked.detail AND given.value >= 8000
    WHERE asked.about = 'membership' AND asked.kind = 'course_assigned'
    GROUP BY asked.subject_id, asked.detail) each_course
  GROUP BY subject_id),
d AS (
  SELECT ms.id AS member, e.subject_id AS device,
    max(CASE WHEN e.kind = 'device_authorised' THEN 1 ELSE 0 END) AS authorised,
    max(CASE WHEN e.kind = 'trait' AND e.detail = 'laptop' THEN 1 ELSE 0 END) AS laptop,
    max(CASE WHEN e.kind = 'laptop_statement' THEN 1 ELSE 0 END) AS statement,
    max(CASE WHEN e.kind = 'trait' AND e.detail = 'home_office' THEN 1 ELSE 0 END) AS home,
    max(CASE WHEN e.kind = 'home_office' AND e.detail = 'authorisation' THEN 1 ELSE 0 END)
      * max(CASE WHEN e.kind = 'home_office' AND e.detail = 'policy' THEN 1 ELSE 0 END) AS home_papers
  FROM membership ms
  JOIN live u ON u.about = 'membership' AND u.subject_id = ms.id AND u.kind = 'device_in_use'
  JOIN live e ON e.about = 'device' AND e.subject_id = u.value
  GROUP BY ms.id, e.subject_id),
devices AS (
  SELECT member, max(CASE WHEN place = 1 THEN authorised END) AS authorised,
    max(CASE WHEN place = 1 THEN laptop END) AS laptop, max(CASE WHEN place = 1 THEN statement END) AS statement,
    max(CASE WHEN place = 1 THEN home END) AS home, max(CASE WHEN place = 1 THEN home_papers END) AS home_papers
  FROM (
    SELECT d.*, row_number() OVER (PARTITION BY member
        ORDER BY (1 - authorised) + laptop * (1 - statement) + home * (1 - home_papers), device) AS place
    FROM d) ranked
  GROUP BY member),
each_one AS (
  SELECT ms.id, coalesce(m.inherited, 0) AS inherited,
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.excluded = 1 THEN 'unmet' ELSE 'met' END AS "not-excluded-provider",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.suspended = 1 THEN 'unmet' ELSE 'met' END AS "agency-not-suspended",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.agreement = 1 THEN 'met' ELSE 'unmet' END AS "participation-agreement",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.form = 1 THEN 'met' ELSE 'unmet' END AS "information-form",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.inventory = 1 THEN 'met'
         WHEN a.w_inventory = 1 OR m.w_inventory = 1 THEN 'waived' ELSE 'unmet' END AS "housing-inventory",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN o.admin = 1 THEN 'met' ELSE 'unmet' END AS "an-agency-admin",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.receipts = 5 THEN 'met' ELSE 'unmet' END AS "manuals-received",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN o.officer = 1 THEN 'met' ELSE 'unmet' END AS "a-security-officer",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.protocols = 10 THEN 'met' ELSE 'unmet' END AS "security-protocols",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.posted = 2 THEN 'met'
         WHEN a.w_posted = 1 OR m.w_posted = 1 THEN 'waived' ELSE 'unmet' END AS "privacy-notice-posted",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.review = 1 THEN 'met'
         WHEN a.w_review = 1 OR m.w_review = 1 THEN 'waived' ELSE 'unmet' END AS "security-review",
    CASE WHEN ms.agency_id = 0 THEN 'not_applicable' WHEN a.configured = 1 THEN 'met' ELSE 'unmet' END AS "configured",
    CASE WHEN m.departed = 1 THEN 'unmet' ELSE 'met' END AS "not-departed",
    CASE WHEN p.sanctioned = 1 THEN 'unmet' ELSE 'met' END AS "no-open-sanction",
    CASE WHEN m.sanctioned = 1 THEN 'unmet' ELSE 'met' END AS "licence-not-revoked",
    CASE WHEN p.retraining = 1 THEN 'unmet' ELSE 'met' END AS "no-open-retraining",
    CASE WHEN m.request = 1 THEN 'met' ELSE 'unmet' END AS "request-authorised",
    CASE WHEN ms.agency_id <> 0 THEN 'not_applicable' WHEN m.approval = 1 THEN 'met' ELSE 'unmet' END AS "second-person-of-the-lead",
    CASE WHEN m.agreement = 1 THEN 'met' ELSE 'unmet' END AS "user-agreement",
    CASE WHEN m.pledge = 1 THEN 'met' ELSE 'unmet' END AS "privacy-notice-acknowledged",
    CASE WHEN c.passed = 1 THEN 'met' ELSE 'unmet' END AS "courses-passed",
    CASE WHEN p.security = 1 THEN 'met' ELSE 'unmet' END AS "security-training",
    CASE WHEN coalesce(m.admin_level, 0) = 0 THEN 'not_applicable' WHEN p.admin_training = 1 THEN 'met'
         WHEN a.w_training = 1 OR m.w_training = 1 THEN 'waived' ELSE 'unmet' END AS "agency-admin-training",
    CASE WHEN coalesce(m.admin_level, 0) = 0 THEN 'not_applicable' WHEN m.admin_agreement = 1 THEN 'met'
         ELSE 'unmet' END AS "own-admin-agreement",
    CASE WHEN coalesce(m.is_checked, 0) = 0 THEN 'not_applicable' WHEN p.cleared = 1 THEN 'met'
         ELSE 'unmet' END AS "background-check",
    CASE WHEN m.level = 1 THEN 'met' ELSE 'unmet' END AS "access-level",
    CASE WHEN m.seat = 1 OR a.seat_free = 1 THEN 'met' ELSE 'unmet' END AS "licence-seat",
    CASE WHEN d.authorised = 1 THEN 'met' ELSE 'unmet' END AS "device",
    CASE WHEN coalesce(d.laptop, 0) = 0 THEN 'not_applicable' WHEN d.statement = 1 THEN 'met' ELSE 'unmet' END AS "laptop-statement",
    CASE WHEN coalesce(d.home, 0) = 0 THEN 'not_applicable' WHEN d.home_papers = 1 THEN 'met' ELSE 'unmet' END AS "home-office"
  FROM membership ms
  LEFT JOIN a ON a.subject_id = ms.agency_id
  LEFT JOIN p ON p.subject_id = ms.person_id
  LEFT JOIN m ON m.subject_id = ms.id
  LEFT JOIN offices o ON o.agency_id = ms.agency_id
  LEFT JOIN courses c ON c.subject_id = ms.id
  LEFT JOIN devices d ON d.member = ms.id)
SELECT each_one.*,
  CASE WHEN 'unmet' IN ("not-excluded-provider", "agency-not-suspended", "participation-agreement", "information-form",
    "housing-inventory", "an-agency-admin", "manuals-received", "a-security-officer", "security-protocols",
    "privacy-notice-posted", "security-review", "configured", "not-departed", "no-open-sanction", "licence-not-revoked",
    "no-open-retraining", "request-authorised", "second-person-of-the-lead", "user-agreement",
    "privacy-notice-acknowledged", "courses-passed", "security-training", "agency-admin-training", "own-admin-agreement",
    "background-check", "access-level", "licence-seat", "device", "laptop-statement", "home-office")
    THEN 0 ELSE 1 END AS permitted,
  CASE WHEN 'unmet' IN ("not-excluded-provider", "agency-not-suspended", "not-departed", "no-open-sanction",
         "licence-not-revoked", "no-open-retraining")
       OR inherited = 0 AND 'unmet' IN ("participation-agreement", "user-agreement", "privacy-notice-acknowledged",
         "security-training")
    THEN 1 ELSE 0 END AS closes,
  CASE WHEN 'unmet' IN ("information-form", "housing-inventory", "an-agency-admin", "manuals-received",
    "a-security-officer", "security-protocols", "privacy-notice-posted", "security-review", "configured",
    "request-authorised", "second-person-of-the-lead", "courses-passed", "agency-admin-training", "own-admin-agreement",
    "background-check", "access-level", "licence-seat", "device", "laptop-statement", "home-office")
    THEN 1 ELSE 0 END AS held_new
FROM each_one
