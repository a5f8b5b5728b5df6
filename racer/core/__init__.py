"""The vocabulary of racer: schedule, operation, event, trace, finding, verdict, errors; pure data."""
