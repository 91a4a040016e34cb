"""Writing the cast down, through the services that everybody else uses, with the actors who would do it."""
