"""Products, categories, units, price lists and the one function that prices a line. Knows no document and no ledger."""
