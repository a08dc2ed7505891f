"""The history of the database, written by Tortoise's makemigrations; applied by server/migrate.py."""
