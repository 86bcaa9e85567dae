"""Where a collection is at home: its records and small files, in a folder or in Postgres."""
