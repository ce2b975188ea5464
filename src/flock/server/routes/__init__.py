"""REST, one noun per file. Each module makes one router over a backend."""
