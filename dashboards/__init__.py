"""What it adds up to: boards of charts over rollups and ledgers. Imports models only."""
