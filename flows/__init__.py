"""Who decides: approval chains as data, one shared route, the inbox. Imports models only."""
