"""The simulated day: everybody of the cast lives one day of the platform over its HTTP API, on a fast clock."""

from marketplace.demo.day.stage import Stage
from marketplace.demo.day.story import play_day

__all__ = ["Stage", "play_day"]
