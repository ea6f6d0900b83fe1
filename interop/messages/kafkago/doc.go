// Package kafkago has tests only. They run the recipes of docs/messages.md for kafka-go.
package kafkago
