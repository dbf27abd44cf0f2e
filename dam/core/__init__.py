"""What every layer stands on: settings, errors, the database connection, logging."""
