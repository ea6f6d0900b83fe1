// Package franz has tests only. They run the recipes of docs/messages.md for franz-go.
package franz
