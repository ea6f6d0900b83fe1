// Package asynq has the recipe for asynq, and its tests against a Redis server.
package asynq
