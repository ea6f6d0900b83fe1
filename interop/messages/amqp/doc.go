// Package amqp has the recipe for AMQP 0-9-1 (RabbitMQ), and its tests against a RabbitMQ server.
package amqp
