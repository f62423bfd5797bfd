"""A2A outside, our own words inside."""
