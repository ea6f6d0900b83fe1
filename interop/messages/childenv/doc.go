// Package childenv has the recipe for the environment variables of a child process, and its tests with real processes.
package childenv
