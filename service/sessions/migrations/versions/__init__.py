"""Each is Python that Alembic runs, and stands by itself: what tables are today is not what a revision knows."""
