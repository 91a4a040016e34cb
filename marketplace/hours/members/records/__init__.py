"""A member's file: trainings passed and insurance taken out."""
