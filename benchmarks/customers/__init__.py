"""What the customer tables are worth beside peers on real data."""
