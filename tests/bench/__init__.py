"""The benchmark cases C0–C8: through HTTP against a real server on PostgreSQL, one JSON line each, with the floors of the same run."""
