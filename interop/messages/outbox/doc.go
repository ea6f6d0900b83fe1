// Package outbox has the recipe for a row of a database, and its tests with SQLite and PostgreSQL.
package outbox
