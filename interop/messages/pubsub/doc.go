// Package pubsub has the recipe for Google Pub/Sub, and its tests with Google's client against its test server.
package pubsub
