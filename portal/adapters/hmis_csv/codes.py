"""The code lists of the HMIS CSV format that the portal reads, the same in FY2024 and FY2026, with short names."""

from collections.abc import Mapping

NO_YES: Mapping[int, str] = {0: "No", 1: "Yes"}

PROJECT_TYPES: Mapping[int, str] = {
    0: "Emergency shelter, entry/exit",
    1: "Emergency shelter, night by night",
    2: "Transitional housing",
    3: "Permanent supportive housing",
    4: "Street outreach",
    6: "Services only",
    7: "Other",
    8: "Safe haven",
    9: "Permanent housing, housing only",
    10: "Permanent housing with services",
    11: "Day shelter",
    12: "Homelessness prevention",
    13: "Rapid re-housing",
    14: "Coordinated entry",
}
EMERGENCY_SHELTER = frozenset({0, 1})
PERMANENT_SUPPORTIVE_HOUSING = 3
SAFE_HAVEN = 8
RAPID_REHOUSING = 13
WITHOUT_INVENTORY = frozenset({4, 6, 7, 11, 12, 14})

RRH_SUB_TYPES: Mapping[int, str] = {1: "Services only", 2: "Housing with or without services"}
RRH_SERVICES_ONLY = 1
HOUSING_TYPES: Mapping[int, str] = {1: "Single site", 2: "Clustered or multiple sites", 3: "Tenant-based"}
TARGET_POPULATIONS: Mapping[int, str] = {
    1: "Survivors of domestic violence",
    3: "Persons with HIV/AIDS",
    4: "Not applicable",
}
HOPWA_FACILITIES: Mapping[int, str] = {0: "No", 1: "Yes", 2: "Not funded by HOPWA"}
HOUSEHOLD_TYPES: Mapping[int, str] = {1: "Without children", 3: "Adult and child", 4: "Only children"}
ADULT_AND_CHILD = 3
ONLY_CHILDREN = 4
AVAILABILITIES: Mapping[int, str] = {1: "Year-round", 2: "Seasonal", 3: "Overflow"}
SEASONAL = 2
ES_BED_TYPES: Mapping[int, str] = {1: "Facility-based", 2: "Voucher", 3: "Other"}
GEOGRAPHY_TYPES: Mapping[int, str] = {1: "Urban", 2: "Suburban", 3: "Rural", 99: "Unknown"}
PARTICIPATION_TYPES: Mapping[int, str] = {0: "Not participating", 1: "HMIS", 2: "Comparable database"}
PARTICIPATES_IN_HMIS = 1

FUNDERS: Mapping[int, str] = {
    1: "CoC homelessness prevention",
    2: "CoC permanent supportive housing",
    3: "CoC rapid re-housing",
    4: "CoC supportive services only",
    5: "CoC transitional housing",
    6: "CoC safe haven",
    7: "CoC single room occupancy",
    8: "ESG emergency shelter",
    9: "ESG homelessness prevention",
    10: "ESG rapid re-housing",
    11: "ESG street outreach",
    13: "HOPWA hotel and motel vouchers",
    14: "HOPWA housing information",
    15: "HOPWA permanent housing",
    16: "HOPWA permanent housing placement",
    17: "HOPWA short-term rent, mortgage and utilities",
    18: "HOPWA short-term supportive facility",
    19: "HOPWA transitional housing",
    20: "HUD-VASH",
    21: "PATH",
    22: "RHY basic center",
    23: "RHY maternity group home",
    24: "RHY transitional living",
    25: "RHY street outreach",
    26: "RHY demonstration",
    27: "VA contract residential services",
    30: "VA community contract safe haven",
    32: "VA compensated work therapy residence",
    33: "VA Supportive Services for Veteran Families",
    34: "Not applicable",
    35: "HUD Pay for Success",
    36: "HUD public and Indian housing",
    37: "VA grant per diem, bridge housing",
    38: "VA grant per diem, low demand",
    39: "VA grant per diem, hospital to housing",
    40: "VA grant per diem, clinical treatment",
    41: "VA grant per diem, service-intensive transitional housing",
    42: "VA grant per diem, transition in place",
    43: "CoC youth homelessness demonstration",
    44: "CoC joint transitional housing and rapid re-housing",
    45: "VA grant per diem, case management",
    46: "Local or other",
    50: "HOME",
    51: "HOME-ARP",
    52: "Emergency housing voucher",
    53: "ESG RUSH",
    54: "CoC unsheltered special competition",
    55: "CoC rural special competition",
    56: "CoC Builds",
}
LOCAL_OR_OTHER_FUNDER = 46

# Grants that ended under a code since withdrawn still stand in real exports, so these come in with a warning.
RETIRED_FUNDERS: Mapping[int, str] = {
    12: "Rural Housing Stability Assistance",
    47: "ESG-CV",
    48: "HOPWA-CV",
    49: "CoC joint rapid re-housing and permanent supportive housing",
}
