"""Certificates of volunteered hours: each verified minute once, signed, checked by anyone, revoked by an officer."""
