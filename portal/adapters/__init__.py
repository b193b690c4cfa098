"""Everything that speaks to the world outside: files that come and go, paper, mail, the LMS and the core HMIS."""
