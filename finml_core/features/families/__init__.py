"""One module a family; each gives the features of a configuration."""
