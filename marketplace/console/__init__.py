"""The console: server-rendered pages for those who steer the day."""
