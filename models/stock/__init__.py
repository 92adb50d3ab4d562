"""The stock ledger: warehouses, movements, reservations and balances. Knows a source, never a document."""
