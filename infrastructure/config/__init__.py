"""Configuration: one Struct per concern, one loader, one table of environments."""
