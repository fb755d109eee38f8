"""The customers' room: what is known of customers and what they are offered, day by day."""
