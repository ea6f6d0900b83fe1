// Package natsio has tests only. They run the recipes of docs/messages.md for NATS.
package natsio
