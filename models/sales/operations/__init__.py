"""The deeds of selling, one module per document. The only writers of sales status and, through stock and finance, of ledgers."""
