"""What every feature stands on: settings, database, outbox, timers, errors, actors, crypto, policy, clock and log."""
