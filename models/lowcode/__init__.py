"""What administrators configure: number rules, option lists. Imports base, org and audit."""
