"""Tasks: published with their minutes held, grabbed by a volunteer, credited when the visit is approved."""
