"""Code that reads the journal for one kind of viewer."""
