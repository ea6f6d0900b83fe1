// Package sarama has tests only. They run the recipes of docs/messages.md for sarama, and of CloudEvents over Kafka and HTTP.
package sarama
