"""Reads OSCAL files with compliance-trestle's models: ends with its complaint where one does not fit."""

import sys
from pathlib import Path

from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.poam import PlanOfActionAndMilestones

MODELS = {"assessment-results": AssessmentResults, "poam": PlanOfActionAndMilestones}

for path in map(Path, sys.argv[1:]):
    read = MODELS[path.stem].oscal_read(path)
    if read is None:
        sys.exit(f"{path.name} could not be read")
    sys.stdout.write(f"{path.stem} {read.metadata.title}\n")
