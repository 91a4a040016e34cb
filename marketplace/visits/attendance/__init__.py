"""Attendance: check-in and check-out with their evidence, approval by rule or person, and nobody coming."""
