// Package messages has no code of its own. Each folder runs recipes of docs/messages.md against a real client library
// and a broker.
package messages
