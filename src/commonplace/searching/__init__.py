"""One search: what the lanes find, what it means, and what a user sees of it."""
